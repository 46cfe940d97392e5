"""The records' campaigns in short: they run, on sound databases, and no time is judged."""

import pytest

from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.persistence.patient_search_store import SqlPatientSearchStore
from retina_desktop.persistence.search_index import index_is_in_step
from tests.benchmarks import records_search, records_visit


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clinics")
    small = records_search.open_filled(folder / "small", patients=10, encrypted=False)
    full = records_search.open_filled(folder / "full", patients=60, encrypted=True)
    yield small, full
    small.close()
    full.close()


def test_what_is_generated_is_verified(generated):
    _, full = generated
    report = full.audit.verify()
    assert report.intact
    assert report.entries > 60 * (1 + 5 * 5)
    with full.database.read() as session:
        assert index_is_in_step(session)
    page = SqlPatientSearchStore(full.audited).find(PatientQuery(unsigned=True, limit=5))
    assert page.more
    assert all(hit.unsigned_visits for hit in page.hits)


def test_the_search_campaign_runs(generated):
    rows = records_search.rows(*generated, repeat=2)
    assert len(rows) == len(records_search.KINDS) + 2
    assert all("ms" in row.measured for row in rows[:-1])


def test_the_visit_campaign_runs(tmp_path):
    speed, encrypted, cost = records_visit.rows(tmp_path, repeat=1)
    assert "beside" in speed.measured
    assert "SQLCipher" in encrypted.what
    assert "%" in cost.measured
