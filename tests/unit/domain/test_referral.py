"""The referral rule: never reassuring without grounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import LABELS, RFMID_CODES
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.domain.referral import Referral, refer_eye, refer_patient, refer_photograph
from retina_desktop.domain.referral_tiers import ReferralTier

GOOD = ImageQuality(is_fundus=True, gradable=True, score=0.9)
BLURRED = ImageQuality(
    is_fundus=True, gradable=False, score=0.2, reasons=(QualityReason.OUT_OF_FOCUS,)
)
CAT = ImageQuality(
    is_fundus=False, gradable=False, score=0.0, reasons=(QualityReason.NOT_FUNDUS,)
)


def findings(*present, not_assessed=()):
    return [
        Finding(code, None, None, LabelStatus.NOT_ASSESSED)
        if code in not_assessed
        else Finding(code, 0.9 if code in present else 0.1, 0.5, LabelStatus.EVALUATED)
        for code in RFMID_CODES
    ]


def test_nothing_found_says_how_much_was_looked_for():
    referral = refer_photograph(findings(not_assessed=("TV", "RP")), GOOD)
    assert referral.tier is ReferralTier.NONE
    assert "27 labels assessed" in referral.reason
    assert "2 labels are not assessed" in referral.reason


def test_the_most_urgent_finding_decides_and_is_named():
    referral = refer_photograph(findings("DN", "ODE"), GOOD)
    assert referral.tier is ReferralTier.URGENT
    assert "optic disc oedema" in referral.reason
    assert "drusen" not in referral.reason


def test_a_finding_of_a_demonstration_label_counts_and_says_so():
    brvo = Finding("BRVO", 0.95, 0.5, LabelStatus.DEMONSTRATION)
    referral = refer_photograph([brvo], GOOD)
    assert referral.tier is ReferralTier.URGENT
    assert "demonstration: the model saw few patients" in referral.reason


def test_a_demonstration_just_over_its_threshold_does_not_turn_the_light_red():
    brvo = Finding("BRVO", 0.03, 0.024, LabelStatus.DEMONSTRATION)
    dr = Finding("DR", 0.93, 0.36, LabelStatus.EVALUATED)
    both = refer_photograph([brvo, dr], GOOD)
    assert both.tier is ReferralTier.SOON
    assert both.reason.startswith("Found: diabetic retinopathy and branch retinal vein")
    assert "just above its threshold, and the model saw few patients" in both.reason
    assert refer_photograph([brvo], GOOD).tier is ReferralTier.SOON


def test_disease_risk_counts_only_when_nothing_explains_it():
    assert refer_photograph(findings("Disease_Risk", "DN"), GOOD).tier is ReferralTier.ROUTINE
    alone = refer_photograph(findings("Disease_Risk"), GOOD)
    assert alone.tier is ReferralTier.SOON
    assert "reader" in alone.reason


@pytest.mark.parametrize("present", [(), ("DN",), ("TSLN",), ("ERM", "MH")])
def test_an_ungradable_photograph_is_repeated(present):
    referral = refer_photograph(findings(*present), BLURRED)
    assert referral.tier is ReferralTier.REIMAGE
    assert "out of focus" in referral.reason


def test_an_urgent_finding_counts_on_an_ungradable_photograph_too():
    referral = refer_photograph(findings("CRVO"), BLURRED)
    assert referral.tier is ReferralTier.URGENT
    assert "not gradable" in referral.reason


def test_what_is_no_fundus_photograph_is_never_normal():
    assert refer_photograph([], CAT).tier is ReferralTier.REIMAGE


def test_a_demonstration_that_finds_nothing_reassures_nobody():
    absent = Finding("RB", 0.01, 0.5, LabelStatus.DEMONSTRATION)
    advice = refer_photograph([absent], GOOD)
    assert advice.tier is ReferralTier.SOON
    assert "excludes nothing" in advice.reason
    beside = refer_photograph([absent, Finding("DR", 0.01, 0.5, LabelStatus.EVALUATED)], GOOD)
    assert beside.tier is ReferralTier.NONE


def test_a_model_that_assesses_nothing_reassures_nobody():
    referral = refer_photograph(findings(not_assessed=RFMID_CODES), GOOD)
    assert referral.tier is ReferralTier.SOON


@given(
    present=st.sets(st.sampled_from(RFMID_CODES)),
    gradable=st.booleans(),
    missing=st.sets(st.sampled_from(RFMID_CODES), max_size=28),
)
def test_no_photograph_with_a_referable_finding_or_ungradable_is_green(
    present, gradable, missing
):
    quality = GOOD if gradable else BLURRED
    listed = findings(*(present - missing), not_assessed=missing)
    referral = refer_photograph(listed, quality)
    named = {code for code in present - missing if code != "Disease_Risk"} or present - missing
    referable = any(LABELS[code].tier is not ReferralTier.NONE for code in named)
    if referable or not gradable:
        assert referral.tier is not ReferralTier.NONE
    assert referral.reason


ROUTINE = Referral(ReferralTier.ROUTINE, "Found: drusen.")
REIMAGE = Referral(ReferralTier.REIMAGE, "The photograph is not gradable.")
GREEN = Referral(ReferralTier.NONE, "Nothing.")


def test_an_ungradable_photograph_is_forgiven_when_the_same_eye_has_a_gradable_one():
    referral = refer_eye([REIMAGE, GREEN])
    assert referral.tier is ReferralTier.NONE
    assert "1 other photograph was not gradable" in referral.reason


def test_an_eye_with_only_ungradable_photographs_is_repeated():
    assert refer_eye([REIMAGE, REIMAGE]).tier is ReferralTier.REIMAGE


def test_one_ungradable_eye_makes_the_patient_not_normal():
    patient = refer_patient({Laterality.RIGHT: [GREEN], Laterality.LEFT: [REIMAGE]})
    assert patient.tier is ReferralTier.REIMAGE
    assert "OD: Nothing." in patient.reason
    assert "OS: The photograph" in patient.reason


def test_the_eye_nobody_photographed_is_named():
    assert "OS: not examined." in refer_patient({Laterality.RIGHT: [ROUTINE]}).reason


def test_photographs_of_an_unknown_eye_count():
    patient = refer_patient({None: [ROUTINE], Laterality.LEFT: [GREEN]})
    assert patient.tier is ReferralTier.ROUTINE
    assert "Eye not stated" in patient.reason


def test_a_patient_without_photographs_is_not_normal():
    assert refer_patient({}).tier is ReferralTier.REIMAGE
