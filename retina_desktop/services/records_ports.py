"""What the records' use cases need from storage, by role; `retina_desktop.persistence` adapts.

Every write carries a `Stamp`, is one transaction, is on the disk when the call returns, and
adds its entry to the audit trail within the same transaction. Writes of what several people
may edit take the version that was read; a `ConflictError` tells what changed in between. Every
method may raise a `RecordsUnavailableError`, and a `RecordNotFoundError` for an unknown id.
All are safe to call from several threads.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO, Protocol

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.audit import AuditEntry, AuditEvent, AuditHead, ChainReport
from retina_desktop.domain.decisions import Addendum, Reading, StoredReading
from retina_desktop.domain.examinations import (
    Examination,
    ExaminationDetails,
    ExaminationSummary,
    NewImage,
    StoredImage,
)
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.stored_analyses import NewAnalysis, StoredAnalysis
from retina_desktop.domain.users import Stamp


class PatientStore(Protocol):
    """The clinic's patients."""

    def add(self, details: PatientDetails, *, by: Stamp) -> Patient:
        """Keep a new patient.

        Raises
        ------
        RecordNumberTakenError
            If another patient has the record number.
        """
        ...

    def get(self, patient_id: int) -> Patient:
        """Return a patient; of one who was merged, the patient they were merged into."""
        ...

    def find_by_record_number(self, record_number: str) -> Patient | None:
        """Return the patient with exactly this record number, also a merged one's."""
        ...

    def update(
        self, patient_id: int, details: PatientDetails, *, expected_version: int, by: Stamp
    ) -> Patient:
        """Replace a patient's details; equal details change nothing.

        Raises
        ------
        ConflictError, RecordNumberTakenError, PatientMergedError
        """
        ...


@dataclass(frozen=True, slots=True)
class NewPhotograph:
    """A photograph and, when it was analysed already, what the model said."""

    image: NewImage
    analysis: NewAnalysis | None = None


class ExaminationStore(Protocol):
    """Visits and their photographs; locked once signed (`AlreadySignedError`)."""

    def add(
        self,
        patient_id: int,
        details: ExaminationDetails,
        *,
        photographs: Sequence[NewPhotograph] = (),
        by: Stamp,
    ) -> Examination:
        """Keep a new examination with its photographs and analyses, all or nothing."""
        ...

    def get(self, examination_id: int) -> Examination:
        """Return an examination."""
        ...

    def update(
        self,
        examination_id: int,
        details: ExaminationDetails,
        *,
        expected_version: int,
        by: Stamp,
    ) -> Examination:
        """Replace an examination's details; may raise a ConflictError."""
        ...

    def set_handed_over(
        self, examination_id: int, *, handed_over: bool, by: Stamp
    ) -> Examination:
        """Ask for a reader, or take that back."""
        ...

    def add_photograph(
        self, examination_id: int, photograph: NewPhotograph, *, by: Stamp
    ) -> StoredImage:
        """Add a photograph whose bytes are in the image store.

        Raises
        ------
        StoredImageMissingError
            If they are not.
        """
        ...

    def images(
        self, examination_id: int, *, withdrawn: bool = False
    ) -> tuple[StoredImage, ...]:
        """Return the photographs in the order added; with the withdrawn ones when asked."""
        ...

    def image(self, image_id: int) -> StoredImage:
        """Return a photograph's record."""
        ...

    def set_laterality(
        self,
        image_id: int,
        laterality: Laterality | None,
        *,
        by: Stamp,
        source: LateralitySource = LateralitySource.USER,
    ) -> StoredImage:
        """Correct the eye of a photograph, on a person's word unless `source` says whose."""
        ...

    def set_withdrawn(self, image_id: int, *, withdrawn: bool, by: Stamp) -> StoredImage:
        """Withdraw a photograph added by mistake, or bring it back."""
        ...

    def thumbnails(self, image_ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the small JPEGs of these images; unknown ids are left out."""
        ...

    def of_patient(self, patient_id: int) -> tuple[ExaminationSummary, ...]:
        """Return a patient's visits, with those of who was merged, newest first."""
        ...

    def worklist(self, day: date) -> tuple[ExaminationSummary, ...]:
        """Return a day's visits, urgent first (`examinations.urgency_of`)."""
        ...


class AnalysisStore(Protocol):
    """What models said; only ever added to, also after signing."""

    def add(self, image_id: int, analysis: NewAnalysis, *, by: Stamp) -> StoredAnalysis:
        """Keep an analysis of an image.

        Raises
        ------
        ValueError
            If it is of other bytes than the image's.
        """
        ...

    def get(self, analysis_id: int) -> StoredAnalysis:
        """Return an analysis."""
        ...

    def of_examination(self, examination_id: int) -> tuple[StoredAnalysis, ...]:
        """Return all analyses of the images not withdrawn, oldest first."""
        ...

    def maps(self, analysis_id: int) -> ActivationMaps | None:
        """Return an analysis' heatmaps, to 1/254 of each one's peak; None if it has none."""
        ...


class ReadingStore(Protocol):
    """The reader's word: saved as it is typed, signed once, added to afterwards."""

    def get(self, examination_id: int) -> StoredReading | None:
        """Return the reading of an examination, None before the first save."""
        ...

    def save(
        self, examination_id: int, reading: Reading, *, expected_version: int, by: Stamp
    ) -> StoredReading:
        """Keep a draft; version 0 is expected before the first save.

        Raises
        ------
        ConflictError, AlreadySignedError
        """
        ...

    def sign(
        self, examination_id: int, *, shown_name: str, expected_version: int, by: Stamp
    ) -> StoredReading:
        """Sign the draft of `expected_version` and lock the examination for good.

        Raises
        ------
        ConflictError, AlreadySignedError
        """
        ...

    def add_addendum(
        self, examination_id: int, text: str, *, shown_name: str, by: Stamp
    ) -> Addendum:
        """Add to a signed examination; a NotSignedError before it is."""
        ...

    def addenda(self, examination_id: int) -> tuple[Addendum, ...]:
        """Return the addenda, oldest first."""
        ...


class AuditTrail(Protocol):
    """The chained log; stores write their own entries, use cases what is only looked at."""

    def record(self, event: AuditEvent, *, by: Stamp) -> AuditEntry:
        """Append an entry in a transaction of its own."""
        ...

    def head(self) -> AuditHead:
        """Return the number and hash of the last entry, to print on reports."""
        ...

    def entries(self, *, after: int = 0, limit: int | None = None) -> Iterator[AuditEntry]:
        """Yield entries in order, those with a sequence above `after`."""
        ...

    def verify(self, *, pinned: Mapping[int, str] | None = None) -> ChainReport:
        """Check the chain, and every record against its last entry."""
        ...


@dataclass(frozen=True, slots=True)
class KeptImage:
    """Where an image's bytes went: its SHA-256 and size; ``new`` is False for a twin."""

    sha256: str
    size_bytes: int
    new: bool


class ImageStore(Protocol):
    """Original bytes by their SHA-256, untouched and durable."""

    def add(self, source: BinaryIO) -> KeptImage:
        """Keep the bytes of `source` (seekable, read twice from its start).

        Raises
        ------
        DiskFullError, RecordsReadOnlyError
        """
        ...

    def read(self, sha256: str) -> bytes:
        """Return the original bytes, verified.

        Raises
        ------
        StoredImageMissingError, StoredImageDamagedError
        """
        ...

    def bring_back(self, sha256: str) -> bool:
        """Put back an image that was set aside; False if there is none."""
        ...

    def has(self, sha256: str) -> bool:
        """Whether there is a file of that name; its content is not read."""
        ...
