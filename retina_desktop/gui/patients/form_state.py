"""All that the form of a patient shows, as one value."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from retina_desktop.domain.patient_duplicates import SimilarPatient
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.undo import History
from retina_desktop.gui.patients.conflict import Conflict
from retina_desktop.gui.patients.entry import PatientEntry


@dataclass(frozen=True, slots=True)
class OfferedDraft:
    """What was typed and never saved, perhaps because the program was cut off."""

    entry: PatientEntry
    saved_at: datetime
    outdated: bool = False  # the patient was changed since


@dataclass(frozen=True, slots=True)
class FormState:
    """The form of a new patient (``patient`` is None) or of one in the records.

    ``faults`` has the sentences to show: of fields that were left, or of all after a try to
    save. ``base`` is what is in the records; a form that equals it has nothing to save.
    """

    patient: Patient | None = None
    history: History[PatientEntry] = field(default_factory=lambda: History(PatientEntry()))
    base: PatientEntry = field(default_factory=PatientEntry)
    faults: Mapping[str, str] = field(default_factory=dict)
    similar: tuple[SimilarPatient, ...] = ()
    offered: OfferedDraft | None = None
    conflict: Conflict | None = None
    saving: bool = False
    draft_kept: bool = False  # the draft of what stands in the form is on the disk
    error: str = ""

    @property
    def entry(self) -> PatientEntry:
        """What stands in the fields."""
        return self.history.present

    @property
    def unsaved(self) -> bool:
        """Whether something was typed that is not in the records."""
        return self.entry != self.base
