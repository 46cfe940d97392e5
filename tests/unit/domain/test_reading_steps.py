"""What a reader does, step by step, on plain values."""

from dataclasses import replace

from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Reading,
    UngradableReason,
    missing_before_signing,
)
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.reading_steps import (
    SeenFindings,
    accepted,
    decided,
    eye_gradable,
    eye_ungradable,
    grade_for,
    missing_steps,
    moved_to_eye,
    with_own_finding,
)
from retina_desktop.domain.referral_tiers import ReferralTier

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT
EVALUATED = LabelStatus.EVALUATED
DR = Finding("DR", 0.9, 0.4, EVALUATED)
RISK = Finding("Disease_Risk", 0.95, 0.4, EVALUATED)
NO_MYA = Finding("MYA", 0.1, 0.4, EVALUATED)
OD = SeenFindings(RIGHT, (RISK, DR, NO_MYA), image_id=1, analysis_id=11)
OS = SeenFindings(LEFT, (Finding("Disease_Risk", 0.1, 0.4, EVALUATED), NO_MYA), 2, 12)


def test_accepting_a_normal_visit_leaves_nothing_missing():
    reading = accepted(Reading(), [OS], ReferralTier.NONE)

    assert reading.decisions == ()
    assert missing_steps(reading, [OS]) == ()


def test_accepting_agrees_with_what_is_present_and_keeps_what_was_said():
    said = decided(Reading(), OD, "DR", Grade.ABSENT)
    said = replace(said, referral=ReferralTier.ROUTINE)

    reading = accepted(said, [OD, OS], ReferralTier.URGENT)

    assert reading == said


def test_accepting_decides_on_every_named_finding_with_the_analysis_it_saw():
    reading = accepted(Reading(), [OD], ReferralTier.SOON)

    expected = Decision(RIGHT, "DR", Grade.PRESENT, Agreement.AGREE, analysis_id=11)
    assert reading.decisions == (expected,)
    assert reading.referral is ReferralTier.SOON


def test_disagreeing_with_an_absent_finding_says_that_it_is_present():
    assert grade_for(NO_MYA, Agreement.DISAGREE) is Grade.PRESENT
    assert grade_for(NO_MYA, Agreement.AGREE) is Grade.ABSENT
    assert grade_for(DR, Agreement.DISAGREE) is Grade.ABSENT
    assert grade_for(DR, Agreement.UNSURE) is Grade.QUESTIONABLE


def test_a_changed_grade_keeps_the_words_of_the_decision():
    reading = decided(Reading(), OD, "DR", Grade.PRESENT)
    reading = replace(reading, decisions=(replace(reading.decisions[0], reason="haemorrhage"),))

    reading = decided(reading, OD, "DR", Grade.CANNOT_GRADE)

    decision = reading.decision(RIGHT, "DR")
    assert (decision.reason, decision.ungradable) == ("haemorrhage", UngradableReason.OTHER)
    assert decision.agreement is None


def test_an_eye_that_cannot_be_graded_lacks_no_decision_and_can_be_taken_back():
    reading = eye_ungradable(Reading(), [OD, OS], RIGHT, UngradableReason.SMALL_PUPIL)

    assert reading.decision(RIGHT, "DR").ungradable is UngradableReason.SMALL_PUPIL
    assert reading.decision(RIGHT, "Disease_Risk").grade is Grade.CANNOT_GRADE
    assert [step.sentence for step in missing_steps(reading, [OD, OS])] == [
        "Choose the referral."
    ]
    assert eye_gradable(reading, RIGHT) == Reading()


def test_missing_steps_say_what_signing_says_and_where():
    steps = missing_steps(Reading(), [OD, OS])

    positives = [(seen.eye, seen.positives) for seen in (OD, OS)]
    assert tuple(s.sentence for s in steps) == missing_before_signing(Reading(), positives)
    assert (steps[0].eye, steps[0].label, steps[0].image_id) == (RIGHT, "DR", 1)
    assert steps[1].label is None


def test_without_photographs_one_is_asked_for():
    assert [s.sentence for s in missing_steps(Reading(), [])] == ["Add a photograph."]


def test_decisions_go_with_the_photograph_to_its_eye():
    unknown = replace(OD, eye=None)
    reading = decided(Reading(), unknown, "DR", Grade.PRESENT)
    reading = with_own_finding(reading, OwnFinding(None, "naevus"))

    moved = moved_to_eye(reading, None, LEFT)

    assert moved.decision(LEFT, "DR").grade is Grade.PRESENT
    assert moved.own_findings == (OwnFinding(LEFT, "naevus"),)
    assert moved_to_eye(moved, LEFT, None) == reading


def test_moving_never_makes_two_decisions_on_one_place():
    reading = decided(Reading(), OD, "DR", Grade.PRESENT)
    reading = decided(reading, replace(OD, eye=LEFT), "DR", Grade.ABSENT)

    moved = moved_to_eye(reading, RIGHT, LEFT)

    assert moved == reading


def test_the_same_own_finding_is_added_once():
    reading = with_own_finding(Reading(), OwnFinding(RIGHT, "naevus"))

    assert with_own_finding(reading, OwnFinding(RIGHT, "naevus")) is reading
