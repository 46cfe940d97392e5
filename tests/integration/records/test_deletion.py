"""A record that may go, goes whole: rows, files, and nothing of anybody else's."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.record_errors import (
    ConflictError,
    PatientMergedError,
    PermissionDeniedError,
    RecordNotFoundError,
    RecordsDamagedError,
)
from retina_desktop.domain.retention import DeletionReason, RetentionRule
from retina_desktop.domain.transfer_errors import KeptByRetentionError, NotConfirmedError
from retina_desktop.domain.users import Role
from retina_desktop.persistence import file_removals
from retina_desktop.persistence.columns import Base
from retina_desktop.persistence.deletion_store import SqlDeletionStore
from retina_desktop.persistence.guards import missing_guards
from retina_desktop.persistence.patient_merging import SqlPatientMerging
from retina_desktop.persistence.patient_tables import INDEX_TABLES, tables_of_a_patient
from retina_desktop.persistence.tables import FormDraftRow
from retina_desktop.services.deletion import (
    RETENTION,
    DeletePatient,
    DueForDeletion,
    PlanDeletion,
    RetentionSetting,
)
from tests.helpers.clinics import CONTACT, NAME, NOTES, NUMBER, acting, files_of, fill_clinic
from tests.helpers.records import keep_photograph, make_details, make_visit, stamp

LATER = datetime(2040, 1, 1, tzinfo=UTC)
ASKED = DeletionReason.PATIENT_ASKED


def store_of(records):
    return SqlDeletionStore(records.audited, records.images)


def setting_of(records):
    return RetentionSetting(records.settings)


def delete(records, patient_id, *, typed=NUMBER, now=LATER, who=None):
    act = DeletePatient(store_of(records), setting_of(records))
    return act(who or acting(now=now), patient_id, typed=typed, reason=ASKED)


def counts(records):
    with records.audited.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table))
            for table in tables_of_a_patient()
        }


def test_the_whole_record_goes_and_nobody_elses(records):
    first, second = fill_clinic(records)
    for form in (f"patient.{first}", "examination.1", "examination.1.note", "examination.11"):
        records.form_drafts.save("anna", form, {"text": NAME}, at=LATER)
    plan = PlanDeletion(store_of(records), setting_of(records))(acting(now=LATER), first)
    assert plan.may_delete
    assert plan.contents["image"] == 2
    before, files = counts(records), files_of(records)
    deleted = delete(records, first)
    after = counts(records)
    assert {name: before[name] - after[name] for name in after if before[name]} == {
        name: count for name, count in deleted.rows.items() if name != "form_draft"
    }
    assert dict(plan.contents) | {"form_draft": 3} == dict(deleted.rows)
    assert all(after[name] * 2 == before[name] for name in after)
    # Of the deleted patient's two photographs the other record names one as well.
    assert (deleted.files, len(files - files_of(records))) == (1, 1)
    assert [draft.form for draft in records.form_drafts.all("anna")] == ["examination.11"]
    with pytest.raises(RecordNotFoundError):
        records.patients.get(first)
    assert records.patients.find_by_record_number(NUMBER) is None
    other = records.examinations.of_patient(second)[0]
    for image in records.examinations.images(other.id):
        assert records.images.read(image.sha256)
    with records.audited.read() as session:
        assert missing_guards(session.connection()) == ()
    assert records.audit.verify().problems == ()


def test_verify_and_start_up_find_nothing_afterwards(sqlite_backend):
    records = sqlite_backend.open()
    first, _ = fill_clinic(records)
    delete(records, first)
    records.close()
    again = sqlite_backend.open(9)
    assert again.reconciliation.clean
    assert again.audit.verify().intact
    again.close()


def test_the_trail_keeps_ids_and_counts_and_nothing_else(sqlite_records):
    first, _ = fill_clinic(sqlite_records)
    delete(sqlite_records, first)
    entries = [entry.event for entry in sqlite_records.audit.entries()]
    (gone,) = [event for event in entries if event.action == AuditAction.PATIENT_DELETED]
    assert str(gone.record) == f"patient:{first}"
    assert gone.details["reason"] == "patient asked"
    assert gone.details["image"] == "2"
    told = json.dumps([[event.action, dict(event.details)] for event in entries])
    for word in (NAME, NUMBER, NOTES, CONTACT, "1931"):
        assert word not in told


def test_nothing_of_the_record_is_left_in_an_unencrypted_file(sqlite_backend):
    records = sqlite_backend.open()
    first, _ = fill_clinic(records)
    delete(records, first)
    with records.database.engine.connect() as connection:
        connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))
    records.close()
    content = sqlite_backend.place.database_file.read_bytes()
    for word in (NAME, NUMBER, NOTES, CONTACT):
        assert word.encode() not in content


def test_the_rule_is_the_clinics(sqlite_records):
    first, second = fill_clinic(sqlite_records)
    with pytest.raises(
        KeptByRetentionError, match=r"10 years after the last visit.*2036-03-02"
    ):
        delete(sqlite_records, first, now=datetime(2036, 3, 1, 12, tzinfo=UTC))
    with pytest.raises(KeptByRetentionError, match=r"birth date is not known.*2051-03-02"):
        delete(sqlite_records, second, typed="OTHER-2")
    setting = setting_of(sqlite_records)
    with pytest.raises(PermissionDeniedError):
        setting.change(acting(Role.READER), RetentionRule(1, 1))
    setting.change(acting(), RetentionRule(1, 1))
    assert setting.rule() == RetentionRule(1, 1)
    due = DueForDeletion(store_of(sqlite_records), setting)
    assert due(acting(now=datetime(2027, 3, 1, tzinfo=UTC))) == ()
    plans = due(acting(now=datetime(2027, 3, 3, tzinfo=UTC)))
    assert [plan.span.record_number for plan in plans] == [NUMBER, "OTHER-2"]
    with pytest.raises(NotConfirmedError):
        delete(sqlite_records, first, typed="OTHER-2")
    assert sqlite_records.patients.get(first).details.name == NAME


def test_a_rule_nobody_can_read_lets_nothing_go(sqlite_records):
    first, _ = fill_clinic(sqlite_records)
    sqlite_records.settings.put(RETENTION, "soon", expected_version=0, by=stamp(9))
    with pytest.raises(RecordsDamagedError):
        delete(sqlite_records, first)


def test_only_who_may_delete_may(sqlite_records):
    first, _ = fill_clinic(sqlite_records)
    for role in (Role.READER, Role.TECHNICIAN):
        with pytest.raises(PermissionDeniedError):
            delete(sqlite_records, first, who=acting(role, now=LATER))


def test_doubles_go_with_the_record_they_show_in(records):
    first, second = fill_clinic(records)
    SqlPatientMerging(records.audited).merge(
        first, second, expected_versions=(1, 1), by=stamp(8)
    )
    with pytest.raises(PatientMergedError):
        store_of(records).contents(second)
    deleted = delete(records, first)
    assert (deleted.rows["patient"], deleted.rows["examination"]) == (2, 2)
    assert files_of(records) == set()
    assert all(count == 0 for count in counts(records).values())
    assert records.audit.verify().intact


def test_a_record_that_grew_meanwhile_stays(sqlite_records):
    first, _ = fill_clinic(sqlite_records)
    visit = make_visit(visit_date=date(2039, 1, 1))
    sqlite_records.examinations.add(first, visit, by=stamp(7))
    with pytest.raises(ConflictError):
        store_of(sqlite_records).delete(
            first, last_day=date(2026, 3, 2), reason=ASKED, by=stamp(8)
        )
    assert not list((sqlite_records.images.folder / "removals").glob("*"))
    assert sqlite_records.audit.verify().intact


def test_a_removal_of_files_that_was_cut_off_is_finished_at_the_next_start(sqlite_backend):
    records = sqlite_backend.open()
    first, _ = fill_clinic(records)
    files, store = files_of(records), store_of(records)
    names = [image.sha256 for image in records.examinations.images(1)]
    file_removals.order_removal(records.images, names, at=stamp(9).at)
    last_day = store.span(first).last_day
    store.delete_rows(first, last_day=last_day, reason=ASKED, by=stamp(9))
    records.close()  # as by a power cut: the rows are gone, the files are not
    again = sqlite_backend.open(10)
    assert len(files - files_of(again)) == 1
    assert again.reconciliation.set_aside == ()
    again.close()


def test_files_set_aside_go_as_well(sqlite_backend):
    records = sqlite_backend.open()
    first, _ = fill_clinic(records)
    (mine,) = [
        image.sha256 for image in records.examinations.images(1) if image.laterality == "L"
    ]
    records.images.set_aside(mine)
    assert delete(records, first).files == 1
    assert not [path for path in files_of(records) if path.name == mine]
    records.close()


def test_an_order_whose_deletion_never_happened_runs_out(sqlite_records):
    first, _ = fill_clinic(sqlite_records)
    images = sqlite_records.images
    names = [image.sha256 for image in sqlite_records.examinations.images(1)]
    order = file_removals.order_removal(images, names, at=stamp(0).at)
    carry = file_removals.carry_out_removals
    assert carry(sqlite_records.audited, images, by=stamp(5)) == 0
    assert order.exists()
    assert carry(sqlite_records.audited, images, by=stamp(60 * 25)) == 0
    assert not order.exists()
    assert all(images.has(name) for name in names)
    (order.parent / "odd.json").write_text("{")
    assert carry(sqlite_records.audited, images, by=stamp(60 * 26)) == 0
    assert sqlite_records.patients.get(first)


def test_a_photograph_that_comes_in_again_is_not_removed(sqlite_records):
    first, second = fill_clinic(sqlite_records)
    images = sqlite_records.images
    names = [image.sha256 for image in sqlite_records.examinations.images(1)]
    file_removals.order_removal(images, names, at=stamp(0).at)
    delete(sqlite_records, first, now=LATER + timedelta(days=1))
    assert images.has(names[0])  # the other record's
    visit = make_visit(visit_date=date(2026, 4, 1))
    kept = keep_photograph(sqlite_records)
    sqlite_records.examinations.add(second, visit, photographs=[kept], by=stamp(9))
    assert sqlite_records.audit.verify().intact


def test_patients_without_a_visit_are_kept_from_the_day_they_were_entered(sqlite_records):
    patient = sqlite_records.patients.add(make_details("P-9"), by=stamp(1))
    span = store_of(sqlite_records).span(patient.id)
    assert (span.first_day, span.last_day) == (date(2026, 3, 2), date(2026, 3, 2))


def test_every_table_is_either_a_patients_or_known_not_to_be():
    """A new table must be thought of here: does a patient's deletion reach it?"""
    others = {
        "app_user",
        "setting",
        FormDraftRow.__tablename__,  # by the form's name
        "audit_entry",
        "audit_head",
        "search_word",  # emptied of unused words with the index
    }
    mine = {table.name for table in tables_of_a_patient()}
    assert mine | others | INDEX_TABLES == set(Base.metadata.tables)
    assert not mine & (others | INDEX_TABLES)
