import pytest

from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Reading,
    UngradableReason,
    agreement_with,
    missing_before_signing,
    reading_differences,
)
from retina_desktop.domain.examinations import ExaminationState, derive_state
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier

RIGHT, LEFT = Laterality
PRESENT = Finding("DR", 0.9, 0.5, LabelStatus.EVALUATED)
ABSENT = Finding("DR", 0.1, 0.5, LabelStatus.EVALUATED)
UNASKED = Finding("DR", None, None, LabelStatus.NOT_ASSESSED)


@pytest.mark.parametrize(
    ("finding", "grade", "agreement"),
    [
        (PRESENT, Grade.PRESENT, Agreement.AGREE),
        (PRESENT, Grade.ABSENT, Agreement.DISAGREE),
        (PRESENT, Grade.QUESTIONABLE, Agreement.UNSURE),
        (PRESENT, Grade.CANNOT_GRADE, None),
        (ABSENT, Grade.PRESENT, Agreement.DISAGREE),
        (ABSENT, Grade.ABSENT, Agreement.AGREE),
        (UNASKED, Grade.PRESENT, None),
        (None, Grade.ABSENT, None),
    ],
)
def test_agreement_follows_from_grade_and_finding(finding, grade, agreement):
    assert agreement_with(finding, grade) is agreement


def test_an_eye_that_cannot_be_graded_has_a_reason_and_only_that_one():
    with pytest.raises(InvalidEntryError):
        Decision(RIGHT, "DR", Grade.CANNOT_GRADE)
    with pytest.raises(InvalidEntryError):
        Decision(RIGHT, "DR", Grade.PRESENT, ungradable=UngradableReason.ARTEFACT)
    with pytest.raises(InvalidEntryError):
        OwnFinding(RIGHT, " ")


def test_one_decision_per_eye_and_label():
    right, left = Decision(RIGHT, "DR", Grade.PRESENT), Decision(LEFT, "DR", Grade.ABSENT)
    reading = Reading(decisions=(right, left))
    assert reading.decision(LEFT, "DR") == left
    assert reading.decision(None, "DR") is None
    with pytest.raises(ValueError, match="two decisions"):
        Reading(decisions=(right, Decision(RIGHT, "DR", Grade.ABSENT)))


def test_what_is_missing_before_signing():
    risk = Finding("Disease_Risk", 0.9, 0.5, LabelStatus.EVALUATED)
    positives = [(RIGHT, [risk, PRESENT]), (RIGHT, [PRESENT]), (None, [PRESENT])]
    assert missing_before_signing(Reading(), positives) == (
        "Decide on DR (OD).",
        "Decide on DR (eye not stated).",
        "Choose the referral.",
    )
    decided = Reading(
        decisions=(Decision(RIGHT, "DR", Grade.ABSENT), Decision(None, "DR", Grade.PRESENT)),
        referral=ReferralTier.NONE,
    )
    assert missing_before_signing(decided, positives) == ()


def test_differences_of_readings_are_told_by_decision():
    old = Reading(decisions=(Decision(RIGHT, "DR", Grade.PRESENT),), comment="a")
    new = Reading(
        decisions=(Decision(RIGHT, "DR", Grade.ABSENT, reason="artefact"),),
        own_findings=(OwnFinding(LEFT, "Nevus"),),
        comment="a",
    )
    assert [(c.field, c.stored, c.yours) for c in reading_differences(old, new)] == [
        ("DR OD", "present", "absent artefact"),
        ("own_findings", "", "Nevus"),
    ]


@pytest.mark.parametrize(
    ("images", "analysed", "handed_over", "begun", "signed", "state"),
    [
        (0, 0, False, False, False, ExaminationState.CAPTURED),
        (2, 1, False, False, False, ExaminationState.CAPTURED),
        (2, 2, False, False, False, ExaminationState.ANALYSED),
        (2, 1, True, False, False, ExaminationState.TO_BE_READ),
        (0, 0, False, True, False, ExaminationState.TO_BE_READ),
        (2, 2, True, True, True, ExaminationState.SIGNED),
    ],
)
def test_the_state_of_an_examination(images, analysed, handed_over, begun, signed, state):
    found = derive_state(
        images=images,
        analysed_images=analysed,
        handed_over=handed_over,
        reading_begun=begun,
        signed=signed,
    )
    assert found is state
