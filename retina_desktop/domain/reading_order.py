"""In which order present findings are read, and how urgent each is taken: the sure ones first.

A label that the model learned from few patients (*demonstration*) and that stands little above
its threshold is *tentative*. It is still shown and named, but it neither stands above a finding
whose figures are known nor turns the light red by itself: most such findings are false alarms,
and an alarm that is mostly false is soon ignored, the true ones with it.
"""

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.strength import heat_strength

SURE_FROM = 0.9  # strength: nine times the odds of the threshold


def strength_of(finding: Finding) -> float:
    """Return how marked a finding is, in [0, 1]: 0.5 at its threshold, 0 when not assessed."""
    if finding.probability is None or finding.threshold is None:
        return 0.0
    return heat_strength(finding.probability, finding.threshold)


def is_tentative(finding: Finding) -> bool:
    """Whether the label was learned from few patients and stands little above its threshold."""
    return finding.status is LabelStatus.DEMONSTRATION and strength_of(finding) < SURE_FROM


def tier_of(finding: Finding) -> ReferralTier:
    """Return a present finding's tier: its label's, but a tentative one's is at most *soon*."""
    tier = label_of(finding.label).tier
    if is_tentative(finding) and tier is ReferralTier.URGENT:
        return ReferralTier.SOON
    return tier


def reading_order(finding: Finding) -> tuple[bool, bool, int, float, str]:
    """Return the key that sorts present findings, the first to be read first.

    ``Disease_Risk``, which names nothing, comes last, and tentative findings after the sure
    ones; among equals the most urgent first, then the most marked.
    """
    return (
        finding.label == DISEASE_RISK,
        is_tentative(finding),
        label_of(finding.label).tier.rank,
        -strength_of(finding),
        finding.label,
    )
