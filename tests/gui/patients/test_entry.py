"""The form's texts: judged field by field, kept as drafts, undone step by step."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.patients import Condition, PatientDetails, Sex
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.undo import History
from retina_desktop.gui.patients.entry import (
    PatientEntry,
    details_of,
    edited,
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
    history = History(PatientEntry())
    for text in ("A", "As", "Asha"):
        history = edited(history, "name", text)
    history = edited(history, "contact", "Lane 3")
    assert history.undone().present == PatientEntry(name="Asha")
    assert history.undone().undone().present == PatientEntry()


def test_a_pause_makes_a_step_of_its_own():
    history = edited(History(PatientEntry()), "name", "Asha").sealed()
    assert edited(history, "name", "Asha Rao").undone().present.name == "Asha"
