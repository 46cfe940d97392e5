"""Two changes of one patient put together field by field."""

from dataclasses import replace
from datetime import UTC, date, datetime

from retina_desktop.domain.patients import Patient, PatientDetails, Sex
from retina_desktop.gui.patients.conflict import Keep, conflict_between

BASE = PatientDetails("P-1", "Asha Rao", contact="Lane 3", notes="old")
MOMENT = datetime(2026, 3, 2, 9, tzinfo=UTC)


def stored(**changes):
    return Patient(1, 2, replace(BASE, **changes), MOMENT, "anna", MOMENT, "ben")


def test_what_only_one_changed_is_decided_and_what_both_changed_is_asked():
    theirs = stored(contact="Lane 9", notes="theirs")
    mine = replace(BASE, notes="mine", sex=Sex.FEMALE)

    conflict = conflict_between(BASE, theirs, mine)

    assert [f.field for f in conflict.fields] == ["sex", "contact", "notes"]
    assert conflict.undecided == ("notes",)
    merged = conflict.choose("notes", Keep.MINE).merged()
    assert merged == replace(BASE, contact="Lane 9", notes="mine", sex=Sex.FEMALE)


def test_a_decision_can_be_taken_back():
    conflict = conflict_between(BASE, stored(notes="theirs"), replace(BASE, notes="mine"))
    conflict = conflict.choose("notes", Keep.MINE).choose("notes", Keep.THEIRS)
    assert conflict.merged().notes == "theirs"
    assert conflict.undecided == ()


def test_equal_changes_are_no_conflict():
    born = {"birth_date": date(1961, 3, 4)}
    assert conflict_between(BASE, stored(**born), replace(BASE, **born)).fields == ()
