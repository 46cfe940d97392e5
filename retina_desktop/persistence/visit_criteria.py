"""What a question says of visits, as conditions; rare kinds are looked up from their side."""

from collections.abc import Iterable, Sequence

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    exists,
    false,
    func,
    or_,
    select,
    type_coerce,
)
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

_RARE = 800  # rows up to which a label's or tier's visits are listed first
_FEW_VISITS = 10_000  # in the range of dates, up to which walking through them is quicker
_AT_ONCE = 400
_PAGE = 60  # visits looked at together: a first page needs few


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
        result = self._session.execute(visits.execution_options(yield_per=_PAGE))
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
        conditions = self._dates()
        if self._query.unsigned:
            signed = exists().where(
                ReadingRow.examination_id == ExaminationRow.id,
                ReadingRow.signed_at.is_not(None),
            )
            conditions.append(~signed)
        return conditions

    def _dates(self) -> list[ColumnElement[bool]]:
        conditions, query = [], self._query
        if query.visited_from:
            conditions.append(ExaminationRow.visit_date >= query.visited_from)
        if query.visited_to:
            conditions.append(ExaminationRow.visit_date <= query.visited_to)
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
        if self._few_visits():
            return []
        if query.label and (listed := self._list(_labelled(query.label))) is not None:
            conditions.append(listed)
        if query.referral and (listed := self._list(_tiered(query.referral))) is not None:
            conditions.append(listed)
        if not conditions:
            return []
        if query.label and query.referral and len(conditions) < 2:
            return [*conditions, *self._conditions()]
        return conditions

    def _few_visits(self) -> bool:
        dates = self._dates()
        if not dates:
            return False
        some = select(ExaminationRow.visit_date).where(*dates).limit(_FEW_VISITS)
        found = self._session.scalar(select(func.count()).select_from(some.subquery()))
        return (found or 0) < _FEW_VISITS

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
    said = _analysed().where(
        AnalysisRow.id == PresentFindingRow.analysis_id, PresentFindingRow.label == label
    )
    return said, _graded(label)


def _has_label(label: str) -> ColumnElement[bool]:
    # Of one visit: to begin with the label's index would walk through all its findings, which
    # SQLite does as long as it knows no statistics. An expression is in no index.
    said = _analysed().where(
        AnalysisRow.id == PresentFindingRow.analysis_id, PresentFindingRow.label + "" == label
    )
    return _of_this_visit(said, _graded(label))


def _tiered(tier: ReferralTier) -> tuple[Select[int], ...]:
    """Select the visits that may have the tier: an older analysis may have said it too."""
    return _analysed().where(AnalysisRow.tier == tier), _chosen(tier)


def _may_have_tier(tier: ReferralTier) -> ColumnElement[bool]:
    said = _analysed().where(type_coerce(AnalysisRow.tier, String) + "" == tier.value)
    return _of_this_visit(said, _chosen(tier))


def _analysed() -> Select[int]:
    return select(ImageRow.examination_id).where(
        AnalysisRow.image_id == ImageRow.id, ImageRow.withdrawn.is_(False)
    )


def _graded(label: str) -> Select[int]:
    return select(DecisionRow.examination_id).where(
        DecisionRow.label == label, DecisionRow.grade == Grade.PRESENT
    )


def _chosen(tier: ReferralTier) -> Select[int]:
    return select(ReadingRow.examination_id).where(ReadingRow.referral == tier)


def _of_this_visit(said: Select[int], by_reader: Select[int]) -> ColumnElement[bool]:
    """Return that the visit at hand is among those selected."""
    reader = by_reader.selected_columns[0]
    return or_(
        said.where(ImageRow.examination_id == ExaminationRow.id).exists(),
        by_reader.where(reader == ExaminationRow.id).exists(),
    )
