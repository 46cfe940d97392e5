from datetime import date, datetime, timedelta, timezone

import pytest

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import InvalidEntryError, PermissionDeniedError
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.persistence.examination_lists import SqlExaminationLists
from retina_desktop.services.acting import Acting
from retina_desktop.services.lists import (
    EXAMINATION_COLUMNS,
    PATIENT_COLUMNS,
    ListExaminations,
    ListPatients,
)
from tests.helpers.record_fixtures import new_records, sqlite_backend, sqlite_records
from tests.helpers.records import (
    MORNING,
    VISIT,
    keep_photograph,
    make_details,
    make_visit,
    stamp,
)

__all__ = ["new_records", "sqlite_backend", "sqlite_records"]

READER = Acting(User("anna", "Dr Anna", frozenset({Role.READER})), "desk-1", lambda: MORNING)
TECHNICIAN = Acting(User("tom", "Tom", frozenset({Role.TECHNICIAN})), "desk-1", lambda: MORNING)
INDIA = timezone(timedelta(hours=5, minutes=30))


def in_india(moment: datetime) -> datetime:
    return moment.astimezone(INDIA)


@pytest.fixture
def list_examinations(sqlite_records):
    lists = SqlExaminationLists(sqlite_records.audited)
    return ListExaminations(lists, sqlite_records.audit, in_india)


@pytest.fixture
def visits(sqlite_records):
    """A harmless visit and an urgent one, both of the same day; the second is signed."""
    records = sqlite_records
    patient = records.patients.add(make_details(birth_date=date(1961, 7, 23)), by=stamp())
    made = []
    for content, dr in ((b"calm", 0.01), (b"marked", 0.9)):
        photographs = [keep_photograph(records, content, dr=dr)]
        visit = records.examinations.add(
            patient.id, make_visit(), photographs=photographs, by=stamp()
        )
        made.append(visit.id)
    said = Reading(
        decisions=(Decision(Laterality.RIGHT, "DR", Grade.PRESENT),),
        referral=ReferralTier.URGENT,
    )
    records.readings.save(made[1], said, expected_version=0, by=stamp())
    records.readings.sign(made[1], shown_name="Dr Anna", expected_version=1, by=stamp())
    return made


def named(table) -> list[dict[str, object]]:
    return [dict(zip(table.columns, row, strict=True)) for row in table.rows]


def test_a_days_list_stands_urgent_first(list_examinations, visits):
    table = list_examinations(READER, VISIT, VISIT)
    assert table.columns == EXAMINATION_COLUMNS
    first, second = named(table)
    assert [first["Examination"], second["Examination"]] == [visits[1], visits[0]]
    assert first["Findings OD"] == "Diabetic retinopathy"
    assert first["Referral"] == "Refer urgently (within a week)"
    assert (first["Referral decided by"], second["Referral decided by"]) == (
        "reader",
        "program",
    )
    assert first["Signed at"] == datetime(2026, 3, 2, 14, 30, tzinfo=INDIA)
    assert (first["Birth date"], second["Signed at"]) == (date(1961, 7, 23), None)
    assert first["Read by"] == "Dr Anna"


def test_several_days_stand_in_their_order(list_examinations, visits):
    table = list_examinations(READER, VISIT, VISIT + timedelta(days=1))
    assert [row["Examination"] for row in named(table)] == visits
    assert table.title == "Examinations 2026-03-02 to 2026-03-03"
    later = list_examinations(READER, VISIT + timedelta(days=1), VISIT + timedelta(days=1))
    assert later.rows == ()


def test_a_state_can_be_asked_for(list_examinations, visits):
    signed = list_examinations(READER, VISIT, VISIT, state=ExaminationState.SIGNED)
    assert [row["Examination"] for row in named(signed)] == [visits[1]]


def test_what_leaves_is_written_down_and_needs_permission(
    list_examinations, visits, sqlite_records
):
    with pytest.raises(PermissionDeniedError):
        list_examinations(TECHNICIAN, VISIT, VISIT)
    list_examinations(READER, VISIT, VISIT)
    last = list(sqlite_records.audit.entries())[-1].event
    assert last.action == AuditAction.EXPORTED
    assert last.details == {
        "list": "examinations",
        "from": "2026-03-02",
        "to": "2026-03-02",
        "rows": "2",
    }


def test_days_the_wrong_way_round_are_refused(list_examinations):
    with pytest.raises(InvalidEntryError, match="before the first"):
        list_examinations(READER, VISIT, VISIT - timedelta(days=1))


def test_patients_are_a_list_too(sqlite_records, visits):
    patient = sqlite_records.patients.find_by_record_number("P-1")
    table = ListPatients(sqlite_records.audit)(READER, [patient])
    assert table.columns == PATIENT_COLUMNS
    assert table.rows == (("P-1", "Asha Rao", date(1961, 7, 23), "", "unknown", "unknown"),)
    assert list(sqlite_records.audit.entries())[-1].event.details["list"] == "patients"
    with pytest.raises(PermissionDeniedError):
        ListPatients(sqlite_records.audit)(TECHNICIAN, [patient])
