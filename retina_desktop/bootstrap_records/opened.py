"""The open records, who works with them, and the use cases over both."""

from dataclasses import dataclass

from retina_desktop import __version__
from retina_desktop.bootstrap_records.logged_in import LoggedIn
from retina_desktop.bootstrap_records.patients import PatientUseCases
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.services.examination_records import (
    BeginExamination,
    KeepPhotograph,
    OpenExamination,
)
from retina_desktop.services.patient_records import AddPatient, OpenPatient
from retina_desktop.services.patient_search import SearchPatients
from retina_desktop.services.signing import AddAddendum, SaveReading, SignExamination


@dataclass(frozen=True, slots=True)
class OpenedRecords(LoggedIn):
    """The open records, who works with them, and the use cases over both."""

    @property
    def add_patient(self) -> AddPatient:
        """Enter a new patient."""
        return AddPatient(self.records.patients)

    @property
    def open_patient(self) -> OpenPatient:
        """Show a patient's record."""
        records = self.records
        return OpenPatient(records.patients, records.examinations, records.audit)

    @property
    def begin_examination(self) -> BeginExamination:
        """Keep a new visit."""
        records = self.records
        return BeginExamination(records.examinations, self.keep_photograph, records.patients)

    @property
    def keep_photograph(self) -> KeepPhotograph:
        """Bring a file into the image store."""
        return KeepPhotograph(self.records.images, decode_photograph, __version__)

    @property
    def open_examination(self) -> OpenExamination:
        """Show a visit."""
        records = self.records
        return OpenExamination(
            records.examinations, records.analyses, records.readings, records.audit
        )

    @property
    def save_reading(self) -> SaveReading:
        """Keep the draft of a reading."""
        return SaveReading(self.records.readings)

    @property
    def sign_examination(self) -> SignExamination:
        """Sign and lock."""
        records = self.records
        return SignExamination(records.examinations, records.analyses, records.readings)

    @property
    def add_addendum(self) -> AddAddendum:
        """Add to a signed examination."""
        return AddAddendum(self.records.readings)

    @property
    def search_patients(self) -> SearchPatients:
        """Find patients by words, dates and what their visits showed."""
        return self.patients.search

    @property
    def patients(self) -> PatientUseCases:
        """Search, doubles, merging, history."""
        return PatientUseCases(self.records)
