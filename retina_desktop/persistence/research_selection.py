"""Choosing visits for a research export."""

from collections.abc import Iterator

from sqlalchemy import exists, or_, select

from retina_desktop.domain.decisions import Grade
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.families import families
from retina_desktop.persistence.tables import (
    AnalysisRow,
    DecisionRow,
    ExaminationRow,
    ImageRow,
    PresentFindingRow,
)
from retina_desktop.services.research_ports import ChosenVisit, ResearchWishes

_PAGE = 2000


class SqlResearchSelection:
    """Implements `services.research_ports.ResearchSelection`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def visits(self, wishes: ResearchWishes) -> Iterator[ChosenVisit]:
        """Yield the visits that fulfil all wishes."""
        after = 0
        statement = select(ExaminationRow.id, ExaminationRow.patient_id)
        if wishes.from_day is not None:
            statement = statement.where(ExaminationRow.visit_date >= wishes.from_day)
        if wishes.to_day is not None:
            statement = statement.where(ExaminationRow.visit_date <= wishes.to_day)
        if wishes.labels:
            by_model = exists().where(
                ImageRow.examination_id == ExaminationRow.id,
                ImageRow.withdrawn.is_(False),
                AnalysisRow.image_id == ImageRow.id,
                PresentFindingRow.analysis_id == AnalysisRow.id,
                PresentFindingRow.label.in_(wishes.labels),
            )
            by_reader = exists().where(
                DecisionRow.examination_id == ExaminationRow.id,
                DecisionRow.label.in_(wishes.labels),
                DecisionRow.grade == Grade.PRESENT,
            )
            statement = statement.where(or_(by_model, by_reader))
        statement = statement.order_by(ExaminationRow.id).limit(_PAGE)
        while True:
            with self._database.read() as session:
                page = session.execute(statement.where(ExaminationRow.id > after)).all()
                whose = families(session)
            if not page:
                return
            for examination_id, patient_id in page:
                yield ChosenVisit(whose.kept(patient_id), examination_id)
            after = page[-1][0]
