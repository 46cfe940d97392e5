import io
import os

import pytest

from retina_desktop.domain.audit import AuditAction
from retina_desktop.persistence import reconciliation
from tests.helpers.records import keep_photograph, make_visit, stamp


def reopened(backend):
    records = backend.open(30)
    records.close()
    return records


@pytest.fixture
def start_beside(backend, monkeypatch):
    """Let another workstation start completely where one that starts has just compared."""
    compare, others = reconciliation._compare, []

    def compare_and_wait(*arguments):
        found = compare(*arguments)
        monkeypatch.setattr(reconciliation, "_compare", compare)
        others.append(reopened(backend).reconciliation)
        return found

    monkeypatch.setattr(reconciliation, "_compare", compare_and_wait)
    return others


def test_nothing_to_do_leaves_no_trace(backend, records, examination):
    head = records.audit.head()
    again = reopened(backend)
    assert again.reconciliation.clean
    assert (again.reconciliation.records, again.reconciliation.files) == (1, 1)
    assert records.audit.head() == head


def test_a_file_without_a_record_is_set_aside_and_found_again(backend, records, patient):
    orphan = records.images.add(io.BytesIO(b"an import that was cut off"))

    first = reopened(backend).reconciliation

    assert first.set_aside == (orphan.sha256,)
    assert not records.images.has(orphan.sha256)
    assert reopened(backend).reconciliation.clean
    photographs = [keep_photograph(records, b"an import that was cut off")]
    records.examinations.add(patient.id, make_visit(), photographs=photographs, by=stamp(3))
    assert reopened(backend).reconciliation.clean
    last = list(records.audit.entries())
    assert AuditAction.FILES_RECONCILED in [entry.event.action for entry in last]


def test_a_record_whose_file_was_set_aside_gets_it_back(backend, records, examination):
    (image,) = records.examinations.images(examination.id)
    records.images.set_aside(image.sha256)

    found = reopened(backend).reconciliation

    assert found.brought_back == (image.sha256,)
    assert found.missing == ()
    assert records.images.read(image.sha256)


def test_a_record_without_a_file_is_reported_and_the_rest_works(
    backend, records, examination, patient
):
    (file,) = records.images.files()
    file.path.unlink()

    again = backend.open(30)

    assert again.reconciliation.missing == (file.sha256,)
    assert again.examinations.images(examination.id)
    photographs = [keep_photograph(again, b"another")]
    again.examinations.add(patient.id, make_visit(), photographs=photographs, by=stamp(31))
    again.close()


def test_half_written_files_are_removed(backend, records, examination):
    (file,) = records.images.files()
    draft = file.path.parent / ".new-00"
    draft.write_bytes(b"half")
    os.utime(draft, (0, 0))  # Windows knows abandoned ones by their age

    assert reopened(backend).reconciliation.drafts_removed == 1
    assert not draft.exists()
    assert records.images.read(file.sha256)


def test_two_workstations_that_start_at_once_set_an_orphan_aside_once(
    backend, records, start_beside
):
    orphan = records.images.add(io.BytesIO(b"an import that was cut off"))

    mine = reopened(backend).reconciliation

    (other,) = start_beside
    assert other.set_aside == (orphan.sha256,)
    assert mine.clean
    assert records.images.bring_back(orphan.sha256)


def test_two_workstations_that_start_at_once_bring_a_file_back(
    backend, records, examination, start_beside
):
    (image,) = records.examinations.images(examination.id)
    records.images.set_aside(image.sha256)

    mine = reopened(backend).reconciliation

    (other,) = start_beside
    assert other.brought_back == (image.sha256,)
    assert mine.clean
    assert records.images.read(image.sha256)
