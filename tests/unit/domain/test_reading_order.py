import pytest

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.reading_order import is_tentative, reading_order, tier_of
from retina_desktop.domain.referral_tiers import ReferralTier

SURE_DR = Finding("DR", 0.93, 0.36, LabelStatus.EVALUATED)


def brvo(probability, threshold=0.024, status=LabelStatus.DEMONSTRATION):
    return Finding("BRVO", probability, threshold, status)


def order(*findings):
    return [finding.label for finding in sorted(findings, key=reading_order)]


def test_a_demonstration_just_over_its_threshold_stands_below_a_sure_finding():
    assert order(brvo(0.03), SURE_DR) == ["DR", "BRVO"]


def test_a_marked_demonstration_and_an_evaluated_label_keep_their_urgency():
    assert order(SURE_DR, brvo(0.9)) == ["BRVO", "DR"]
    assert order(SURE_DR, brvo(0.03, status=LabelStatus.EVALUATED)) == ["BRVO", "DR"]


def test_any_abnormality_comes_last():
    risk = Finding("Disease_Risk", 0.99, 0.5, LabelStatus.EVALUATED)
    assert order(risk, brvo(0.03), SURE_DR) == ["DR", "BRVO", "Disease_Risk"]


def test_the_more_marked_of_two_as_urgent_comes_first():
    crvo = Finding("CRVO", 0.5, 0.4, LabelStatus.EVALUATED)
    armd = Finding("ARMD", 0.3, 0.05, LabelStatus.EVALUATED)
    assert order(crvo, armd) == ["ARMD", "CRVO"]


@pytest.mark.parametrize(
    ("finding", "tentative", "tier"),
    [
        (brvo(0.03), True, ReferralTier.SOON),
        (brvo(0.9), False, ReferralTier.URGENT),
        (brvo(0.03, status=LabelStatus.EVALUATED), False, ReferralTier.URGENT),
        (Finding("LS", 0.03, 0.02, LabelStatus.DEMONSTRATION), True, ReferralTier.NONE),
    ],
)
def test_a_tentative_finding_is_never_urgent_by_itself(finding, tentative, tier):
    assert is_tentative(finding) is tentative
    assert tier_of(finding) is tier
