"""Everything the records hold, read once and compared with what says how it was written."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, or_, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import ChainReport
from retina_desktop.domain.record_errors import (
    RecordsUnavailableError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.persistence.audit_trail import SqlAuditTrail
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.kept_files import named_files
from retina_desktop.persistence.key_vault import KeyVault, MasterKey
from retina_desktop.persistence.search_index_check import search_index_is_whole
from retina_desktop.persistence.stored_forms import foreign_forms
from retina_desktop.persistence.tables import AuditEntryRow, ImageRow, ReportRow
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.verifying import CheckedRecords

_DATABASE, _TRAIL = 0.05, 0.4  # shares of the work
_MOST_TOLD = 20  # lines of SQLite's own check


@dataclass(frozen=True, slots=True)
class WholeCheck:
    """Implements `services.verifying.RecordsCheck` in the memory of a page of rows."""

    database: Database
    audit: SqlAuditTrail
    images: FileImageStore
    vault: KeyVault | None = None
    master: MasterKey | None = None
    read_files: bool = True  # False: that they are there is enough

    def __call__(self, context: TaskContext) -> CheckedRecords:
        """Return what was found; nothing is changed."""
        context.progress(0.0, "Reading the database")
        problems = list(database_problems(self.database))
        chain = self._chain(context, problems)
        files = _Files()
        try:
            with self.database.read() as session:
                problems += _pin_problems(session)
                problems += foreign_forms(session)
                if not search_index_is_whole(session):
                    problems.append("The search index is not that of the patients.")
                self._check_files(context, session, files)
        except (DBAPIError, RecordsUnavailableError):
            problems.append("The database cannot be read to its end.")
        problems += [f"File {name} is missing." for name in files.missing]
        problems += [f"File {name} is damaged." for name in files.damaged]
        if self.vault is not None and self.master is not None:
            problems += _vault_problems(self.vault, self.master)
        context.progress(1.0)
        return CheckedRecords(
            files=files.read,
            audit_entries=chain.entries if chain else 0,
            problems=tuple(problems),
            missing=tuple(files.missing),
            damaged=tuple(files.damaged),
            unnamed=files.unnamed,
            head=f"{chain.head.sequence}:{chain.head.hash}" if chain else "",
        )

    def _chain(self, context: TaskContext, problems: list[str]) -> ChainReport | None:
        def tell(share: float) -> None:
            done = _DATABASE + (_TRAIL - _DATABASE) * share
            context.progress(done, "Reading the audit trail and every record")

        try:
            report = self.audit.verify(tell=tell)
        except (DBAPIError, RecordsUnavailableError):
            problems.append("The audit trail cannot be read to its end.")
            return None
        problems += [problem.sentence for problem in report.problems]
        return report

    def _check_files(self, context: TaskContext, session: Session, found: "_Files") -> None:
        total = max(
            sum(
                session.scalar(select(func.count()).select_from(row)) or 0
                for row in (ImageRow, ReportRow)
            ),
            1,
        )
        there = (file.sha256 for file in self.images.files())
        file = next(there, None)
        for name in named_files(session):
            share = _TRAIL + (1 - _TRAIL) * min(found.read / total, 1.0)
            context.progress(share, "Reading photographs and reports")
            while file is not None and file < name:
                found.unnamed += 1
                file = next(there, None)
            if file == name:
                file = next(there, None)
            found.read += 1
            try:
                if self.read_files or not self.images.has(name):
                    self.images.verify(name)
            except StoredImageMissingError:
                found.missing.append(name)
            except StoredImageDamagedError:
                found.damaged.append(name)
        found.unnamed += (file is not None) + sum(1 for _ in there)


@dataclass(slots=True)
class _Files:
    read: int = 0
    unnamed: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)


def database_problems(database: Database) -> Iterator[str]:
    """Yield what SQLite's and SQLCipher's own checks find; a server checks its own pages."""
    if database.is_postgresql:
        return
    checks: list[tuple[str, Callable[[str], bool], str]] = [
        ("integrity_check", lambda said: said == "ok", "The database is damaged"),
        ("foreign_key_check", lambda _said: False, "A row belongs to none"),
    ]
    if database.encrypted:
        altered = "A page of the database was altered"
        checks.insert(0, ("cipher_integrity_check", lambda _said: False, altered))
    for pragma, is_good, words in checks:
        try:
            with database.read() as session:
                rows = session.execute(text(f"PRAGMA {pragma}")).fetchmany(_MOST_TOLD)
        except (DBAPIError, RecordsUnavailableError):
            yield f"{words}: {pragma} cannot be run."
            continue
        yield from (f"{words} ({row[0]})." for row in rows if not is_good(str(row[0])))


def _pin_problems(session: Session) -> Iterator[str]:
    """Yield reports whose printed head is not in the trail: a trail written anew shows so."""
    broken = (
        select(ReportRow.id)
        .outerjoin(AuditEntryRow, AuditEntryRow.sequence == ReportRow.audit_sequence)
        .where(or_(AuditEntryRow.hash.is_(None), AuditEntryRow.hash != ReportRow.audit_hash))
        .order_by(ReportRow.id)
    )
    for report_id in session.scalars(broken):
        yield f"Report {report_id} was printed with another audit trail."


def _vault_problems(vault: KeyVault, master: MasterKey) -> Iterator[str]:
    if not vault.is_sealed(master):
        yield "The file of the records' keys (keys.json) was altered."
