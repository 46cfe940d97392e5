from dataclasses import replace

from retina_desktop.domain.decisions import Decision, Grade, OwnFinding, Reading
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.reporting.eye_findings import deciding_labels, eyes_of, findings_of_eye
from tests.unit.reporting.contents import LEFT, NOT_ASSESSED, RIGHT, make_content, make_photo


def right_eye(*photographs, reading=None):
    content = make_content(photographs=photographs, reading=reading or Reading())
    return findings_of_eye(content, RIGHT)


def labels(eye):
    return [item.label for item in eye.listed]


def test_the_most_urgent_finding_stands_first():
    eye = right_eye(make_photo(RIGHT, {"DN": 0.99, "DR": 0.5, "CRVO": 0.45}))
    assert labels(eye) == ["CRVO", "DR", "DN"]


def test_any_abnormality_is_listed_only_when_nothing_explains_it():
    assert labels(right_eye(make_photo(RIGHT, {"Disease_Risk": 0.9}))) == ["Disease_Risk"]
    assert labels(right_eye(make_photo(RIGHT, {"Disease_Risk": 0.9, "DN": 0.5}))) == ["DN"]


def test_of_several_photographs_the_most_marked_finding_counts():
    eye = right_eye(make_photo(RIGHT, {"DR": 0.5}), make_photo(RIGHT, {"DR": 0.8}))
    assert [item.finding.probability for item in eye.listed] == [0.8]


def test_a_reader_may_decide_on_what_the_model_did_not_find_or_know():
    decisions = (Decision(RIGHT, "DN", Grade.PRESENT), Decision(RIGHT, "RP", Grade.PRESENT))
    eye = right_eye(make_photo(RIGHT, {}), reading=Reading(decisions=decisions))
    assert sorted(labels(eye)) == ["DN", "RP"]


def test_what_the_reader_rejects_no_longer_counts():
    decisions = (Decision(RIGHT, "CRVO", Grade.ABSENT),)
    photo = make_photo(RIGHT, {"CRVO": 0.9, "DN": 0.9})
    eye = right_eye(photo, reading=Reading(decisions=decisions))
    assert labels(eye) == ["DN", "CRVO"]
    assert deciding_labels([eye]) == ("DN",)


def test_labels_not_assessed_are_never_listed_as_negative():
    eye = right_eye(make_photo(RIGHT, {}))
    assert set(eye.not_assessed) == NOT_ASSESSED
    assert not {finding.label for finding in eye.below} & NOT_ASSESSED


def test_a_picture_that_is_no_fundus_photograph_says_nothing():
    quality = ImageQuality(is_fundus=False, gradable=False, score=0.0)
    eye = right_eye(make_photo(RIGHT, {"DR": 0.9}, quality=quality))
    assert (eye.listed, eye.below, eye.not_assessed) == ((), (), ())
    assert not eye.is_judged


def test_findings_of_no_stated_eye_get_a_part_of_their_own():
    content = make_content()
    assert [eye.eye for eye in eyes_of(content)] == [RIGHT, LEFT]
    own = Reading(own_findings=(OwnFinding(None, "Naevus"),))
    assert [eye.eye for eye in eyes_of(replace(content, reading=own))] == [RIGHT, LEFT, None]
