"""A visit's details from options: what is given, what stays, what is refused."""

from contextlib import suppress
from datetime import date

import pytest
import typer
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.cli.visit_details import DetailsOptions, MeasuredOptions, told_details
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    Tonometry,
    VisualAcuity,
)
from retina_desktop.domain.record_errors import InvalidEntryError

TODAY = date(2026, 3, 2)
KNOWN = ExaminationDetails(
    TODAY,
    "tom",
    "screening",
    right=EyeMeasurements(
        VisualAcuity("6/9", Correction.CORRECTED), IntraocularPressure(14, Tonometry.GOLDMANN)
    ),
)


def changed(**given):
    return DetailsOptions(**given).applied_to(KNOWN, today=TODAY)


def test_what_is_not_given_stays():
    assert changed() == KNOWN
    assert not DetailsOptions().is_given
    left = changed(left=MeasuredOptions("0,5", Correction.PINHOLE, "15.5"))
    assert (left.right, left.operator) == (KNOWN.right, "tom")
    assert left.left == EyeMeasurements(
        VisualAcuity("0.5", Correction.PINHOLE), IntraocularPressure(15.5)
    )
    assert changed(right=MeasuredOptions(acuity="6/12")).right.acuity == VisualAcuity(
        "6/12", Correction.CORRECTED
    )


def test_an_empty_text_takes_away():
    emptied = changed(reason="", right=MeasuredOptions(acuity="", iop=""))
    assert (emptied.reason, emptied.right) == ("", EyeMeasurements())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"right": MeasuredOptions(acuity="good")}, "OD: A visual acuity"),
        ({"left": MeasuredOptions(iop="high")}, "OS: A pressure is a number"),
        ({"left": MeasuredOptions(iop="nan")}, "OS: An intraocular pressure"),
        ({"visit_date": date(2026, 3, 3)}, "future"),
    ],
)
def test_what_is_no_value_is_one_sentence_with_its_eye(options, words):
    with pytest.raises(InvalidEntryError, match=words):
        changed(**options)


def test_how_something_was_measured_needs_what_was_measured(capsys):
    for options in (
        MeasuredOptions(correction=Correction.PINHOLE),
        MeasuredOptions(tonometry=Tonometry.REBOUND),
    ):
        with pytest.raises(typer.Exit) as ended:
            changed(left=options)
        assert ended.value.exit_code == 2
    assert "--tonometry-left goes with --iop-left" in capsys.readouterr().err


def test_both_eyes_are_told():
    assert told_details(KNOWN) == [
        "  Operator: tom",
        "  Reason: screening",
        "  OD acuity 6/9 (corrected), IOP 14 mmHg (goldmann)",
    ]
    assert told_details(ExaminationDetails(TODAY)) == []


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_text_is_a_value_or_an_invalid_entry(acuity, iop):
    with suppress(InvalidEntryError):
        details = changed(left=MeasuredOptions(acuity=acuity, iop=iop))
        assert details.right == KNOWN.right
