"""Analyses in the database: added, read, never touched."""

from sqlalchemy import select

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.compact_heatmaps import unpack_maps
from retina_desktop.domain.record_errors import RecordNotFoundError, RecordsDamagedError
from retina_desktop.domain.stored_analyses import NewAnalysis, StoredAnalysis
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.row_insertion import insert_row, insert_rows
from retina_desktop.persistence.rows_to_records import analysis_columns, analysis_of
from retina_desktop.persistence.tables import (
    AnalysisRow,
    HeatmapRow,
    ImageRow,
    PresentFindingRow,
)


class SqlAnalysisStore:
    """Implements `services.records_ports.AnalysisStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def add(self, image_id: int, analysis: NewAnalysis, *, by: Stamp) -> StoredAnalysis:
        """Keep an analysis of an image."""
        with self._database.write(by) as work:
            image = work.session.get(ImageRow, image_id)
            if image is None:
                raise RecordNotFoundError("There is no such photograph in the records.")
            return insert_analysis(work, image.id, image.sha256, analysis)

    def get(self, analysis_id: int) -> StoredAnalysis:
        """Return an analysis."""
        with self._database.read() as session:
            row = session.get(AnalysisRow, analysis_id)
            if row is None:
                raise RecordNotFoundError("There is no such analysis in the records.")
            return analysis_of(row)

    def of_examination(self, examination_id: int) -> tuple[StoredAnalysis, ...]:
        """Return all analyses of the images not withdrawn, oldest first."""
        statement = (
            select(AnalysisRow)
            .join(ImageRow, ImageRow.id == AnalysisRow.image_id)
            .where(ImageRow.examination_id == examination_id, ImageRow.withdrawn.is_(False))
            .order_by(AnalysisRow.id)
        )
        with self._database.read() as session:
            return tuple(analysis_of(row) for row in session.scalars(statement))

    def maps(self, analysis_id: int) -> ActivationMaps | None:
        """Return an analysis' heatmaps; None if it has none."""
        with self._database.read() as session:
            row = session.get(HeatmapRow, analysis_id)
        if row is None:
            return None
        try:
            return unpack_maps(row.packed)
        except ValueError as error:
            raise RecordsDamagedError(
                "The stored heatmaps of this photograph are damaged; analyse it again."
            ) from error


def insert_analysis(
    work: AuditedWrite, image_id: int, image_sha256: str, analysis: NewAnalysis
) -> StoredAnalysis:
    """Add the rows of `analysis` to an image within a transaction under way."""
    content, by = analysis.content, work.by
    if content.image_sha256 != image_sha256:
        raise ValueError("the analysis is of another photograph")
    columns = {"image_id": image_id, "created_at": by.at, "created_by": by.user}
    key = insert_row(work.session, AnalysisRow, columns | analysis_columns(content))
    if analysis.packed_maps:
        heatmap = {"analysis_id": key, "packed": analysis.packed_maps}
        insert_rows(work.session, HeatmapRow, [heatmap])
    present = [{"analysis_id": key, "label": finding.label} for finding in content.positives]
    insert_rows(work.session, PresentFindingRow, present)
    stored = StoredAnalysis(key, image_id, content, by.at, by.user)
    work.note(AuditAction.ANALYSIS_ADDED, RecordKind.ANALYSIS, key, record=stored)
    return stored
