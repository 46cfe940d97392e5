"""Examinations with their findings, a page of them in a few statements."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.examinations import AdviceMark, ExaminationSummary
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.lists import ListedExamination
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.persistence.analysis_documents import mark_pattern
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.examination_summaries import select_summaries
from retina_desktop.persistence.families import Families, families
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.tables import (
    AnalysisRow,
    DecisionRow,
    ExaminationRow,
    ImageRow,
    OwnFindingRow,
    PatientRow,
    PresentFindingRow,
    ReadingRow,
)

_PAGE = 200  # examinations read at once

_Eye = Laterality | None


class SqlExaminationLists:
    """Implements `services.list_ports.ExaminationLists`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def between(self, first: date, last: date) -> Iterator[ListedExamination]:
        """Yield the examinations from `first` to `last`, both included, by date and number."""
        after: tuple[date, int] = first, 0
        while True:
            with self._database.read() as session:
                page = _page(session, after, last)
            yield from page
            if len(page) < _PAGE:
                return
            after = page[-1].visit.visit_date, page[-1].visit.id


@dataclass(slots=True)
class _Found:
    """What stands of one examination, by eye and label."""

    by_eye: dict[_Eye, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))

    def words(self, eye: _Eye) -> tuple[str, ...]:
        found = self.by_eye.get(eye, {})
        named = {code: words for code, words in found.items() if code != DISEASE_RISK} or found
        ordered = sorted(named, key=lambda code: (label_of(code).tier.rank, code))
        return tuple(named[code] for code in ordered if named[code])


def _page(session: Session, after: tuple[date, int], last: date) -> list[ListedExamination]:
    place = tuple_(ExaminationRow.visit_date, ExaminationRow.id)
    keys = list(
        session.scalars(
            select(ExaminationRow.id)
            .where(place > after, ExaminationRow.visit_date <= last)
            .order_by(ExaminationRow.visit_date, ExaminationRow.id)
            .limit(_PAGE)
        )
    )
    if not keys:
        return []
    summaries = {s.id: s for s in select_summaries(session, ExaminationRow.id.in_(keys))}
    merged = families(session)
    patients = _patients(session, summaries.values(), merged)
    found = _found(session, keys)
    signed = _signatures(session, keys)
    listed = []
    for key in keys:
        summary, stands = summaries[key], found[key]
        reader, moment = signed.get(key, ("", None))
        listed.append(
            ListedExamination(
                summary,
                patients[merged.kept(summary.patient_id)],
                stands.words(Laterality.RIGHT),
                stands.words(Laterality.LEFT),
                stands.words(None),
                reader,
                moment,
            )
        )
    return listed


def _patients(
    session: Session, summaries: Iterable[ExaminationSummary], merged: Families
) -> Mapping[int, PatientDetails]:
    kept = {merged.kept(summary.patient_id) for summary in summaries}
    rows = session.scalars(select(PatientRow).where(PatientRow.id.in_(kept)))
    return {row.id: patient_of(row).details for row in rows}


def _found(session: Session, keys: Sequence[int]) -> Mapping[int, _Found]:
    found: dict[int, _Found] = defaultdict(_Found)
    newest = (
        select(func.max(AnalysisRow.id))
        .join(ImageRow, ImageRow.id == AnalysisRow.image_id)
        .where(ImageRow.examination_id.in_(keys), ImageRow.withdrawn.is_(False))
        .group_by(AnalysisRow.image_id)
    )
    present = session.execute(
        select(
            ImageRow.examination_id,
            ImageRow.laterality,
            PresentFindingRow.label,
            AnalysisRow.content.like(mark_pattern(AdviceMark.DEMONSTRATION)),
        )
        .join(AnalysisRow, AnalysisRow.id == PresentFindingRow.analysis_id)
        .join(ImageRow, ImageRow.id == AnalysisRow.image_id)
        .where(AnalysisRow.id.in_(newest))
    )
    for key, eye, code, demonstration in present:
        words = "demonstration, not read" if demonstration else "not read"
        found[key].by_eye[eye][code] = f"{label_of(code).name} ({words})"
    said = session.execute(
        select(
            DecisionRow.examination_id, DecisionRow.eye, DecisionRow.label, DecisionRow.grade
        ).where(DecisionRow.examination_id.in_(keys))
    )
    for key, eye, code, grade in said:
        found[key].by_eye[eye][code] = _decided(code, grade)
    own = session.execute(
        select(OwnFindingRow.examination_id, OwnFindingRow.eye, OwnFindingRow.name)
        .where(OwnFindingRow.examination_id.in_(keys))
        .order_by(OwnFindingRow.position)
    )
    for key, eye, name in own:
        found[key].by_eye[eye][name] = name
    return found


def _decided(code: str, grade: Grade) -> str:
    """Return the reader's word; empty where the label is absent."""
    name = label_of(code).name
    return {
        Grade.PRESENT: name,
        Grade.QUESTIONABLE: f"{name} (questionable)",
        Grade.CANNOT_GRADE: f"{name} (cannot be graded)",
        Grade.ABSENT: "",
    }[grade]


def _signatures(
    session: Session, keys: Sequence[int]
) -> Mapping[int, tuple[str, datetime | None]]:
    rows = session.execute(
        select(ReadingRow.examination_id, ReadingRow.signed_name, ReadingRow.signed_at).where(
            ReadingRow.examination_id.in_(keys), ReadingRow.signed_at.is_not(None)
        )
    )
    return {key: (name or "", moment) for key, name, moment in rows}
