"""How urgently to refer: a table-driven rule from findings and quality to a traffic light.

The rule itself is filled in below; the tiers are the contract.
"""

from dataclasses import dataclass
from enum import StrEnum


class ReferralTier(StrEnum):
    """The traffic light, most urgent first."""

    URGENT = "urgent"  # red: same day to a week, a human read now
    SOON = "soon"  # amber: within weeks
    ROUTINE = "routine"  # yellow-green: the next regular ophthalmic appointment
    REIMAGE = "reimage"  # grey: cannot be judged; repeat the photograph, else refer
    NONE = "none"  # green: nothing found among the labels assessed

    @property
    def shown(self) -> str:
        """The words on the light."""
        return _SHOWN[self]


_SHOWN = {
    ReferralTier.URGENT: "Refer urgently",
    ReferralTier.SOON: "Refer soon",
    ReferralTier.ROUTINE: "Routine referral",
    ReferralTier.REIMAGE: "Repeat photograph or refer",
    ReferralTier.NONE: "No referral from this photograph",
}


@dataclass(frozen=True, slots=True)
class Referral:
    """The advice and, in one or two sentences, why."""

    tier: ReferralTier
    reason: str
