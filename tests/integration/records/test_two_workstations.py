"""Two processes on one database: nobody's change is lost, nothing is corrupted."""

import os
import traceback
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import text

from retina_desktop.domain.record_errors import ConflictError
from retina_desktop.persistence import patient_store
from retina_desktop.persistence.imported_visits import SqlImportedVisits
from retina_desktop.persistence.search_index import index_patient
from tests.helpers.records import keep_photograph, make_details, make_visit, stamp

CHANGES = 12


def change_often(backend, patient_id, name):
    """Start, add a risk factor and a visit, end; again, and anew after each conflict."""
    for number in range(CHANGES):
        records = backend.open(5)
        while True:
            seen = records.patients.get(patient_id)
            factors = (*seen.details.risk_factors, f"{name}-{number}")
            try:
                records.patients.update(
                    patient_id,
                    replace(seen.details, risk_factors=factors),
                    expected_version=seen.version,
                    by=stamp(6, user=name),
                )
                break
            except ConflictError:
                continue
        visit = records.examinations.add(
            patient_id,
            make_visit(reason=f"{name}-{number}"),
            photographs=[keep_photograph(records, f"{number}".encode())],
            by=stamp(7, user=name),
        )
        assert visit.id
        records.close()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="starts its second process by fork")
def test_two_processes_lose_nothing(backend):
    records = backend.open()
    patient = records.patients.add(make_details(), by=stamp(1))
    records.close()  # no connection may be shared with a forked process

    children = []
    for name in ("anna", "ben"):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                change_often(backend, patient.id, name)
                status = 0
            except BaseException:
                traceback.print_exc()
                raise
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0, 0]

    records = backend.open(20)
    assert records.reconciliation.clean
    after = records.patients.get(patient.id)
    assert set(after.details.risk_factors) == {
        f"{name}-{number}" for name in ("anna", "ben") for number in range(CHANGES)
    }
    assert after.version == 1 + 2 * CHANGES
    assert len(records.examinations.of_patient(patient.id)) == 2 * CHANGES
    assert len(list(records.images.files())) == CHANGES
    assert records.audit.verify().intact
    records.close()


def test_who_changes_a_patient_and_who_imports_a_visit_never_wait_crosswise(
    backend, monkeypatch
):
    """Each needs the patient's row and the trail's end; one began with the one or the other."""
    records, other = backend.open(), backend.open(2)
    patient = records.patients.add(make_details(), by=stamp(1))
    photograph = keep_photograph(other)
    with ThreadPoolExecutor(1) as pool:
        imports = []

        def index_while_another_imports(session, indexed):
            importing = SqlImportedVisits(other.audited, other.examinations)
            imports.append(
                pool.submit(importing.keep, indexed.id, make_visit(), [photograph], by=stamp(3))
            )
            while not (imports[0].done() or is_waited_for(session)):
                pass
            index_patient(session, indexed)

        monkeypatch.setattr(patient_store, "index_patient", index_while_another_imports)
        new = make_details(notes="a change")
        records.patients.update(patient.id, new, expected_version=1, by=stamp(4))
        kept = imports[0].result()
    assert kept.new
    assert other.patients.get(patient.id).details == new
    assert other.audit.verify().intact
    records.close()
    other.close()


def is_waited_for(session):
    """Whether another connection waits for a lock; in SQLite's files nobody can tell."""
    if session.connection().dialect.name != "postgresql":
        return True
    return session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")) > 0


def test_a_file_set_aside_by_a_start_between_storing_and_naming_comes_back(backend):
    first = backend.open()
    patient = first.patients.add(make_details(), by=stamp(1))
    photograph = keep_photograph(first, b"stored, not named yet")
    second = backend.open(2)
    assert second.reconciliation.set_aside == (photograph.image.sha256,)
    first.examinations.add(patient.id, make_visit(), photographs=[photograph], by=stamp(3))
    assert first.images.has(photograph.image.sha256)
    first.close()
    second.close()
