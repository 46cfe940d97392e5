"""Everything a report shows of one examination, as one value; nothing is looked up later."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from retina_desktop.domain.analyses import ActivationMaps
from retina_desktop.domain.audit import AuditHead
from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.decisions import Addendum, Grade, Reading, Signature
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality, RgbImage
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.referral import Referral
from retina_desktop.domain.stored_analyses import AnalysisContent


class Template(StrEnum):
    """For whom the pages are."""

    FULL = "full"
    SUMMARY = "summary"
    LETTER = "letter"
    LEAFLET = "leaflet"

    @property
    def shown(self) -> str:
        """The name in lists."""
        return _TEMPLATE_NAMES[self]


_TEMPLATE_NAMES = {
    Template.FULL: "Full report",
    Template.SUMMARY: "One-page summary",
    Template.LETTER: "Letter to the referring doctor",
    Template.LEAFLET: "Leaflet for the patient",
}


class Paper(StrEnum):
    """Sizes that printers hold."""

    A4 = "a4"
    LETTER = "letter"

    @property
    def shown(self) -> str:
        """The name in lists."""
        return "A4" if self is Paper.A4 else "Letter"


class Language(StrEnum):
    """Languages with a file in ``resources/report_texts``."""

    ENGLISH = "en"
    HINDI = "hi"
    SPANISH = "es"
    FRENCH = "fr"
    ARABIC = "ar"

    @property
    def shown(self) -> str:
        """The language's name in itself."""
        return _LANGUAGE_NAMES[self]


_LANGUAGE_NAMES = {
    Language.ENGLISH: "English",
    Language.HINDI: "हिन्दी",
    Language.SPANISH: "Español",
    Language.FRENCH: "Français",
    Language.ARABIC: "العربية",
}


@dataclass(frozen=True, slots=True, eq=False)
class ReportedPhotograph:
    """A photograph with what the model said of it.

    ``photograph`` may be decoded at any scale; ``maps`` are placed in the original's pixels
    (``analysis.width`` by ``analysis.height``), as the records keep them. ``overlay_label``
    names the map to show; empty chooses the most marked finding. ``eye`` is the one in force,
    which a person may have corrected.
    """

    eye: Laterality | None
    photograph: RgbImage | None = field(repr=False)
    analysis: AnalysisContent | None
    maps: ActivationMaps | None = field(default=None, repr=False)
    overlay_label: str = ""


@dataclass(frozen=True, slots=True)
class PreviousFinding:
    """A label at the visit before: the model's finding and the reader's grade, if any."""

    eye: Laterality | None
    finding: Finding
    grade: Grade | None = None


@dataclass(frozen=True, slots=True)
class PreviousVisit:
    """The visit before; ``model`` (id and version) tells whether figures can be compared."""

    visit_date: date
    model: str
    findings: tuple[PreviousFinding, ...]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One visit of a trend."""

    visit_date: date
    probability: float
    threshold: float

    def __post_init__(self) -> None:
        for value in (self.probability, self.threshold):
            if not 0.0 <= value <= 1.0:
                raise ValueError(f"a probability lies in [0, 1], got {value!r}")


@dataclass(frozen=True, slots=True)
class Trend:
    """One label of one eye over the visits, oldest first."""

    eye: Laterality | None
    label: str
    points: tuple[TrendPoint, ...]


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """What the manifest says of the model, for people."""

    name: str
    intended_use: str = ""
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """One examination, ready to be printed.

    It is a draft until ``signature`` is there. Moments (``created_at``, of the signature and
    the addenda) are aware and printed in the zone they come in. The same content gives the same
    file, byte for byte.
    ``signature_image`` is a PNG or JPEG; without one a line is drawn.
    """

    report_id: str
    created_at: datetime
    clinic: ClinicProfile
    patient: PatientDetails
    visit: ExaminationDetails
    photographs: tuple[ReportedPhotograph, ...]
    referral: Referral  # the program's advice on the patient
    reading: Reading
    model: ModelProfile
    software_version: str
    audit_head: AuditHead
    reader_name: str = ""
    signature: Signature | None = None
    signature_image: bytes = field(default=b"", repr=False)
    addenda: tuple[Addendum, ...] = ()
    previous: PreviousVisit | None = None
    trends: tuple[Trend, ...] = ()
    recipient: str = ""  # name and address of whom the letter is for
    is_preview: bool = False  # looked at and not kept: no number, no code to scan

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is None:
            raise ValueError("a report's moment must be aware")
        if not self.report_id:
            raise ValueError("a report has an id")

    @property
    def is_signed(self) -> bool:
        """Whether a reader has signed; the pages of a draft say so across."""
        return self.signature is not None

    def of_eye(self, eye: Laterality | None) -> tuple[ReportedPhotograph, ...]:
        """Return the photographs of `eye`, in their order."""
        return tuple(photo for photo in self.photographs if photo.eye is eye)
