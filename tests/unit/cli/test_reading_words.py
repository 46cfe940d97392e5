"""A reader's words on the command line, and what becomes of them."""

import json
from datetime import date

import pytest

from retina_desktop.cli.reading_words import ReaderWords, SpokenReading, read_decisions_file
from retina_desktop.domain.decisions import Agreement, Decision, Grade, Reading
from retina_desktop.domain.examinations import Examination, ExaminationDetails, StoredImage
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.services.examination_records import ExaminationRecord
from tests.helpers.records import MORNING, make_new_analysis

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


def make_record(*eyes_and_dr) -> ExaminationRecord:
    """Return a visit with one photograph an entry: its eye and the probability of DR."""
    images, analyses = [], []
    for number, (eye, dr) in enumerate(eyes_and_dr, start=1):
        source = LateralitySource.USER if eye else LateralitySource.NONE
        sha256 = f"{number:064x}"
        images.append(
            StoredImage(
                number,
                1,
                1,
                sha256,
                10,
                64,
                48,
                "JPEG",
                sha256,
                eye,
                source,
                "x.jpg",
                MORNING,
                "anna",
            )
        )
        content = make_new_analysis(sha256, dr=dr).content
        analyses.append(StoredAnalysis(100 + number, number, content, MORNING, "anna"))
    details = ExaminationDetails(date(2026, 3, 2))
    visit = Examination(1, 1, 1, details, MORNING, "anna", MORNING, "anna")
    return ExaminationRecord(visit, tuple(images), tuple(analyses), None, ())


@pytest.fixture
def spoken():
    return SpokenReading(make_record((RIGHT, 0.9), (LEFT, 0.1)))


def say(spoken, reading=None, **words):
    return spoken.with_words(reading or Reading(), ReaderWords(**words))


def test_agreeing_with_a_label_alone_means_the_eyes_where_it_is_reported(spoken):
    (said,) = say(spoken, agree=("DR",)).decisions
    assert said == Decision(RIGHT, "DR", Grade.PRESENT, Agreement.AGREE, analysis_id=101)


def test_agreeing_that_nothing_is_there_means_every_eye(spoken):
    both = say(spoken, agree=("ARMD",)).decisions
    assert [(d.eye, d.grade) for d in both] == [(RIGHT, Grade.ABSENT), (LEFT, Grade.ABSENT)]


def test_one_eye_is_named_before_the_label(spoken):
    (said,) = say(spoken, disagree=("os:DR:seen on an earlier visit: faint",)).decisions
    assert (said.eye, said.grade, said.agreement) == (LEFT, Grade.PRESENT, Agreement.DISAGREE)
    assert said.reason == "seen on an earlier visit: faint"


def test_of_two_photographs_of_an_eye_the_more_marked_counts():
    spoken = SpokenReading(make_record((RIGHT, 0.1), (RIGHT, 0.8), (RIGHT, 0.6)))
    (said,) = say(spoken, agree=("DR",)).decisions
    assert (said.grade, said.analysis_id) == (Grade.PRESENT, 102)


def test_a_label_that_is_added_is_a_decision_and_any_other_word_a_finding(spoken):
    reading = say(spoken, add=("OS:DR", "OD:RP", "OS:macular pucker: faint"))
    assert [(d.eye, d.label, d.agreement) for d in reading.decisions] == [
        (LEFT, "DR", Agreement.DISAGREE),
        (RIGHT, "RP", None),  # the model does not assess it
    ]
    assert [(own.eye, own.name) for own in reading.own_findings] == [
        (LEFT, "macular pucker:faint")
    ]


def test_an_only_eye_need_not_be_named():
    spoken = SpokenReading(make_record((None, 0.9)))
    reading = say(spoken, agree=("DR",), add=("scar",))
    assert reading.decisions[0].eye is reading.own_findings[0].eye is None


@pytest.mark.parametrize(
    "words",
    [
        {"disagree": ("DR",)},
        {"disagree": ("DR: ",)},
        {"agree": ("RP",)},
        {"agree": ("NOSUCH",)},
        {"agree": ("",)},
        {"agree": ("OD:",)},
        {"add": ("scar",)},
        {"agree": ("DR",), "disagree": ("OD:DR:no",)},
    ],
)
def test_what_cannot_be_meant_is_refused(spoken, words):
    with pytest.raises(InvalidEntryError):
        say(spoken, **words)


def test_an_eye_without_photographs_is_refused():
    spoken = SpokenReading(make_record((RIGHT, 0.9)))
    with pytest.raises(InvalidEntryError, match="photographs of: OD"):
        say(spoken, add=("OS:scar",))


def test_later_words_replace_earlier_ones_on_the_same_place_only(spoken):
    first = say(spoken, agree=("DR", "ARMD"), comment="a", referral=ReferralTier.SOON)
    then = say(spoken, first, disagree=("DR:a reflex",), add=("OS:scar",))
    again = say(spoken, then, add=("OS:scar",), comment="")
    assert [(d.eye, d.label, d.grade) for d in then.decisions] == [
        (RIGHT, "ARMD", Grade.ABSENT),
        (LEFT, "ARMD", Grade.ABSENT),
        (RIGHT, "DR", Grade.ABSENT),
    ]
    assert (then.comment, then.referral) == ("a", ReferralTier.SOON)
    assert (again.comment, len(again.own_findings)) == ("", 1)


def test_a_file_says_everything(spoken, tmp_path):
    document = {
        "decisions": [
            {"eye": "OD", "label": "DR", "grade": "present", "severity": "mild"},
            {
                "eye": "OS",
                "label": "DR",
                "grade": "cannot grade",
                "ungradable": "media opacity",
            },
        ],
        "own_findings": [{"eye": "OS", "name": "scar", "note": "old"}],
        "comment": "Come back.",
        "referral": "soon",
    }
    path = tmp_path / "decisions.json"
    path.write_text(json.dumps(document))
    reading = spoken.with_file(Reading(), read_decisions_file(path))
    assert [(d.grade, d.agreement) for d in reading.decisions] == [
        (Grade.PRESENT, Agreement.AGREE),
        (Grade.CANNOT_GRADE, None),
    ]
    assert reading.own_findings[0].note == "old"
    assert (reading.comment, reading.referral) == ("Come back.", ReferralTier.SOON)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"decision": []}',
        '{"decisions": [{"label": "DR"}]}',
        '{"decisions": [{"label": "DR", "grade": "perhaps"}]}',
        '{"referral": "tomorrow"}',
    ],
)
def test_a_wrong_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "decisions.json"
    path.write_text(content)
    with pytest.raises(InvalidEntryError, match="wrong at"):
        read_decisions_file(path)
    with pytest.raises(InvalidEntryError, match="cannot be read"):
        read_decisions_file(tmp_path / "gone.json")
