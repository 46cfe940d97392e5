"""What one document gathers while its pages are drawn: fonts, pictures, and tagged parts."""

from dataclasses import dataclass, field
from hashlib import sha256

from retina_desktop.reporting.report_texts import ReportTexts
from retina_desktop.reporting.typesetting.embedding import EmbeddedFont
from retina_desktop.reporting.typesetting.font_library import FontFace
from retina_desktop.reporting.typesetting.paragraph import Typesetter


@dataclass(frozen=True, slots=True)
class TaggedPart:
    """A paragraph or figure on a page, in reading order."""

    page: int  # from 0
    number: int  # the part's number on its page
    role: str  # "P", "H1", "Figure", ...
    alternative: str = ""  # what a figure shows


@dataclass(slots=True, eq=False)
class Press:
    """Of one document; used by one thread."""

    typesetter: Typesetter
    texts: ReportTexts
    fonts: dict[str, EmbeddedFont] = field(default_factory=dict)
    pictures: dict[str, bytes] = field(default_factory=dict)  # JPEG by resource name
    parts: list[TaggedPart] = field(default_factory=list)

    @property
    def is_right_to_left(self) -> bool:
        """Whether columns and lines start at the right."""
        return self.typesetter.right_to_left

    def font(self, face: FontFace) -> EmbeddedFont:
        """Return the document's font for `face`."""
        if face.name not in self.fonts:
            self.fonts[face.name] = EmbeddedFont(face, f"T{len(self.fonts)}")
        return self.fonts[face.name]

    def picture(self, jpeg: bytes) -> str:
        """Return the resource name of a picture; the same bytes are kept once."""
        name = f"P{sha256(jpeg).hexdigest()[:16]}"
        self.pictures[name] = jpeg
        return name

    def tag(self, *, page: int, role: str, alternative: str = "") -> int:
        """Note a part on `page` (from 0); return its number there."""
        number = sum(part.page == page for part in self.parts)
        self.parts.append(TaggedPart(page, number, role, alternative))
        return number

    def clear(self) -> None:
        """Forget what a drawing left that is not printed."""
        self.fonts.clear()
        self.pictures.clear()
        self.parts.clear()
