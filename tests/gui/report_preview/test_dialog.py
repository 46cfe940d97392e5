"""A report is looked at, saved, printed and given out again; each from real records."""

import pypdfium2
import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter

from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.users import Role
from retina_desktop.gui.report_preview.dialog import ReportDialog
from retina_desktop.gui.report_preview.printing import LEAST_DPI, prepare_printer
from tests.gui.report_preview.conftest import is_shown


def text_of(pdf) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(page.get_textpage().get_text_range() for page in document)


def test_the_preview_shows_its_pages(qtbot, dialog):
    qtbot.waitUntil(lambda: bool(dialog.canvas._pictures), timeout=20_000)

    assert dialog.draft_note.isVisible()
    assert "Preview" in dialog.status.text()
    assert dialog.canvas.fits_width
    picture = dialog.canvas.viewport().grab().toImage()
    across = range(picture.width() // 8, picture.width() // 2, 2)
    lightness = [
        picture.pixelColor(x, y).lightness() for y in range(20, 200, 2) for x in across
    ]
    assert min(lightness) < 90  # there is ink
    assert max(lightness) == 255  # on white


def test_choices_are_followed(qtbot, dialog):
    dialog.template.setCurrentIndex(dialog.template.findData(Template.LEAFLET.value))
    dialog.template.activated.emit(dialog.template.currentIndex())
    dialog.model.choose(paper=Paper.LETTER, language=Language.SPANISH)
    qtbot.waitUntil(lambda: is_shown(dialog), timeout=20_000)

    state = dialog.model.state
    assert state.template is Template.LEAFLET
    assert state.sizes[0].width == pytest.approx(612, abs=1)
    qtbot.waitUntil(lambda: bool(dialog.canvas._pictures), timeout=20_000)


def test_zoom_and_page_keys(qtbot, dialog):
    canvas = dialog.canvas
    before = canvas.zoom
    canvas.zoom_one_stop(closer=True)
    assert canvas.zoom > before
    assert not canvas.fits_width
    canvas.setFocus()
    qtbot.keyClick(canvas, Qt.Key.Key_End)
    assert canvas.current_page == len(dialog.model.state.sizes) - 1
    qtbot.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.current_page == 0


def test_saving_keeps_the_report_and_it_is_given_out_again_byte_for_byte(
    qtbot, dialog, tmp_path
):
    first, second = tmp_path / "one.pdf", tmp_path / "two.pdf"
    dialog.ask_target = lambda suggestion: first
    dialog.save_button.click()
    qtbot.waitUntil(lambda: first.exists() and dialog.earlier.count() == 1, timeout=20_000)
    number = dialog.model.state.earlier[0].number
    assert number in text_of(first.read_bytes())

    dialog.earlier.itemClicked.emit(dialog.earlier.item(0))
    qtbot.waitUntil(
        lambda: dialog.model.state.number == number and is_shown(dialog), timeout=20_000
    )
    asked = []
    dialog.ask_target = lambda suggestion: asked.append(suggestion) or second
    dialog.save_button.click()
    qtbot.waitUntil(second.exists, timeout=20_000)

    assert second.read_bytes() == first.read_bytes()
    assert asked == [f"report-{number}.pdf"]
    assert len(dialog.model.state.earlier) == 1
    dialog.current_button.click()
    qtbot.waitUntil(
        lambda: dialog.model.state.number == "" and is_shown(dialog), timeout=20_000
    )


def test_printing_is_sharp_and_on_the_reports_paper(qtbot, dialog, tmp_path):
    target = tmp_path / "printed.pdf"
    densities = []

    def printer_to_file():
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
        printer.setOutputFileName(str(target))
        printer.setResolution(LEAST_DPI)
        prepare_printer(printer, dialog.model.state.sizes)
        densities.append(printer.resolution())
        return printer

    dialog.ask_printer = printer_to_file
    dialog.print_button.click()
    qtbot.waitUntil(lambda: "Handed" in dialog.status.text(), timeout=60_000)

    printed = pypdfium2.PdfDocument(target.read_bytes())
    assert densities[0] >= LEAST_DPI
    assert len(printed) == len(dialog.model.state.sizes)
    assert printed.get_page_size(0) == pytest.approx((595, 842), abs=2)
    page = printed[0].render(scale=0.5).to_numpy()
    assert page.min() < 120


def test_a_cancelled_question_makes_no_report(dialog, session):
    dialog.ask_target = lambda suggestion: None
    dialog.ask_printer = lambda: None
    dialog.save_button.click()
    dialog.print_button.click()

    reports = session.services.patients.reports.listed
    assert reports.newest(session.services.acting, 5) == ()


def test_who_may_not_export_sees_why(qtbot, clinic, session, tools, page, photographed):
    number = photographed("a.jpg")
    session.log_out()
    clinic.roles = frozenset({Role.TECHNICIAN})
    with qtbot.waitSignal(session.opened, timeout=10_000):
        session.open(None, "quiet lamp over the river")
    dialog = ReportDialog(tools, number, signed=False, parent=page)
    dialog.show()
    qtbot.waitUntil(lambda: is_shown(dialog), timeout=20_000)

    assert not dialog.save_button.isEnabled()
    assert "role" in dialog.save_button.toolTip()
    dialog.reject()
