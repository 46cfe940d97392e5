"""Likely doubles with their reasons."""

from datetime import date

import pytest

from retina_desktop.domain.patients import Sex
from retina_desktop.persistence.duplicate_store import SqlDuplicateStore
from retina_desktop.persistence.patient_merging import SqlPatientMerging
from tests.helpers.records import make_details, stamp

DAY = date(1960, 2, 3)


@pytest.fixture
def records(sqlite_records):
    """Give one kind of database where the kind does not matter."""
    return sqlite_records


@pytest.fixture
def store(records):
    return SqlDuplicateStore(records.audited)


def add(records, number, name, born=DAY, **more):
    details = make_details(number, name=name, birth_date=born, **more)
    return records.patients.add(details, by=stamp(1))


def numbers(pairs):
    return {
        frozenset({p.first.details.record_number, p.second.details.record_number})
        for p in pairs
    }


def test_doubles_are_found_with_their_reasons_on_every_kind_of_database(backend):
    records = backend.open()
    store = SqlDuplicateStore(records.audited)
    add(records, "A-1", "Asha Rao")
    add(records, "B-7", "Rao, Ásha")
    add(records, "C-1", "Ivan Petrov", contact="Tel. +49 (0)171 555-0199")
    add(records, "D-1", "Иван Петров", None, contact="0171 5550199")
    add(records, "E-1", "Maria Lopez")
    add(records, "F-1", "Maria Lopes", date(1960, 3, 2))
    add(records, "G 0012", "Zebulon Quill", date(1950, 1, 1))
    add(records, "g-12", "Zebulon Quil", date(1950, 1, 1))
    add(records, "H-1", "Somebody Else", date(1950, 1, 1))

    pairs = store.pairs(limit=20)

    assert numbers(pairs) == {
        frozenset({"A-1", "B-7"}),
        frozenset({"C-1", "D-1"}),
        frozenset({"E-1", "F-1"}),
        frozenset({"G 0012", "g-12"}),
    }
    reasons = {pair.first.details.record_number: pair.likeness.reasons for pair in pairs}
    assert reasons["A-1"] == ("the same name", "the same birth date")
    assert "the same telephone or address" in reasons["C-1"]
    assert "birth dates with day and month swapped" in reasons["E-1"]
    assert any("zeros" in reason for reason in reasons["G 0012"])
    assert [pair.likeness.score for pair in pairs] == sorted(
        (pair.likeness.score for pair in pairs), reverse=True
    )
    assert len(store.pairs(limit=1)) == 1
    records.close()


def test_namesakes_twins_and_sexes_are_told_apart(records, store):
    add(records, "A-1", "Asha Rao", date(1960, 2, 3))
    add(records, "A-2", "Asha Rao", date(1985, 7, 9))
    add(records, "B-1", "Anna Berg", date(1990, 5, 5))
    add(records, "B-2", "Viktor Berg", date(1990, 5, 5))
    add(records, "C-1", "Kim Lee", date(1970, 1, 1), sex=Sex.FEMALE)
    add(records, "C-2", "Kim Lee", date(1970, 1, 1), sex=Sex.MALE)

    pairs = store.pairs(limit=20)

    assert numbers(pairs) <= {frozenset({"C-1", "C-2"})}
    for pair in pairs:
        assert "but different sexes" in pair.likeness.reasons


def test_a_placeholder_birth_date_of_many_does_not_compare_all(records, store):
    for place in range(70):
        add(records, f"N-{place}", f"Given{place} Family{place % 35}", date(1900, 1, 1))
    add(records, "T-1", "Tabitha Twice", date(1900, 1, 1))
    add(records, "T-2", "Twice Tabitha", date(1900, 1, 1))

    assert frozenset({"T-1", "T-2"}) in numbers(store.pairs(limit=500))


def test_who_is_entered_again_is_shown_while_typing(records, store):
    asha = add(records, "A-1", "Asha Rao")
    add(records, "B-1", "Somebody Else")

    (found,) = store.similar_to(make_details("A 01", name="Ashā Rao", birth_date=DAY), limit=5)

    assert found.patient == asha
    assert "the same birth date" in found.reason
    assert store.similar_to(make_details("Z-1", name="Nobody Known"), limit=5) == ()


def test_merged_patients_are_no_doubles_any_more(records, store):
    one, two = add(records, "A-1", "Asha Rao"), add(records, "A-01", "Asha Rao")
    SqlPatientMerging(records.audited).merge(
        one.id, two.id, expected_versions=(1, 1), by=stamp(2)
    )
    assert store.pairs(limit=5) == ()
    (found,) = store.similar_to(two.details, limit=5)
    assert found.patient == one
