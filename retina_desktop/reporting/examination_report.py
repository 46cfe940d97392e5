"""One examination as a PDF: the same content gives the same bytes, on every day and machine."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import IO

from reportlab.lib.pagesizes import A4, LETTER
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from retina_desktop.domain.report_content import Language, Paper, ReportContent, Template
from retina_desktop.reporting.finishing import DocumentFacts, finish
from retina_desktop.reporting.page_frame import Margins, page_painter
from retina_desktop.reporting.patient_leaflet import patient_leaflet
from retina_desktop.reporting.press import Press
from retina_desktop.reporting.referral_letter import referral_letter
from retina_desktop.reporting.report_canvas import ReportCanvas
from retina_desktop.reporting.report_texts import ReportTexts, load_texts
from retina_desktop.reporting.sheet import Sheet
from retina_desktop.reporting.styles import MM
from retina_desktop.reporting.templates import full_report, summaries
from retina_desktop.reporting.typesetting.font_library import FontLibrary
from retina_desktop.reporting.typesetting.paragraph import Typesetter
from retina_desktop.reporting.typesetting.shaping import Shaper

_SIZES: dict[Paper, tuple[float, float]] = {Paper.A4: A4, Paper.LETTER: LETTER}
_MARGINS = Margins()
# The widest print of a photograph: half the page in the full report, a strip elsewhere.
_PICTURE_SIDES = {
    Template.FULL: 86 * MM,
    Template.SUMMARY: 44 * MM,
    Template.LETTER: 44 * MM,
    Template.LEAFLET: 34 * MM,
}


class ReportAssets:
    """Fonts and texts of the reports, read once; may be shared by threads."""

    def __init__(self, resources: Path) -> None:
        self.fonts = FontLibrary(resources / "fonts")
        self._texts_folder = resources / "report_texts"
        self._texts: dict[Language, ReportTexts] = {}

    def texts(self, language: Language) -> ReportTexts:
        """Return a language's texts."""
        if language not in self._texts:
            self._texts[language] = load_texts(self._texts_folder, language)
        return self._texts[language]


def render_report(
    content: ReportContent,
    *,
    template: Template,
    paper: Paper,
    language: Language,
    assets: ReportAssets,
) -> bytes:
    """Return the report as a PDF.

    Parameters
    ----------
    content : ReportContent
        All that is shown.
    template, paper, language
        For whom, on what, in which words.
    assets : ReportAssets
        Of the program's ``resources`` folder.

    Raises
    ------
    ImageUnreadableError
        If the clinic's logo or the reader's signature is no readable PNG or JPEG.
    """
    job = _Job(content, template, _SIZES[paper], assets, assets.texts(language))
    for drawn in job.attempts():
        if template is not Template.SUMMARY or drawn.pages == 1:
            break
    return finish(drawn.pdf, drawn.press, job.facts())


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    pdf: bytes
    press: Press
    pages: int


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    content: ReportContent
    template: Template
    page_size: tuple[float, float]
    assets: ReportAssets
    texts: ReportTexts

    def attempts(self) -> Iterator[_Drawn]:
        """Draw the report; a summary again and again, shorter each time."""
        sheet = self._new_sheet()
        if self.template is not Template.SUMMARY:
            build = {
                Template.FULL: full_report,
                Template.LETTER: referral_letter,
                Template.LEAFLET: patient_leaflet,
            }[self.template]
            yield self._draw(sheet, build(sheet))
            return
        for story in summaries(sheet):
            sheet.press.clear()
            yield self._draw(sheet, story)

    def facts(self) -> DocumentFacts:
        """Return the metadata; no patient's name, which a file manager would show."""
        title = f"{self.texts(f'title.{self.template.value}')} {self.content.report_id}"
        return DocumentFacts(
            title=title,
            author=self.content.clinic.name,
            language=self.texts.language.value,
            created_at=self.content.created_at.astimezone(UTC),
            archival=self.content.is_signed and not self.content.is_preview,
        )

    def _new_sheet(self) -> Sheet:
        typesetter = Typesetter(self.assets.fonts, Shaper(), self.texts.is_right_to_left)
        return Sheet(
            self.content,
            Press(typesetter, self.texts),
            width=self.page_size[0] - 2 * _MARGINS.side,
            picture_side=_PICTURE_SIDES[self.template],
        )

    def _draw(self, sheet: Sheet, story: list[Flowable]) -> _Drawn:
        file = io.BytesIO()
        width, height = self.page_size
        paint = page_painter(sheet, _MARGINS, self.page_size)

        def make_canvas(_file: str | IO[bytes], /, **_options: object) -> ReportCanvas:
            return ReportCanvas(
                file, press=sheet.press, paint_page=paint, page_size=self.page_size
            )

        def frame(top: float) -> Frame:
            inner = height - top - _MARGINS.bottom
            return Frame(
                _MARGINS.side, _MARGINS.bottom, sheet.width, inner, 0, 0, 0, 0, id=str(top)
            )

        document = BaseDocTemplate(file, pagesize=(width, height), allowSplitting=1)
        first = PageTemplate("first", [frame(_MARGINS.top)], autoNextPageTemplate="later")
        later = PageTemplate("later", [frame(_MARGINS.top + _MARGINS.running)])
        document.addPageTemplates([first, later])
        document.build(story, canvasmaker=make_canvas)
        return _Drawn(file.getvalue(), sheet.press, document.page)
