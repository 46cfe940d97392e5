"""The colours of the referral light."""

from enum import StrEnum


class ReferralTier(StrEnum):
    """How urgently to refer, most urgent first."""

    URGENT = "urgent"
    """Red: a human read now; seen the same day to within a week."""

    SOON = "soon"
    """Amber: seen within two weeks."""

    REIMAGE = "reimage"
    """Grey: cannot be judged; repeat the photograph, and refer if it stays so."""

    ROUTINE = "routine"
    """Yellow: the next regular ophthalmic appointment, within about three months."""

    NONE = "none"
    """Green: nothing that needs referral among the labels assessed."""

    @property
    def shown(self) -> str:
        """The words beside the light."""
        return _SHOWN[self]

    @property
    def rank(self) -> int:
        """0 for the most urgent; for sorting."""
        return list(ReferralTier).index(self)


_SHOWN = {
    ReferralTier.URGENT: "Refer urgently (within a week)",
    ReferralTier.SOON: "Refer soon (within two weeks)",
    ReferralTier.REIMAGE: "Repeat the photograph, or refer",
    ReferralTier.ROUTINE: "Routine referral",
    ReferralTier.NONE: "No referral from this photograph",
}
