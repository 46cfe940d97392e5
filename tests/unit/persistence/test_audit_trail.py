"""What somebody does to the database behind the program's back is found."""

import pytest
from sqlalchemy import text

from retina_desktop.domain.audit import (
    AuditAction,
    AuditEvent,
    ChainFault,
    RecordKind,
    RecordReference,
)
from retina_desktop.domain.decisions import Decision, Grade, OwnFinding, Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.record_verification import verify_records
from tests.helpers.records import keep_photograph, make_details, make_visit, stamp

SEEN = AuditEvent(AuditAction.PATIENT_SEEN, RecordReference(RecordKind.PATIENT, 1))
READING = Reading(
    decisions=(
        Decision(Laterality.RIGHT, "DR", Grade.PRESENT),
        Decision(Laterality.RIGHT, "ARMD", Grade.ABSENT),
    ),
    own_findings=(OwnFinding(None, "Nevus"),),
    comment="as expected",
)


@pytest.fixture
def signed(records, examination):
    return make_signed(records, examination)


@pytest.fixture
def signed_in_sqlite(sqlite_records):
    patient = sqlite_records.patients.add(make_details(), by=stamp(1))
    visit = sqlite_records.examinations.add(
        patient.id, make_visit(), photographs=[keep_photograph(sqlite_records)], by=stamp(2)
    )
    return make_signed(sqlite_records, visit)


def make_signed(records, examination):
    records.readings.save(examination.id, READING, expected_version=0, by=stamp(3))
    records.readings.sign(examination.id, shown_name="Dr A", expected_version=1, by=stamp(4))
    records.readings.add_addendum(examination.id, "more", shown_name="Dr A", by=stamp(5))
    records.audit.record(SEEN, by=stamp(6))
    return records


def tamper(records, *statements):
    """Do what an intruder with the key to the file could do, and put the guards back."""
    with records.database.write() as session:
        drop_guards(session.connection())
        for statement in statements:
            session.execute(text(statement))
        install_guards(session.connection())


def faults(records):
    return {problem.fault for problem in records.audit.verify().problems}


def test_an_honest_day_is_intact(signed):
    report = signed.audit.verify()
    assert report.intact
    assert report.entries == report.head.sequence == len(list(signed.audit.entries()))


def test_entries_are_paged(signed):
    everything = list(signed.audit.entries())
    assert list(signed.audit.entries(after=2, limit=3)) == everything[2:5]
    assert list(signed.audit.entries(after=everything[-1].sequence)) == []
    assert everything[-1].event == SEEN
    assert everything[-1].stamp == stamp(6)


ROW_EDITS = (
    "UPDATE patient SET name = 'Somebody Else'",
    "UPDATE patient SET name = name || ' '",
    "UPDATE patient SET contact = 'x'",
    "UPDATE patient SET birth_date = '1990-01-01'",
    "UPDATE patient SET version = 9",
    "UPDATE patient SET changed_by = 'ben'",
    "UPDATE patient SET risk_factors = '[ ]'",
    "UPDATE examination SET visit_date = '2020-01-01'",
    "UPDATE examination SET right_mmhg = 12.5",
    "UPDATE examination SET left_correction = 'pinhole'",
    "UPDATE image SET laterality = 'L'",
    "UPDATE image SET sha256 = '{}'".format("0" * 64),
    "UPDATE thumbnail SET jpeg = (SELECT packed FROM heatmap)",
    "DELETE FROM thumbnail",
    "UPDATE analysis SET tier = 'none'",
    "UPDATE analysis SET content = replace(content, '0.9', '0.1')",
    "UPDATE analysis SET created_by = 'ben'",
    "UPDATE heatmap SET packed = (SELECT jpeg FROM thumbnail)",
    "DELETE FROM heatmap",
    "DELETE FROM present_finding",
    "INSERT INTO present_finding (analysis_id, label) SELECT id, 'RP' FROM analysis",
    "UPDATE reading SET comment = 'changed'",
    "UPDATE reading SET referral = 'urgent'",
    "UPDATE reading SET signed_name = 'Dr B'",
    "UPDATE decision SET grade = 'absent' WHERE label = 'DR'",
    "UPDATE decision SET reason = ' '",
    "DELETE FROM decision WHERE label = 'ARMD'",
    "UPDATE decision SET position = position + 5",
    "UPDATE own_finding SET severity = 'severe'",
    "DELETE FROM own_finding",
    "UPDATE addendum SET content = 'less'",
)


