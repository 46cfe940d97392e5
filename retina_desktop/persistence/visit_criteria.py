"""What a question says of visits, as conditions; rare kinds are looked up from their side."""

from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Select, exists, false, or_, select
from sqlalchemy.orm import Session

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.persistence.examination_summaries import select_summaries
from retina_desktop.persistence.tables import (
    AnalysisRow,
    DecisionRow,
    ExaminationRow,
    ImageRow,
    PresentFindingRow,
    ReadingRow,
)

_RARE = 3000  # rows up to which a label's or tier's visits are listed first
_AT_ONCE = 400


class VisitCriteria:
    """The visits that `query` asks for."""

    def __init__(self, session: Session, query: PatientQuery) -> None:
        self._session = session
        self._query = query

    def patients(self, patient_ids: Sequence[int]) -> set[int]:
        """Return which of these have such a visit; merged patients count apart."""
        found: set[int] = set()
        for begin in range(0, len(patient_ids), _AT_ONCE):
            some = ExaminationRow.patient_id.in_(patient_ids[begin : begin + _AT_ONCE])
            visits = select(ExaminationRow.id, ExaminationRow.patient_id).where(
                some, *self._conditions()
            )
            found |= set(self._exact(self._session.execute(visits).all()))
        return found

    def newest_first(self) -> Iterable[int]:
        """Yield the patients of such visits, the latest visit first; a patient may repeat."""
        rare = self._listed_first()
        visits = select(ExaminationRow.id, ExaminationRow.patient_id).order_by(
            ExaminationRow.visit_date.desc(), ExaminationRow.id.desc()
        )
        if rare:
            visits = visits.where(*rare, *self._of_visit())
        else:
            visits = visits.where(*self._conditions())
        result = self._session.execute(visits.execution_options(yield_per=_AT_ONCE))
        for page in result.partitions():
            yield from self._exact(page)

    def _exact(self, visits: Sequence[tuple[int, int]]) -> list[int]:
        """Return the patients of those visits whose tier is really the one asked for."""
        tier = self._query.referral
        if tier is None:
            return [patient for _visit, patient in visits]
        ids = [visit for visit, _patient in visits]
        right: set[int] = set()
        for begin in range(0, len(ids), _AT_ONCE):
            some = ExaminationRow.id.in_(ids[begin : begin + _AT_ONCE])
            right |= {s.id for s in select_summaries(self._session, some) if s.tier is tier}
        return [patient for visit, patient in visits if visit in right]

    def _of_visit(self) -> list[ColumnElement[bool]]:
        query, conditions = self._query, []
        if query.visited_from:
            conditions.append(ExaminationRow.visit_date >= query.visited_from)
        if query.visited_to:
            conditions.append(ExaminationRow.visit_date <= query.visited_to)
        if query.unsigned:
            signed = exists().where(
                ReadingRow.examination_id == ExaminationRow.id,
                ReadingRow.signed_at.is_not(None),
            )
            conditions.append(~signed)
        return conditions

    def _conditions(self) -> list[ColumnElement[bool]]:
        conditions = self._of_visit()
        if self._query.label:
            conditions.append(_has_label(self._query.label))
        if self._query.referral:
            conditions.append(_may_have_tier(self._query.referral))
        return conditions

    def _listed_first(self) -> list[ColumnElement[bool]]:
        """Return conditions on lists of visits, for what is rare; empty when nothing is."""
        conditions = []
        query = self._query
        if query.label and (listed := self._list(_labelled(query.label))) is not None:
            conditions.append(listed)
        if query.referral and (listed := self._list(_tiered(query.referral))) is not None:
            conditions.append(listed)
        if not conditions:
            return []
        if query.label and query.referral and len(conditions) < 2:
            return [*conditions, *self._conditions()]
        return conditions

    def _list(self, wanted: Sequence[Select[int]]) -> ColumnElement[bool] | None:
        ids: set[int] = set()
        for statement in wanted:
            found = list(self._session.scalars(statement.limit(_RARE + 1)))
            if len(found) > _RARE:
                return None
            ids |= set(found)
        if not ids:
            return false()
        return ExaminationRow.id.in_(ids)


def _labelled(label: str) -> tuple[Select[int], ...]:
    said = (
        select(ImageRow.examination_id)
        .join(AnalysisRow, AnalysisRow.image_id == ImageRow.id)
        .join(PresentFindingRow, PresentFindingRow.analysis_id == AnalysisRow.id)
        .where(PresentFindingRow.label == label, ImageRow.withdrawn.is_(False))
    )
    graded = select(DecisionRow.examination_id).where(
        DecisionRow.label == label, DecisionRow.grade == Grade.PRESENT
    )
    return said, graded


def _has_label(label: str) -> ColumnElement[bool]:
    said, graded = _labelled(label)
    return or_(
        said.where(ImageRow.examination_id == ExaminationRow.id).exists(),
        graded.where(DecisionRow.examination_id == ExaminationRow.id).exists(),
    )


def _tiered(tier: ReferralTier) -> tuple[Select[int], ...]:
    """Select the visits that may have the tier: an older analysis may have said it too."""
    said = (
        select(ImageRow.examination_id)
        .join(AnalysisRow, AnalysisRow.image_id == ImageRow.id)
        .where(AnalysisRow.tier == tier)
    )
    return said, select(ReadingRow.examination_id).where(ReadingRow.referral == tier)


def _may_have_tier(tier: ReferralTier) -> ColumnElement[bool]:
    said, chosen = _tiered(tier)
    return or_(
        said.where(ImageRow.examination_id == ExaminationRow.id).exists(),
        chosen.where(ReadingRow.examination_id == ExaminationRow.id).exists(),
    )
