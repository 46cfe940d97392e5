"""Everything that belongs to a patient, for the exports; found along the foreign keys."""

from collections.abc import Sequence

from sqlalchemy import and_, select

from retina_desktop.domain.audit import AuditEntry
from retina_desktop.persistence.audit_trail import entry_of
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.families import families
from retina_desktop.persistence.patient_tables import KIND_OF_TABLE, batches, keys_by_table
from retina_desktop.persistence.tables import AnalysisRow, AuditEntryRow


class SqlWholeRecord:
    """Implements `services.export_ports.WholeRecord`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def audit_entries(self, patient_id: int) -> tuple[AuditEntry, ...]:
        """Return every entry about the patient and what hangs on them, in order."""
        found: dict[int, AuditEntry] = {}
        with self._database.read() as session:
            members = families(session).members([patient_id])[patient_id]
            keys = keys_by_table(session, members)
            for table, kind in KIND_OF_TABLE.items():
                for some in batches(keys[table]):
                    about = and_(
                        AuditEntryRow.record_kind == kind.value,
                        AuditEntryRow.record_id.in_(some),
                    )
                    for row in session.scalars(select(AuditEntryRow).where(about)):
                        found[row.sequence] = entry_of(row)
        return tuple(found[sequence] for sequence in sorted(found))

    def analysis_ids(self, image_ids: Sequence[int]) -> tuple[int, ...]:
        """Return all analyses of these photographs, withdrawn ones too, oldest first."""
        with self._database.read() as session:
            ids = [
                analysis_id
                for some in batches(image_ids)
                for analysis_id in session.scalars(
                    select(AnalysisRow.id).where(AnalysisRow.image_id.in_(some))
                )
            ]
        return tuple(sorted(ids))
