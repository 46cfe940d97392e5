"""The form's texts: judged field by field, kept as drafts, undone step by step."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.patients import Condition, PatientDetails, Sex
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.patients.entry import (
    FIELDS,
    EditHistory,
    PatientEntry,
    details_of,
    entry_from_document,
    entry_of,
    faults_of,
)
from retina_desktop.gui.patients.typed_dates import DateOrder

TODAY = date(2026, 3, 2)
ORDER = DateOrder.DAY_FIRST


def test_a_patient_goes_into_the_form_and_back():
    details = PatientDetails(
        "P-1",
        "आशा राव",
        date(1961, 3, 4),
        Sex.FEMALE,
        "Lane 3\nVillage",
        "notes",
        Condition.YES,
        Condition.NO,
        ("smoking", "family history"),
    )
    assert details_of(entry_of(details, ORDER), ORDER, TODAY) == details


def test_every_field_is_told_its_own_fault():
    entry = PatientEntry(record_number=" ", birth_date="1/1/2030", notes="x" * 20_001)
    faults = faults_of(entry, ORDER, TODAY)
    assert set(faults) == {"record_number", "name", "birth_date", "notes"}
    assert faults["birth_date"] == "The birth date lies in the future."
    with pytest.raises(InvalidEntryError):
        details_of(entry, ORDER, TODAY)


def test_a_sound_form_has_no_fault():
    assert faults_of(PatientEntry("P-1", "Asha Rao"), ORDER, TODAY) == {}


def test_a_draft_of_another_program_loses_only_what_is_strange():
    draft = {"name": "Asha", "sex": "X", "diabetes": "yes", "notes": 3, "shoe_size": "40"}
    assert entry_from_document(draft) == PatientEntry(name="Asha", diabetes=Condition.YES)


TEXTS = st.text(max_size=20)
ENTRIES = st.builds(
    PatientEntry,
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from(Sex),
    TEXTS,
    TEXTS,
    st.sampled_from(Condition),
    st.sampled_from(Condition),
    TEXTS,
)


@given(ENTRIES)
def test_a_draft_comes_back_as_it_was(entry):
    assert entry_from_document(entry.to_document()) == entry


def test_typing_in_one_field_is_one_step_back():
    history = EditHistory(PatientEntry())
    for text in ("A", "As", "Asha"):
        history = history.edited("name", text)
    history = history.edited("contact", "Lane 3")
    assert history.undone().entry == PatientEntry(name="Asha")
    assert history.undone().undone().entry == PatientEntry()
    assert history.undone().undone().undone().entry == PatientEntry()


def test_a_pause_makes_a_step_of_its_own():
    history = EditHistory(PatientEntry()).edited("name", "Asha").settled()
    history = history.edited("name", "Asha Rao")
    assert history.undone().entry.name == "Asha"


def test_a_new_edit_after_an_undo_forgets_what_was_undone():
    history = EditHistory(PatientEntry()).edited("name", "Asha").undone().edited("name", "B")
    assert history.redone() == history
    assert history.undone().entry.name == ""


@given(st.lists(st.tuples(st.sampled_from(("name", "notes", "contact")), TEXTS), max_size=12))
def test_undoing_all_and_redoing_all_ends_where_it_was(edits):
    history = EditHistory(PatientEntry())
    for field, text in edits:
        history = history.edited(field, text)
    end = history.entry
    while history.past:
        history = history.undone()
    assert history.entry == PatientEntry()
    while history.future:
        history = history.redone()
    assert history.entry == end
    assert set(FIELDS) >= {"name"}
