import io
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from retina_desktop.domain.audit import AuditAction, ChainFault
from retina_desktop.domain.record_errors import (
    RecordNotFoundError,
    RecordsDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import NewReport
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.report_store import SqlReportStore, signature_picture
from tests.helpers.records import stamp

PDF = b"%PDF-1.4 not much of one"


@pytest.fixture
def store(records):
    return SqlReportStore(records.audited, records.images)


@pytest.fixture
def new(records, examination):
    kept = records.images.add(io.BytesIO(PDF))
    head = records.audit.head()
    return NewReport(
        number="E1-0A",
        examination_id=examination.id,
        template=Template.LETTER,
        paper=Paper.LETTER,
        language=Language.HINDI,
        draft=True,
        audit_sequence=head.sequence,
        audit_hash=head.hash,
        pdf_sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        shown_name="Dr Anna",
    )


def tamper(records, statement):
    with records.database.write() as session:
        drop_guards(session.connection())
        session.execute(text(statement))
        install_guards(session.connection())


def test_a_report_is_found_by_its_number_and_its_examination(store, new, examination):
    first = store.add(new, by=stamp(5))
    second = store.add(replace(new, number="E1-0B", draft=False), by=stamp(6, user="bela"))
    assert store.find("E1-0A") == first
    assert (first.made_at, first.made_by) == (stamp(5).at, "anna")
    assert (first.template, first.language, first.draft) == (
        Template.LETTER,
        Language.HINDI,
        True,
    )
    assert first.file_name == "report-E1-0A.pdf"
    assert store.of_examination(examination.id) == (second, first)
    assert store.of_examination(examination.id + 1) == ()
    assert store.newest(1) == (second,)
    with pytest.raises(RecordNotFoundError, match="foot of each page"):
        store.find("E1-0C")


def test_the_trail_tells_of_a_report_and_holds_it_fast(store, new, records):
    stored = store.add(new, by=stamp(5))
    last = list(records.audit.entries())[-1].event
    assert (last.action, str(last.record)) == (AuditAction.REPORT_MADE, f"report:{stored.id}")
    assert last.details["sha256"] == new.pdf_sha256
    assert last.details["signed"] == "no"
    assert "Asha" not in repr(last)
    assert records.audit.verify().intact


@pytest.mark.parametrize(
    "statement", ["UPDATE report SET draft = (1 = 0)", "DELETE FROM report"]
)
def test_the_database_refuses_to_change_a_report(store, new, records, statement):
    store.add(new, by=stamp(5))
    with pytest.raises(DBAPIError, match="kept for good"), records.database.write() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE report SET draft = (1 = 0)",
        "UPDATE report SET language = 'xx'",
        "UPDATE report SET shown_name = 'Dr Nobody'",
        f"UPDATE report SET audit_hash = '{'0' * 64}'",
    ],
)
def test_an_edited_report_is_found(store, new, records, statement):
    stored = store.add(new, by=stamp(5))
    tamper(records, statement)
    (problem,) = records.audit.verify().problems
    assert (problem.fault, problem.record) == (
        ChainFault.RECORD_ALTERED,
        f"report:{stored.id}",
    )


def test_a_vanished_report_is_found(store, new, records):
    store.add(new, by=stamp(5))
    tamper(records, "DELETE FROM report")
    assert [p.fault for p in records.audit.verify().problems] == [ChainFault.RECORD_MISSING]


def test_a_damaged_row_is_told_in_one_sentence(store, new, records):
    store.add(new, by=stamp(5))
    tamper(records, "UPDATE report SET paper = 'papyrus'")
    with pytest.raises(RecordsDamagedError):
        store.find("E1-0A")


def test_without_its_file_or_examination_no_report_is_kept(store, new, records):
    head = records.audit.head()
    with pytest.raises(StoredImageMissingError, match="make the report again"):
        store.add(replace(new, pdf_sha256="0" * 64), by=stamp(5))
    with pytest.raises(RecordNotFoundError):
        store.add(replace(new, examination_id=999), by=stamp(5))
    assert records.audit.head() == head
    assert store.newest(5) == ()


def test_a_kept_report_is_no_orphan_at_start_up(store, new, records, backend):
    store.add(new, by=stamp(5))
    again = backend.open(30)
    again.close()
    assert again.reconciliation.clean
    assert records.images.read(new.pdf_sha256) == PDF


def test_somebody_without_a_signature_has_no_picture(records):
    assert signature_picture(records.audited, "nobody") == b""
