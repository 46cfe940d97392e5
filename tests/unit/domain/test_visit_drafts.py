"""Texts of a visit: what can be kept is kept, what cannot has a sentence and loses nothing."""

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    Tonometry,
    VisualAcuity,
)
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.visit_drafts import EyeEntry, entry_of, read_entry

TODAY = date(2026, 3, 2)
STORED = ExaminationDetails(
    TODAY,
    "K. Iyer",
    "yearly check",
    EyeMeasurements(
        VisualAcuity("6/12", Correction.PINHOLE), IntraocularPressure(15.5, Tonometry.GOLDMANN)
    ),
    EyeMeasurements(),
)


def test_stored_details_come_back_unchanged():
    assert read_entry(entry_of(STORED), STORED, today=TODAY) == (STORED, {})


def test_a_half_typed_acuity_keeps_the_stored_one_and_holds_up_nothing_else():
    entry = replace(entry_of(STORED), operator="M. Devi")
    entry = entry.with_eye(Laterality.RIGHT, replace(entry.right, acuity="6/", pressure="18"))

    kept, problems = read_entry(entry, STORED, today=TODAY)

    assert list(problems) == ["right.acuity"]
    assert "6/12" in problems["right.acuity"]
    assert kept.right.acuity == STORED.right.acuity
    assert kept.right.pressure.mmhg == 18
    assert kept.operator == "M. Devi"


def test_an_emptied_field_is_nothing_measured():
    entry = entry_of(STORED).with_eye(Laterality.RIGHT, EyeEntry())

    kept, problems = read_entry(entry, STORED, today=TODAY)

    assert (kept.right, problems) == (EyeMeasurements(), {})


def test_a_pressure_is_a_number_within_what_can_be_measured():
    for text in ("high", "0", "120", "nan", "inf"):
        entry = entry_of(STORED).with_eye(Laterality.LEFT, EyeEntry(pressure=text))
        kept, problems = read_entry(entry, STORED, today=TODAY)
        assert list(problems) == ["left.pressure"], text
        assert kept.left.pressure is None
    entry = entry_of(STORED).with_eye(Laterality.LEFT, EyeEntry(pressure="15,5 mmHg"))
    assert read_entry(entry, STORED, today=TODAY)[0].left.pressure.mmhg == 15.5


def test_a_visit_in_the_future_is_refused():
    entry = replace(entry_of(STORED), visit_date=date(2026, 3, 3))

    kept, problems = read_entry(entry, STORED, today=TODAY)

    assert kept.visit_date == TODAY
    assert "future" in problems["visit_date"]


@given(*[st.text(max_size=12)] * 4)
def test_no_text_is_a_crash(acuity, pressure, operator, reason):
    entry = replace(entry_of(STORED), operator=operator, reason=reason)
    entry = entry.with_eye(Laterality.RIGHT, EyeEntry(acuity, pressure=pressure))

    kept, problems = read_entry(entry, STORED, today=TODAY)

    assert isinstance(kept, ExaminationDetails)
    assert all(problems.values())
