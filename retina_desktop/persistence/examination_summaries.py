"""Lines of timelines and worklists, in one statement however many visits there are."""

from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from retina_desktop.domain.examinations import AdviceMark, ExaminationSummary, derive_state
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.persistence.analysis_documents import mark_pattern
from retina_desktop.persistence.tables import (
    AnalysisRow,
    ExaminationRow,
    ImageRow,
    ReadingRow,
)

_MARKS = list(AdviceMark)
_FRAIL = _MARKS[1:]


def select_summaries(
    session: Session, condition: ColumnElement[bool]
) -> list[ExaminationSummary]:
    """Return the summaries of the examinations that satisfy `condition`, in no order."""
    wanted = select(ExaminationRow.id).where(condition)
    newest = (
        select(func.max(AnalysisRow.id).label("id"))
        .join(ImageRow, ImageRow.id == AnalysisRow.image_id)
        .where(ImageRow.examination_id.in_(wanted))
        .group_by(AnalysisRow.image_id)
        .subquery()
    )
    rank = case(
        {tier.value: tier.rank for tier in ReferralTier}, value=AnalysisRow.tier, else_=None
    )
    # Beside the tier in one number: of equal tiers the one on the firmest ground is the least.
    ground = case(
        *(
            (AnalysisRow.content.like(mark_pattern(mark)), _MARKS.index(mark))
            for mark in _FRAIL
        ),
        else_=0,
    )
    images = (
        select(
            ImageRow.examination_id,
            func.count(ImageRow.id).label("images"),
            func.count(AnalysisRow.id).label("analysed"),
            func.min(rank * len(_MARKS) + ground).label("rank"),
        )
        .outerjoin(
            AnalysisRow,
            and_(AnalysisRow.image_id == ImageRow.id, AnalysisRow.id.in_(select(newest.c.id))),
        )
        .where(ImageRow.examination_id.in_(wanted), ImageRow.withdrawn.is_(False))
        .group_by(ImageRow.examination_id)
        .subquery()
    )
    statement = (
        select(
            ExaminationRow.id,
            ExaminationRow.patient_id,
            ExaminationRow.visit_date,
            ExaminationRow.handed_over,
            func.coalesce(images.c.images, 0),
            func.coalesce(images.c.analysed, 0),
            images.c.rank,
            ReadingRow.version,
            ReadingRow.referral,
            ReadingRow.signed_at,
        )
        .outerjoin(images, images.c.examination_id == ExaminationRow.id)
        .outerjoin(ReadingRow, ReadingRow.examination_id == ExaminationRow.id)
        .where(condition)
    )
    tiers = list(ReferralTier)
    found = []
    for (
        key,
        patient,
        day,
        handed,
        count,
        analysed,
        lowest,
        begun,
        chosen,
        signed,
    ) in session.execute(statement):
        summary = ExaminationSummary(
            id=key,
            patient_id=patient,
            visit_date=day,
            state=derive_state(
                images=count,
                analysed_images=analysed,
                handed_over=handed,
                reading_begun=begun is not None,
                signed=signed is not None,
            ),
            images=count,
            analysed_images=analysed,
            model_tier=None if lowest is None else tiers[lowest // len(_MARKS)],
            reader_tier=chosen,
            model_mark=_MARKS[(lowest or 0) % len(_MARKS)],
        )
        found.append(summary)
    return found
