"""The form's work in worker threads; nothing here touches Qt."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from retina_desktop.domain.patient_duplicates import SimilarPatient
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.gui.patients.entry import PatientEntry, entry_from_document
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.services.tasks import TaskContext

_T = TypeVar("_T")
Work = Callable[[RecordsServices, TaskContext], _T]

_VERSION = "version"  # of the patient the draft was begun on; 0 for a new one


@dataclass(frozen=True, slots=True)
class KeptDraft:
    """A draft as it was found; ``version`` is of the patient it was begun on."""

    entry: PatientEntry
    saved_at: datetime
    version: int


def save_patient(details: PatientDetails, patient: Patient | None, form: str) -> Work[Patient]:
    """Return the task that stores `details`, as a new patient where `patient` is None."""

    def run(services: RecordsServices, _context: TaskContext) -> Patient:
        acting = services.acting
        if patient is None:
            stored = services.add_patient(acting, details)
        else:
            stored = services.patients.change(
                acting, patient.id, details, expected_version=patient.version
            )
        services.patients.drafts.discard(services.user.name, form)
        return stored

    return run


def stored_patient(patient_id: int) -> Work[Patient]:
    """Return the task that reads what stands in the records now."""

    def run(services: RecordsServices, _context: TaskContext) -> Patient:
        return services.open_patient(services.acting, patient_id).patient

    return run


def keep_draft(form: str, entry: PatientEntry, version: int) -> Work[None]:
    """Return the task that puts what was typed on the disk."""

    def run(services: RecordsServices, _context: TaskContext) -> None:
        content = {**entry.to_document(), _VERSION: str(version)}
        at = services.acting.now()
        services.patients.drafts.save(services.user.name, form, content, at=at)

    return run


def drop_draft(form: str) -> Work[None]:
    """Return the task that forgets what was typed."""

    def run(services: RecordsServices, _context: TaskContext) -> None:
        services.patients.drafts.discard(services.user.name, form)

    return run


def find_draft(form: str) -> Work[KeptDraft | None]:
    """Return the task that looks for what was typed and never saved."""

    def run(services: RecordsServices, _context: TaskContext) -> KeptDraft | None:
        draft = services.patients.drafts.get(services.user.name, form)
        if draft is None:
            return None
        version = str(draft.content.get(_VERSION, ""))
        return KeptDraft(
            entry_from_document(draft.content),
            draft.saved_at,
            int(version) if version.isdecimal() else 0,
        )

    return run


def find_similar(
    details: PatientDetails, own_id: int | None
) -> Work[tuple[SimilarPatient, ...]]:
    """Return the task that looks for who may be the same person as `details`."""

    def run(services: RecordsServices, context: TaskContext) -> tuple[SimilarPatient, ...]:
        context.progress(0.0)  # typed on while it waited
        found = services.patients.similar(services.acting, details)
        return tuple(one for one in found if one.patient.id != own_id)

    return run
