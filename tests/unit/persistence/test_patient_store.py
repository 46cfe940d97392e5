from datetime import date

import pytest

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.domain.record_errors import (
    ConflictError,
    RecordNotFoundError,
    RecordNumberTakenError,
)
from tests.helpers.records import make_details, stamp

EVERYTHING = make_details(
    "P-7/å",
    name="अनीता शर्मा",
    birth_date=date(1951, 2, 28),
    sex=Sex.FEMALE,
    contact="+91 1\nsecond line",
    notes="“quoted”; DROP TABLE patient; --",
    diabetes=Condition.YES,
    hypertension=Condition.NO,
    risk_factors=("smoker", "family: glaucoma, father"),
)


def test_a_patient_comes_back_as_entered(backend):
    records = backend.open()
    added = records.patients.add(EVERYTHING, by=stamp(1))
    records.close()

    again = backend.open(5)
    assert again.patients.get(added.id) == added
    assert again.patients.find_by_record_number("P-7/å") == added
    assert added.details == EVERYTHING
    assert (added.version, added.created_by, added.created_at) == (1, "anna", stamp(1).at)
    again.close()


def test_an_update_raises_the_version_and_tells_who(records, patient):
    changed = records.patients.update(
        patient.id, EVERYTHING, expected_version=1, by=stamp(9, user="ben")
    )

    assert changed == records.patients.get(patient.id)
    assert (changed.version, changed.changed_by, changed.created_by) == (2, "ben", "anna")
    last = list(records.audit.entries())[-1]
    assert last.event.action == AuditAction.PATIENT_CHANGED
    assert "birth_date" in last.event.details["fields"]
    assert EVERYTHING.name not in str(last.event.details)


def test_an_equal_update_writes_nothing(records, patient):
    before = records.audit.head()

    again = records.patients.update(
        patient.id, patient.details, expected_version=1, by=stamp(9)
    )

    assert again == patient
    assert records.audit.head() == before


def test_the_second_of_two_writers_is_told_what_changed(backend, records, patient):
    other = backend.open(3)
    theirs = make_details(contact="new telephone", name="Asha R. Rao")
    other.patients.update(patient.id, theirs, expected_version=1, by=stamp(4, user="ben"))
    other.close()

    with pytest.raises(ConflictError) as caught:
        records.patients.update(
            patient.id, make_details(notes="mine"), expected_version=1, by=stamp(5)
        )

    assert caught.value.stored_version == 2
    assert caught.value.changed_by == "ben"
    assert {c.field: (c.stored, c.yours) for c in caught.value.changes} == {
        "name": ("Asha R. Rao", "Asha Rao"),
        "contact": ("new telephone", ""),
        "notes": ("", "mine"),
    }
    assert "telephone" not in str(caught.value)
    assert records.patients.get(patient.id).details == theirs


def test_a_record_number_belongs_to_one_patient(records, patient):
    with pytest.raises(RecordNumberTakenError):
        records.patients.add(make_details(name="Another"), by=stamp(2))
    other = records.patients.add(make_details("P-2"), by=stamp(2))
    with pytest.raises(RecordNumberTakenError):
        records.patients.update(other.id, make_details("P-1"), expected_version=1, by=stamp(3))

    assert records.patients.get(other.id).details.record_number == "P-2"
    assert records.audit.verify().intact


def test_unknown_patients(records):
    assert records.patients.find_by_record_number("nobody") is None
    with pytest.raises(RecordNotFoundError):
        records.patients.get(99)
    with pytest.raises(RecordNotFoundError):
        records.patients.update(99, make_details(), expected_version=1, by=stamp())


def test_numbers_of_rolled_back_or_removed_rows_are_safe_in_the_trail(records, patient):
    ids = [records.patients.add(make_details(f"N-{n}"), by=stamp(2)).id for n in range(3)]

    assert len({patient.id, *ids}) == 4
