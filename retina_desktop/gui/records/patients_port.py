"""What the Patients and Worklist pages need of the records beyond the common use cases."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # some of these modules import NumPy, which the first paint does not need
    from retina_desktop.domain.lists import ListTable
    from retina_desktop.domain.patients import Patient
    from retina_desktop.services.deletion import DeletePatient, PlanDeletion
    from retina_desktop.services.importing import CarryOutImport
    from retina_desktop.services.importing_plan import PlanImport
    from retina_desktop.services.lists import ListExaminations
    from retina_desktop.services.patient_duplicates import SimilarPatients
    from retina_desktop.services.patient_export import ExportPatient
    from retina_desktop.services.patient_history import PatientHistory
    from retina_desktop.services.patient_merging import MergePatients, UndoMerge
    from retina_desktop.services.patient_records import ChangePatient
    from retina_desktop.services.patient_search import SearchPatients
    from retina_desktop.services.reports import ReportDesk
    from retina_desktop.services.settings_ports import FormDraftStore
    from retina_desktop.services.worklist import ShowWorklist


@dataclass(frozen=True, slots=True)
class PatientServices:
    """The use cases on patients and lists.

    ``merged_into`` returns who shows in a patient's record; ``thumbnails`` small JPEGs by
    photograph, unknown ones left out; ``list_file`` a list as the file that a path's ending
    asks for (``.csv``, ``.xlsx``).
    """

    search: "SearchPatients"
    similar: "SimilarPatients"
    history: "PatientHistory"
    change: "ChangePatient"
    drafts: "FormDraftStore"
    merge: "MergePatients"
    undo_merge: "UndoMerge"
    merged_into: Callable[[int], "tuple[Patient, ...]"]
    find_by_number: Callable[[str], "Patient | None"]
    plan_deletion: "PlanDeletion"
    delete: "DeletePatient"
    thumbnails: Callable[[Sequence[int]], Mapping[int, bytes]]
    worklist: "ShowWorklist"
    plan_import: "PlanImport"
    carry_out_import: "CarryOutImport"
    reports: "ReportDesk"
    export: "ExportPatient"
    list_examinations: "ListExaminations"
    list_file: Callable[["ListTable", Path], bytes]
