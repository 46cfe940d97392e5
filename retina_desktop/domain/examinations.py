"""Examinations (one visit each), their photographs, and the state that follows from them."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from hashlib import sha256

from retina_desktop.domain.eye_measurements import EyeMeasurements
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.plain_text import clean_line, clean_text
from retina_desktop.domain.referral_tiers import ReferralTier

LARGEST_THUMBNAIL = 64 * 1024  # bytes; thousands of them are read for a timeline


_NOTHING_MEASURED = EyeMeasurements()


class ExaminationState(StrEnum):
    """How far an examination has come; never stored, always derived."""

    CAPTURED = "captured"
    """Photographs are missing, or some of them are not analysed yet."""

    ANALYSED = "analysed"
    """Every photograph has an analysis."""

    TO_BE_READ = "to be read"
    """Handed over to a reader, or a reader has begun."""

    SIGNED = "signed"
    """Read, signed and locked."""


@dataclass(frozen=True, slots=True)
class ExaminationDetails:
    """What a person enters of a visit."""

    visit_date: date
    operator: str = ""
    reason: str = ""
    right: EyeMeasurements = _NOTHING_MEASURED
    left: EyeMeasurements = _NOTHING_MEASURED

    def __post_init__(self) -> None:
        operator = clean_line(self.operator, field="operator", limit=200)
        object.__setattr__(self, "operator", operator)
        reason = clean_text(self.reason, field="reason", limit=2000)
        object.__setattr__(self, "reason", reason)


@dataclass(frozen=True, slots=True)
class Examination:
    """A visit as stored; ``version`` rises by one with every change of its details."""

    id: int
    patient_id: int
    version: int
    details: ExaminationDetails
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    handed_over: bool = False  # a technician has asked for a reader


@dataclass(frozen=True, slots=True)
class NewImage:
    """A photograph about to enter the records; its bytes are in the image store already.

    ``thumbnail`` is a small JPEG. ``original_name`` is the file's name without its folder; it
    may hold a patient's data, so it stays in the records and is never a path of ours.
    """

    sha256: str
    size_bytes: int
    width: int  # pixels of the original, after EXIF orientation
    height: int
    source_format: str  # "JPEG", "PNG", "TIFF", "BMP", "WEBP", "DICOM"
    thumbnail: bytes
    laterality: Laterality | None = None
    laterality_source: LateralitySource = LateralitySource.NONE
    original_name: str = ""

    def __post_init__(self) -> None:
        if len(self.sha256) != 64 or set(self.sha256) - set("0123456789abcdef"):
            raise ValueError("a SHA-256 is 64 lower-case hex digits")
        if min(self.size_bytes, self.width, self.height) < 1:
            raise ValueError("an image has bytes and pixels")
        if not 0 < len(self.thumbnail) <= LARGEST_THUMBNAIL:
            raise ValueError(f"a thumbnail has 1 to {LARGEST_THUMBNAIL} bytes")
        if (self.laterality is None) != (self.laterality_source is LateralitySource.NONE):
            raise ValueError("an eye has a source, and only an eye has one")
        name = clean_line(self.original_name[-255:], field="file_name", limit=255)
        object.__setattr__(self, "original_name", name)

    @property
    def thumbnail_sha256(self) -> str:
        """Its hash, by which a changed thumbnail is found."""
        return sha256(self.thumbnail).hexdigest()


@dataclass(frozen=True, slots=True)
class StoredImage:
    """A photograph of an examination as stored.

    The bytes never change; ``laterality`` may be corrected and ``withdrawn`` set or taken back
    until the examination is signed. A withdrawn image is shown nowhere and deleted nowhere.
    """

    id: int
    examination_id: int
    version: int
    sha256: str
    size_bytes: int
    width: int
    height: int
    source_format: str
    thumbnail_sha256: str
    laterality: Laterality | None
    laterality_source: LateralitySource
    original_name: str
    added_at: datetime
    added_by: str
    withdrawn: bool = False


class AdviceMark(StrEnum):
    """On what ground an advice stands, firmest first."""

    NONE = ""
    DEMONSTRATION = "demonstration"
    """On labels learned from too few patients alone."""

    OUTSIDE_RANGE = "outside range"
    """A person must look: the photograph is outside the model's validated range."""


@dataclass(frozen=True, slots=True)
class ExaminationSummary:
    """One line of a timeline or worklist.

    ``model_tier`` is the most urgent of the newest analyses of its images, ``reader_tier`` the
    reader's choice; None where there is none. ``model_mark`` says what the model's tier rests
    on, the firmest ground of those that lead to it. Withdrawn images do not count.
    """

    id: int
    patient_id: int
    visit_date: date
    state: ExaminationState
    images: int
    analysed_images: int
    model_tier: ReferralTier | None
    reader_tier: ReferralTier | None
    model_mark: AdviceMark = AdviceMark.NONE

    @property
    def mark(self) -> AdviceMark:
        """What `tier` rests on; a reader's word needs no mark."""
        return AdviceMark.NONE if self.reader_tier else self.model_mark

    @property
    def tier(self) -> ReferralTier | None:
        """The reader's word where there is one, else the model's."""
        return self.reader_tier or self.model_tier


def derive_state(
    *, images: int, analysed_images: int, handed_over: bool, reading_begun: bool, signed: bool
) -> ExaminationState:
    """Return the state that follows from what has been done.

    Parameters
    ----------
    images, analysed_images : int
        Images not withdrawn, and how many of them have at least one analysis.
    handed_over, reading_begun, signed : bool
        Whether a reader was asked for, has saved a draft, has signed.
    """
    if signed:
        return ExaminationState.SIGNED
    if handed_over or reading_begun:
        return ExaminationState.TO_BE_READ
    if images and analysed_images >= images:
        return ExaminationState.ANALYSED
    return ExaminationState.CAPTURED


def urgency_of(summary: ExaminationSummary) -> tuple[int, date, int]:
    """Return the key that sorts a worklist: urgent first, then the oldest visit."""
    rank = summary.tier.rank if summary.tier else len(ReferralTier)
    return rank, summary.visit_date, summary.id
