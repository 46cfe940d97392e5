"""Patients by a part of the name."""

import pytest

from retina_desktop.persistence.name_scan import fold_name, patients_named
from tests.helpers.records import make_details, stamp


@pytest.fixture
def found(sqlite_records):
    names = ("Ásha  Rao", "Jürgen Groß", "आशा राव", "100% O'Brien", "Ashok Rao")
    for place, name in enumerate(names):
        sqlite_records.patients.add(make_details(f"P-{place}", name=name), by=stamp())

    def find(part, limit=10):
        patients = patients_named(sqlite_records.audited, part, limit=limit)
        return [patient.details.record_number for patient in patients]

    return find


@pytest.mark.parametrize(
    ("part", "numbers"),
    [
        ("asha", ["P-0"]),
        ("ASH", ["P-0", "P-4"]),
        ("asha rao", ["P-0"]),
        ("JURGEN GROSS", ["P-1"]),
        ("राव", ["P-2"]),
        ("%", ["P-3"]),
        ("o'b", ["P-3"]),
        ("_", []),
        ("nobody", []),
    ],
)
def test_case_and_accents_do_not_matter(found, part, numbers):
    assert found(part) == numbers


def test_the_first_entered_come_first_up_to_the_limit(found):
    assert found("rao", limit=1) == ["P-0"]


def test_vowel_signs_are_letters():
    assert fold_name("आशा") != fold_name("अश")
