"""Searching the clinic's patients through the index."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import select
from sqlalchemy.orm import Session

from retina_desktop.domain.examinations import ExaminationState, ExaminationSummary
from retina_desktop.domain.patient_search import PatientHit, PatientPage, PatientQuery
from retina_desktop.domain.patients import Patient
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.examination_summaries import select_summaries
from retina_desktop.persistence.families import Families, families
from retina_desktop.persistence.name_stages import Match, patients_matching
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.tables import ExaminationRow, PatientRow
from retina_desktop.persistence.visit_criteria import VisitCriteria
from retina_desktop.services.name_folding import query_words

_FIRST_BATCH, _LARGEST_BATCH = 60, 1000  # candidates looked at together


@dataclass(slots=True)
class _Candidate:
    """A kept patient, and by which of the patients merged into it the words found it."""

    kept: int
    similar: bool
    found_by: list[int] = field(default_factory=list)


class SqlPatientSearchStore:
    """Implements `services.patient_search.PatientSearchStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def find(self, query: PatientQuery) -> PatientPage:
        """Return the page of patients that `query` asks for."""
        with self._database.read() as session:
            merged = families(session)
            wanted = query.offset + query.limit + 1
            found = list(islice(_candidates(session, query, merged), wanted))
            page = found[query.offset : query.offset + query.limit]
            return PatientPage(_hits(session, page, merged), len(found) == wanted)


def _candidates(
    session: Session, query: PatientQuery, merged: Families
) -> Iterator[_Candidate]:
    """Yield the kept patients that satisfy the query, each once, best first."""
    criteria = VisitCriteria(session, query)
    if query.words:
        matches: Iterable[Match] = _by_words(session, query.words)
    elif query.birth_date is not None:
        matches = _plain(_born(session, query))
    elif query.asks_for_visits:
        yield from _once(_plain(criteria.newest_first()), merged)
        return
    else:
        matches = _plain(_newest(session))
    candidates = _once(matches, merged)
    if query.words and query.birth_date is not None:
        candidates = _keep(candidates, lambda some: _born_then(session, query, some, merged))
    if query.asks_for_visits:
        candidates = _keep(candidates, lambda some: _visited(criteria, some, merged))
    yield from candidates


def _by_words(session: Session, words: str) -> Iterator[Match]:
    exact = session.scalar(select(PatientRow.id).where(PatientRow.record_number == words))
    if exact is not None:
        yield Match(exact, similar=False)
    asked = query_words(words)
    if asked:
        yield from patients_matching(session, asked)


def _born(session: Session, query: PatientQuery) -> Iterator[int]:
    born = PatientRow.birth_date == query.birth_date
    yield from session.scalars(
        select(PatientRow.id).where(born).order_by(PatientRow.name, PatientRow.id)
    )


def _newest(session: Session) -> Iterator[int]:
    ids = select(PatientRow.id).order_by(PatientRow.id.desc())
    result = session.scalars(ids.execution_options(yield_per=_LARGEST_BATCH))
    try:
        yield from result
    finally:
        result.close()


def _plain(patient_ids: Iterable[int]) -> Iterator[Match]:
    return (Match(patient_id, similar=False) for patient_id in patient_ids)


def _once(matches: Iterable[Match], merged: Families) -> Iterator[_Candidate]:
    seen: dict[int, _Candidate] = {}
    for match in matches:
        kept = merged.kept(match.patient_id)
        known = seen.get(kept)
        if known is None:
            seen[kept] = known = _Candidate(kept, match.similar, [match.patient_id])
            yield known
        elif match.patient_id not in known.found_by:
            known.found_by.append(match.patient_id)


def _keep(
    candidates: Iterator[_Candidate], rest: Callable[[Sequence[int]], set[int]]
) -> Iterator[_Candidate]:
    """Yield the candidates that `rest` lets pass, asked in growing batches."""
    size = _FIRST_BATCH
    while batch := list(islice(candidates, size)):
        passed = rest([candidate.kept for candidate in batch])
        yield from (candidate for candidate in batch if candidate.kept in passed)
        size = min(2 * size, _LARGEST_BATCH)


def _born_then(
    session: Session, query: PatientQuery, kept: Sequence[int], merged: Families
) -> set[int]:
    """Return who was born that day by their own record, or by one merged into it."""
    family = merged.members(kept)
    owner = {member: root for root, members in family.items() for member in members}
    born = select(PatientRow.id).where(
        PatientRow.id.in_(list(owner)), PatientRow.birth_date == query.birth_date
    )
    return {owner[patient_id] for patient_id in session.scalars(born)}


def _visited(criteria: VisitCriteria, kept: Sequence[int], merged: Families) -> set[int]:
    family = merged.members(kept)
    owner = {member: root for root, members in family.items() for member in members}
    return {owner[patient_id] for patient_id in criteria.patients(list(owner))}


def _hits(
    session: Session, page: Sequence[_Candidate], merged: Families
) -> tuple[PatientHit, ...]:
    if not page:
        return ()
    family = merged.members(candidate.kept for candidate in page)
    owner = {member: root for root, members in family.items() for member in members}
    rows = session.scalars(select(PatientRow).where(PatientRow.id.in_(list(owner))))
    patients = {row.id: patient_of(row) for row in rows}
    visits: dict[int, list[ExaminationSummary]] = {root: [] for root in family}
    for summary in select_summaries(session, ExaminationRow.patient_id.in_(list(owner))):
        visits[owner[summary.patient_id]].append(summary)
    return tuple(_hit(candidate, patients, visits[candidate.kept]) for candidate in page)


def _hit(
    candidate: _Candidate, patients: dict[int, Patient], visits: list[ExaminationSummary]
) -> PatientHit:
    newest = sorted(visits, key=lambda s: (s.visit_date, s.id), reverse=True)
    others = (patients[i].details for i in candidate.found_by if i != candidate.kept)
    return PatientHit(
        patient=patients[candidate.kept],
        visits=len(visits),
        last_visit=newest[0].visit_date if newest else None,
        unsigned_visits=sum(visit.state is not ExaminationState.SIGNED for visit in visits),
        tier=next((visit.tier for visit in newest if visit.tier), None),
        also_known_as=tuple(f"{d.record_number}  {d.name}" for d in others),
        similar=candidate.similar,
    )