def test_every_edited_row_is_found(signed):
    for number, edit in enumerate(ROW_EDITS):
        with signed.database.write() as session:
            drop_guards(session.connection())
            session.execute(text(edit))
            found = list(verify_records(session))
            session.rollback()
        assert {problem.fault for problem in found} == {ChainFault.RECORD_ALTERED}, (
            number,
            edit,
        )
    assert signed.audit.verify().intact


def test_rows_put_in_or_taken_out_are_found(signed):
    tamper(signed, "DELETE FROM addendum")
    assert faults(signed) == {ChainFault.RECORD_MISSING}
    tamper(
        signed,
        "INSERT INTO addendum (examination_id, content, added_at, added_by, shown_name)"
        " SELECT examination_id, 'x', saved_at, 'ben', 'Dr B' FROM reading",
    )
    assert ChainFault.RECORD_UNKNOWN in faults(signed)


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE audit_entry SET made_by = 'ben' WHERE sequence = 3",
        "UPDATE audit_entry SET details = '{}' WHERE sequence = 1",
        "UPDATE audit_entry SET details = 'no JSON' WHERE sequence = 1",
        "UPDATE audit_entry SET record_kind = 'nonsense' WHERE sequence = 4",
        "UPDATE audit_entry SET made_at = '2020-01-01 00:00:00.000000' WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = 2",
        "DELETE FROM audit_entry WHERE sequence = (SELECT max(sequence) FROM audit_entry)",
        "UPDATE audit_entry SET sequence = -sequence WHERE sequence = 3",
        "DELETE FROM audit_entry",
        "UPDATE audit_head SET sequence = 3",
        "UPDATE audit_head SET hash = '{}'".format("0" * 64),
        "DELETE FROM audit_head",
    ],
)
def test_an_edited_trail_is_found(signed_in_sqlite, edit):
    tamper(signed_in_sqlite, edit)
    assert faults(signed_in_sqlite)


def test_swapped_entries_are_found(signed):
    tamper(
        signed,
        "UPDATE audit_entry SET sequence = -3 WHERE sequence = 3",
        "UPDATE audit_entry SET sequence = 3 WHERE sequence = 4",
        "UPDATE audit_entry SET sequence = 4 WHERE sequence = -3",
    )
    assert ChainFault.OUT_OF_ORDER in faults(signed)


def test_a_missing_guard_is_found(signed):
    with signed.database.write() as session:
        drop_guards(session.connection())
    assert faults(signed) == {ChainFault.GUARD_MISSING}


def test_without_its_head_nothing_is_written(signed_in_sqlite):
    signed = signed_in_sqlite
    tamper(signed, "DELETE FROM audit_head")
    with pytest.raises(RecordsDamagedError):
        signed.audit.record(SEEN, by=stamp(9))
    with pytest.raises(RecordsDamagedError):
        signed.audit.head()


def test_a_pinned_head_is_checked(signed):
    head = signed.audit.head()
    signed.audit.record(SEEN, by=stamp(7))
    assert signed.audit.verify(pinned={head.sequence: head.hash}).intact
    assert not signed.audit.verify(pinned={head.sequence: "0" * 64}).intact


def test_details_that_read_alike_but_were_written_otherwise_are_altered(signed):
    tamper(signed, "UPDATE audit_entry SET details = details || ' ' WHERE sequence = 3")
    report = signed.audit.verify()
    assert (ChainFault.ALTERED, 3) in [(p.fault, p.sequence) for p in report.problems]
