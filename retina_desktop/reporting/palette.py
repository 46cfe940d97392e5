"""Colours of the printed page; never the only carrier of a meaning."""

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.reporting.typesetting.type_styles import Colour, colour_of

ACCENT = colour_of("#0B5C73")
HAIRLINE = colour_of("#CBD5DC")
PANEL = colour_of("#F2F6F8")
TRACK = colour_of("#DDE5EA")
POSITIVE = colour_of("#B3421E")
NEGATIVE = colour_of("#6E8796")
WHITE: Colour = (1.0, 1.0, 1.0)

# The paper's versions of the window's light: dark enough for white or grey print.
_TIERS = {
    ReferralTier.URGENT: colour_of("#A8231B"),
    ReferralTier.SOON: colour_of("#A85B00"),
    ReferralTier.REIMAGE: colour_of("#55636F"),
    ReferralTier.ROUTINE: colour_of("#7A6200"),
    ReferralTier.NONE: colour_of("#2A6B45"),
}


def tier_colour(tier: ReferralTier) -> Colour:
    """Return the colour of a referral's bar."""
    return _TIERS[tier]
