"""What every section of a report is made from: the content, its words, and its measures."""

from dataclasses import dataclass, field

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.report_content import ReportContent, ReportedPhotograph
from retina_desktop.reporting.eye_findings import EyeFindings, eyes_of
from retina_desktop.reporting.logos import printed_mark
from retina_desktop.reporting.pictures import PrintedPhotograph, print_photograph
from retina_desktop.reporting.press import Press
from retina_desktop.reporting.report_texts import ReportTexts


@dataclass(slots=True, eq=False)
class Sheet:
    """One report in the making; ``width`` is the text's, in points."""

    content: ReportContent
    press: Press
    width: float
    picture_side: float  # points, of the largest print of each photograph
    _printed: dict[int, PrintedPhotograph | None] = field(default_factory=dict)
    _eyes: tuple[EyeFindings, ...] | None = None

    @property
    def texts(self) -> ReportTexts:
        """The language."""
        return self.press.texts

    @property
    def eyes(self) -> tuple[EyeFindings, ...]:
        """Right, left, and an eye not stated where there is one."""
        if self._eyes is None:
            self._eyes = eyes_of(self.content)
        return self._eyes

    @property
    def reader(self) -> str:
        """The reader's printed name; empty where none is known."""
        signature = self.content.signature
        return signature.shown_name if signature else self.content.reader_name

    def printed(self, photo: ReportedPhotograph) -> PrintedPhotograph | None:
        """Return the photograph's JPEGs, made once for all their places in the document."""
        key = id(photo)
        if key not in self._printed:
            rejected = {
                decision.label
                for decision in self.content.reading.decisions
                if decision.eye is photo.eye and decision.grade is Grade.ABSENT
            }
            self._printed[key] = print_photograph(
                photo, side_pt=self.picture_side, rejected=rejected
            )
        return self._printed[key]

    def mark(self, image: bytes, *, width: float, height: float) -> tuple[bytes, float, float]:
        """Return a logo or signature as JPEG with its size inside a box, in points."""
        return printed_mark(image, width=width, height=height)
