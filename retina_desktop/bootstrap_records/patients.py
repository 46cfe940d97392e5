"""The use cases over patients: search, doubles, merging, history."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retina_desktop.services.patient_duplicates import FindDuplicates, SimilarPatients
from retina_desktop.services.patient_history import CompareAnalyses, PatientHistory
from retina_desktop.services.patient_merging import MergePatients, UndoMerge
from retina_desktop.services.patient_search import SearchPatients

if TYPE_CHECKING:
    from retina_desktop.persistence.opening import Records
    from retina_desktop.persistence.patient_merging import SqlPatientMerging


@dataclass(frozen=True, slots=True)
class PatientUseCases:
    """Made of the open records; the stores are loaded when one is asked for."""

    records: "Records"

    @property
    def search(self) -> SearchPatients:
        """Find patients by words, dates and what their visits showed."""
        from retina_desktop.persistence.patient_search_store import SqlPatientSearchStore

        return SearchPatients(SqlPatientSearchStore(self.records.audited), self.records.audit)

    @property
    def duplicates(self) -> FindDuplicates:
        """List pairs of patients who may be one person."""
        from retina_desktop.persistence.duplicate_store import SqlDuplicateStore

        return FindDuplicates(SqlDuplicateStore(self.records.audited), self.records.audit)

    @property
    def similar(self) -> SimilarPatients:
        """Warn while a patient is entered who seems to be there already."""
        from retina_desktop.persistence.duplicate_store import SqlDuplicateStore

        return SimilarPatients(SqlDuplicateStore(self.records.audited), self.records.audit)

    @property
    def merging(self) -> "SqlPatientMerging":
        """Who is merged into whom."""
        from retina_desktop.persistence.patient_merging import SqlPatientMerging

        return SqlPatientMerging(self.records.audited)

    @property
    def merge(self) -> MergePatients:
        """Show one patient's visits in another's record."""
        return MergePatients(self.merging)

    @property
    def undo_merge(self) -> UndoMerge:
        """Part what was merged."""
        return UndoMerge(self.merging)

    @property
    def history(self) -> PatientHistory:
        """Show how a patient's eyes went over the visits."""
        records = self.records
        return PatientHistory(
            records.patients,
            records.examinations,
            records.analyses,
            records.readings,
            records.audit,
        )

    @property
    def compare_analyses(self) -> CompareAnalyses:
        """Show what a re-run with another model changed."""
        return CompareAnalyses(self.records.analyses, self.records.audit)
