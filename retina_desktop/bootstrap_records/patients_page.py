"""The use cases of the Patients and Worklist pages, over open records."""

from typing import TYPE_CHECKING

from retina_desktop.bootstrap_records.deletion import delete_patient, plan_deletion
from retina_desktop.bootstrap_records.exports import export_patient
from retina_desktop.bootstrap_records.importing import carry_out_import, plan_import
from retina_desktop.bootstrap_records.lists import list_examinations, list_file
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.bootstrap_records.patients import PatientUseCases
from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.config.folders import Folders
from retina_desktop.services.patient_records import ChangePatient
from retina_desktop.services.worklist import ShowWorklist

if TYPE_CHECKING:
    from retina_desktop.gui.records.patients_port import PatientServices


def patient_services(opened: OpenedRecords, folders: Folders) -> "PatientServices":
    """Return what the two pages work with."""
    from retina_desktop.gui.records.patients_port import PatientServices

    records = opened.records
    cases = PatientUseCases(records)
    return PatientServices(
        search=cases.search,
        similar=cases.similar,
        history=cases.history,
        change=ChangePatient(records.patients),
        drafts=records.form_drafts,
        merge=cases.merge,
        undo_merge=cases.undo_merge,
        merged_into=cases.merging.merged_into,
        find_by_number=records.patients.find_by_record_number,
        plan_deletion=plan_deletion(records),
        delete=delete_patient(records),
        thumbnails=records.examinations.thumbnails,
        worklist=ShowWorklist(records.patients, records.examinations, records.audit),
        plan_import=plan_import(opened),
        carry_out_import=carry_out_import(opened),
        reports=report_desk(records, folders),
        export=export_patient(opened, folders, previews=True),
        list_examinations=list_examinations(records),
        list_file=lambda table, path: list_file(table, path, made_at=opened.acting.now()),
    )
