"""Merged patients: one record shows all, nothing is moved, everything can be undone."""

import pytest

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.record_errors import (
    ConflictError,
    MergeRefusedError,
    PatientMergedError,
    RecordNotFoundError,
    RecordNumberTakenError,
)
from retina_desktop.persistence.patient_merging import SqlPatientMerging
from retina_desktop.persistence.patient_search_store import SqlPatientSearchStore
from tests.helpers.records import make_details, make_visit, stamp


@pytest.fixture
def merging(records):
    return SqlPatientMerging(records.audited)


@pytest.fixture
def three(records):
    """Give three patients with a visit each."""
    found = []
    for number, name in (("P-1", "Asha Rao"), ("P-01", "Rao Asha"), ("P-2", "Aasha Rao")):
        patient = records.patients.add(make_details(number, name=name), by=stamp(1))
        records.examinations.add(patient.id, make_visit(), by=stamp(2))
        found.append(patient)
    return found


def test_the_kept_record_shows_everything_also_of_chains(records, merging, three):
    one, two, three_ = three
    merging.merge(two.id, three_.id, expected_versions=(1, 1), by=stamp(3))
    merged = merging.merge(one.id, two.id, expected_versions=(1, 1), by=stamp(4))

    assert (merged.merged_into, merged.version) == (one.id, 2)
    for patient in three:
        assert records.patients.get(patient.id) == one
        number = patient.details.record_number
        assert records.patients.find_by_record_number(number) == one
        assert len(records.examinations.of_patient(patient.id)) == 3
    assert [patient.id for patient in merging.merged_into(one.id)] == [two.id, three_.id]
    assert merging.own(two.id) == merging.own_by_number("P-01") == merged
    assert records.audit.verify().intact


def test_a_search_finds_the_kept_patient_by_the_doubles_name(records, merging, three):
    one, two, _ = three
    merging.merge(one.id, two.id, expected_versions=(1, 1), by=stamp(3))
    store = SqlPatientSearchStore(records.audited)

    (hit,) = store.find(PatientQuery("P-01")).hits
    assert hit.patient == one
    assert hit.also_known_as == ("P-01  Rao Asha",)
    assert (hit.visits, hit.unsigned_visits) == (2, 2)
    hits = store.find(PatientQuery(unsigned=True)).hits
    assert sorted(hit.patient.id for hit in hits) == [one.id, three[2].id]


def test_a_merged_patient_takes_no_changes_and_no_visits(records, merging, three):
    one, two, _ = three
    merging.merge(one.id, two.id, expected_versions=(1, 1), by=stamp(3))

    with pytest.raises(PatientMergedError) as caught:
        records.patients.update(two.id, make_details("P-9"), expected_version=2, by=stamp(4))
    assert caught.value.kept_id == one.id
    with pytest.raises(PatientMergedError):
        records.examinations.add(two.id, make_visit(), by=stamp(4))
    with pytest.raises(RecordNumberTakenError):
        records.patients.add(make_details("P-01"), by=stamp(4))


def test_undone_everybody_has_their_own_visits_again(records, merging, three):
    one, two, _ = three
    merging.merge(one.id, two.id, expected_versions=(1, 1), by=stamp(3))
    again = merging.undo(two.id, by=stamp(5))

    assert (again.merged_into, again.version, again.details) == (None, 3, two.details)
    assert records.patients.get(two.id) == again
    assert len(records.examinations.of_patient(one.id)) == 1
    actions = [entry.event.action for entry in records.audit.entries()]
    assert actions.count(AuditAction.PATIENT_MERGED) == 2  # of the one, and of the other
    assert actions.count(AuditAction.PATIENT_UNMERGED) == 1
    assert records.audit.verify().intact
    with pytest.raises(MergeRefusedError, match="not merged"):
        merging.undo(two.id, by=stamp(6))


def test_what_cannot_be_merged_is_refused_and_nothing_written(records, merging, three):
    one, two, three_ = three
    head = records.audit.head()
    with pytest.raises(MergeRefusedError, match="same record"):
        merging.merge(one.id, one.id, expected_versions=(1, 1), by=stamp(3))
    with pytest.raises(ConflictError):
        merging.merge(one.id, two.id, expected_versions=(1, 2), by=stamp(3))
    with pytest.raises(ConflictError):
        merging.merge(one.id, two.id, expected_versions=(7, 1), by=stamp(3))
    with pytest.raises(RecordNotFoundError):
        merging.merge(one.id, 99, expected_versions=(1, 1), by=stamp(3))
    assert records.audit.head() == head
    merging.merge(one.id, two.id, expected_versions=(1, 1), by=stamp(3))
    with pytest.raises(MergeRefusedError, match="already"):
        merging.merge(two.id, three_.id, expected_versions=(2, 1), by=stamp(4))
    with pytest.raises(MergeRefusedError, match="already"):
        merging.merge(three_.id, two.id, expected_versions=(1, 2), by=stamp(4))
