"""Imports in the database: each visit one transaction, and nothing twice."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.record_errors import AlreadySignedError
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.examination_store import (
    SqlExaminationStore,
    insert_examination,
    lock_examination,
)
from retina_desktop.persistence.families import families
from retina_desktop.persistence.tables import ExaminationRow, ImageRow, ReadingRow
from retina_desktop.services.importing_ports import KeptVisit, KnownPhotograph
from retina_desktop.services.records_ports import NewPhotograph

_AT_ONCE = 500  # hashes in one statement


class SqlImportedVisits:
    """Implements `services.importing_ports.ImportedVisits`."""

    def __init__(self, database: AuditedDatabase, examinations: SqlExaminationStore) -> None:
        self._database = database
        self._examinations = examinations

    def known(self, sha256s: Sequence[str]) -> tuple[KnownPhotograph, ...]:
        """Return every place where photographs with these hashes are named."""
        found: list[KnownPhotograph] = []
        with self._database.read() as session:
            whose = families(session)
            for begin in range(0, len(sha256s), _AT_ONCE):
                statement = (
                    select(
                        ImageRow.sha256,
                        ExaminationRow.patient_id,
                        ExaminationRow.id,
                        ExaminationRow.visit_date,
                    )
                    .join(ExaminationRow, ExaminationRow.id == ImageRow.examination_id)
                    .where(ImageRow.sha256.in_(sha256s[begin : begin + _AT_ONCE]))
                    .order_by(ImageRow.id)
                )
                found += [
                    KnownPhotograph(sha256, whose.kept(patient_id), examination_id, day)
                    for sha256, patient_id, examination_id, day in session.execute(statement)
                ]
        return tuple(found)

    def day_is_locked(self, patient_id: int, day: date) -> bool:
        """Whether the patient has examinations of that day, and all of them are signed."""
        with self._database.read() as session:
            visits = _of_day(session, patient_id, day)
            return bool(visits) and _first_open(session, visits) is None

    def has_visit(self, patient_id: int, day: date) -> bool:
        """Whether the patient has an examination of that day."""
        with self._database.read() as session:
            return bool(_of_day(session, patient_id, day))

    def keep(
        self,
        patient_id: int,
        details: ExaminationDetails,
        photographs: Sequence[NewPhotograph],
        *,
        by: Stamp,
    ) -> KeptVisit:
        """Add what is missing to the patient's examination of that day."""
        with self._database.write(by) as work:
            session = work.session
            visits = _of_day(session, patient_id, details.visit_date)
            there = set(
                session.scalars(
                    select(ImageRow.sha256).where(ImageRow.examination_id.in_(visits))
                )
            )
            missing = {
                photograph.image.sha256: photograph
                for photograph in photographs
                if photograph.image.sha256 not in there
            }
            if visits and not missing:
                return KeptVisit(visits[0], new=False, added=frozenset())
            if visits:
                examination_id = _first_open(session, visits)
                if examination_id is None:
                    raise AlreadySignedError(
                        "That day's examination is signed and locked; its photographs stay as "
                        "they were signed."
                    )
                lock_examination(session, examination_id)
            else:
                examination_id = insert_examination(work, patient_id, details).id
            for photograph in missing.values():
                self._examinations.insert_photograph(work, examination_id, photograph)
        return KeptVisit(examination_id, new=not visits, added=frozenset(missing))


def _of_day(session: Session, patient_id: int, day: date) -> list[int]:
    members = families(session).members([patient_id])[patient_id]
    statement = select(ExaminationRow.id).where(
        ExaminationRow.patient_id.in_(members), ExaminationRow.visit_date == day
    )
    return list(session.scalars(statement.order_by(ExaminationRow.id)))


def _first_open(session: Session, visits: list[int]) -> int | None:
    signed = set(
        session.scalars(
            select(ReadingRow.examination_id).where(
                ReadingRow.examination_id.in_(visits), ReadingRow.signed_at.is_not(None)
            )
        )
    )
    return next((visit for visit in visits if visit not in signed), None)
