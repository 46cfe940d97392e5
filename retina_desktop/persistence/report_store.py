"""Printed reports in the database; their bytes lie in the store of files."""

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.canonical_json import digest_of
from retina_desktop.domain.record_errors import (
    RecordNotFoundError,
    RecordsDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import NewReport, StoredReport
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.row_insertion import insert_row
from retina_desktop.persistence.tables import AuditEntryRow, ExaminationRow, ReportRow, UserRow
from retina_desktop.services.records_ports import ImageStore


class SqlReportStore:
    """Implements `services.report_ports.ReportStore`."""

    def __init__(self, database: AuditedDatabase, files: ImageStore) -> None:
        self._database = database
        self._files = files

    def add(self, report: NewReport, *, by: Stamp) -> StoredReport:
        """Keep a report whose PDF is in the store of files, and write it into the trail."""
        with self._database.write(by) as work:
            # Looked for while others are kept out: what reconciles files sets none aside now.
            if work.session.get(ExaminationRow, report.examination_id) is None:
                raise RecordNotFoundError("There is no such examination in the records.")
            if not self._files.has(report.pdf_sha256):
                raise StoredImageMissingError(
                    "The report's file is not in the store of files; make the report again."
                )
            columns = report_columns(report) | {"made_at": by.at, "made_by": by.user}
            key = insert_row(work.session, ReportRow, columns)
            stored = StoredReport(id=key, **columns)
            work.note(
                AuditAction.REPORT_MADE,
                RecordKind.REPORT,
                key,
                record=stored,
                details=_told(stored),
            )
        return stored

    def find(self, number: str) -> StoredReport:
        """Return the report with this number."""
        with self._database.read() as session:
            row = session.scalar(select(ReportRow).where(ReportRow.number == number))
            if row is None:
                raise RecordNotFoundError(
                    "There is no report of this number; it stands at the foot of each page."
                )
            return report_of(row)

    def of_examination(self, examination_id: int) -> tuple[StoredReport, ...]:
        """Return the reports of a visit, newest first."""
        return self._select(select(ReportRow).where(ReportRow.examination_id == examination_id))

    def newest(self, limit: int) -> tuple[StoredReport, ...]:
        """Return the last reports made, newest first."""
        return self._select(select(ReportRow).limit(limit))

    def _select(self, statement: Select[ReportRow]) -> tuple[StoredReport, ...]:
        with self._database.read() as session:
            rows = session.scalars(statement.order_by(ReportRow.id.desc()))
            return tuple(report_of(row) for row in rows)


def signature_picture(database: AuditedDatabase, user: str) -> bytes:
    """Return the picture of a user's signature as stored; empty if there is none."""
    with database.read() as session:
        found = session.scalar(select(UserRow.signature).where(UserRow.name == user))
    return found or b""


def report_of(row: ReportRow) -> StoredReport:
    """Return the report of a row.

    Raises
    ------
    RecordsDamagedError
        If the row is not what a program wrote.
    """
    try:
        return StoredReport(
            id=row.id,
            number=row.number,
            examination_id=row.examination_id,
            template=Template(row.template),
            paper=Paper(row.paper),
            language=Language(row.language),
            draft=row.draft,
            audit_sequence=row.audit_sequence,
            audit_hash=row.audit_hash,
            pdf_sha256=row.pdf_sha256,
            size_bytes=row.size_bytes,
            shown_name=row.shown_name,
            made_at=row.made_at,
            made_by=row.made_by,
        )
    except ValueError as error:
        raise RecordsDamagedError(
            "A report's row is damaged; restore the records from a backup."
        ) from error


def report_columns(report: NewReport) -> dict[str, Any]:
    """Return the columns of a report; `Any` because each has a type of its own."""
    return {
        "number": report.number,
        "examination_id": report.examination_id,
        "template": report.template,
        "paper": report.paper,
        "language": report.language,
        "draft": report.draft,
        "audit_sequence": report.audit_sequence,
        "audit_hash": report.audit_hash,
        "pdf_sha256": report.pdf_sha256,
        "size_bytes": report.size_bytes,
        "shown_name": report.shown_name,
    }


def report_digest(session: Session, row: ReportRow) -> str:
    """Return the digest of a report's row, for the check against the trail.

    Raises
    ------
    ValueError
        If the head that its pages show is not the trail's: one of the two was changed.
    """
    report = report_of(row)
    pinned = session.get(AuditEntryRow, report.audit_sequence)
    if pinned is None or pinned.hash != report.audit_hash:
        raise ValueError("the audit trail is not the one that was printed")
    return digest_of(report)


def _told(report: StoredReport) -> dict[str, str]:
    return {
        "report": report.number,
        "examination": str(report.examination_id),
        "template": report.template.value,
        "sha256": report.pdf_sha256,
        "signed": "no" if report.draft else "yes",
        "head": f"{report.audit_sequence}:{report.audit_hash}",
    }
