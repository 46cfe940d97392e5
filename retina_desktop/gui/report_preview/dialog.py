"""The report of one examination: looked at, printed, saved; earlier ones given out again."""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QComboBox,
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import StoredReport
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.report_preview.page_canvas import PageCanvas
from retina_desktop.gui.report_preview.pdf_pages import page_sizes, render_page
from retina_desktop.gui.report_preview.printing import PrintJob, prepare_printer
from retina_desktop.gui.report_preview.view_model import Purpose, ReportState, ReportViewModel
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage
    from retina_desktop.services.reports import PrintedReport

_FIRST_SIZE = QSize(940, 760)


class ReportDialog(QDialog):
    """Left the choices and earlier reports, right the pages."""

    def __init__(
        self, tools: PageTools, examination_id: int, *, signed: bool, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Report"))  # and never a patient's name
        self._tools = tools
        self._target: Path | None = None
        self._printer: QPrinter | None = None
        self._job: PrintJob | None = None
        self._shown: bytes = b""
        self.model = ReportViewModel(
            tools.session, tools.lanes.pictures, examination_id, parent=self
        )
        self.template, self.paper = QComboBox(), QComboBox()
        self.language = QComboBox()
        self.earlier = QListWidget()
        self.canvas = PageCanvas()
        self.draft_note = WrappedLabel("caution", self)
        if not signed:
            self.draft_note.say(self.tr("Not signed: every page is marked as a draft."))
        self.status = WrappedLabel("muted", self)
        self.problem = WrappedLabel("errorText", self)
        self.print_button = QPushButton(self.tr("&Print…"))
        self.save_button = QPushButton(self.tr("&Save as PDF…"))
        self.close_button = QPushButton(self.tr("Close"))
        self.current_button = QPushButton(self.tr("Show the current state"))
        self._fill()
        self._lay_out()
        self._connect()
        self.resize(_FIRST_SIZE)
        self.render_state(self.model.state)
        self.model.begin()

    # -- asked of the user; tests answer in their place --------------------------------------

    def ask_target(self, suggestion: str) -> Path | None:
        """Ask where to save the PDF."""
        name, _ = QFileDialog.getSaveFileName(
            self, self.tr("Save report"), suggestion, self.tr("PDF (*.pdf)")
        )
        if not name:
            return None
        path = Path(name)
        return path if path.suffix.lower() == ".pdf" else path.with_name(f"{path.name}.pdf")

    def ask_printer(self) -> QPrinter | None:
        """Ask for the printer and the pages."""
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        prepare_printer(printer, self.model.state.sizes)
        dialog = QPrintDialog(printer, self)
        dialog.setMinMax(1, len(self.model.state.sizes))
        accepted = dialog.exec() == QDialog.DialogCode.Accepted
        dialog.deleteLater()
        return printer if accepted else None

    # -- state in --------------------------------------------------------------------------

    @Slot(object)
    def render_state(self, state: ReportState) -> None:
        """Show the choices, the pages, and what can be done."""
        for box, value in (
            (self.template, state.template.value),
            (self.paper, state.paper.value),
            (self.language, state.language.value),
        ):
            box.setCurrentIndex(box.findData(value))
        if state.pdf is not self._shown:
            self._shown = state.pdf
            self.canvas.show_pages(state.sizes)
        if not state.pdf:
            words = state.problem or self.tr("Making the report…")
            self.canvas.show_message(words)
        self.problem.say(state.problem)
        busy = self.tr("Making the report…") if state.busy else ""
        what = self.tr("Report {0}, as it was given out").format(state.number)
        preview = self.tr("Preview; it gets a number when it is printed or saved")
        self.status.say(busy or (what if state.number else preview))
        ready = bool(state.pdf) and not state.busy and not state.may_make and not self._job
        for button in (self.print_button, self.save_button):
            button.setEnabled(ready)
            button.setToolTip(state.may_make)
        self.current_button.setVisible(bool(state.number))
        self._show_earlier(state.earlier, state.number)

    # -- doing -----------------------------------------------------------------------------

    @Slot()
    def save(self) -> None:
        """Ask where, then make the report and write it there."""
        number = self.model.state.number
        self._target = self.ask_target(f"report-{number}.pdf" if number else "report.pdf")
        if self._target is not None:
            self.model.make(Purpose.SAVE)

    @Slot()
    def print_out(self) -> None:
        """Ask for the printer, then make the report and print it."""
        if not self.model.state.sizes:
            return
        self._printer = self.ask_printer()
        if self._printer is not None:
            self.model.make(Purpose.PRINT)

    def done(self, result: int) -> None:
        """Want no more answers."""
        self.model.stop()
        super().done(result)

    @Slot(object, object)
    def _on_made(self, printed: "PrintedReport", purpose: Purpose) -> None:
        if purpose is Purpose.SAVE and self._target is not None:
            self._write(printed.pdf, self._target)
        elif purpose is Purpose.PRINT and self._printer is not None:
            self._print(printed.pdf, self._printer)

    def _write(self, pdf: bytes, target: Path) -> None:
        from retina_desktop.services.whole_files import write_whole

        def write(_context: TaskContext) -> Path:
            write_whole(target, pdf)
            return target

        handle = self._tools.lanes.files.prepare(write)
        handle.succeeded.connect(self._on_written)
        handle.failed.connect(self._on_failed)
        handle.start()

    def _print(self, pdf: bytes, printer: QPrinter) -> None:
        sizes = page_sizes(pdf)
        self._job = job = PrintJob(pdf, sizes, printer, self._tools.lanes.pictures, self)
        job.progressed.connect(self._on_printing)
        job.finished.connect(self._on_printed)
        job.failed.connect(self._on_failed)
        job.start()
        self.render_state(self.model.state)

    @Slot(object)
    def _on_written(self, target: Path) -> None:
        self.status.say(self.tr("Saved: {0}").format(target.name))

    @Slot(int, int)
    def _on_printing(self, done: int, count: int) -> None:
        self.status.say(self.tr("Printing page {0} of {1}").format(done, count))

    @Slot()
    def _on_printed(self) -> None:
        self._job = self._printer = None
        self.render_state(self.model.state)
        self.status.say(self.tr("Handed to the printer."))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._job = None
        self.render_state(self.model.state)
        self.problem.say(self._tools.notifications.sentence_of(error))

    # -- pages -----------------------------------------------------------------------------

    @Slot(int, float)
    def _on_page_wanted(self, number: int, dpi: float) -> None:
        pdf = self.model.state.pdf

        def draw(_context: TaskContext) -> "tuple[bytes, int, float, RgbImage]":
            return pdf, number, dpi, render_page(pdf, number, dpi=dpi)

        handle = self._tools.lanes.pictures.prepare(draw)
        handle.succeeded.connect(self._on_page)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_page(self, answer: "tuple[bytes, int, float, RgbImage]") -> None:
        pdf, number, dpi, pixels = answer
        if pdf is self.model.state.pdf:
            self.canvas.put_page(number, dpi, pixels)

    @Slot(int)
    def _on_page_in_sight(self, number: int) -> None:
        self.place.setText(f"{number + 1} / {len(self.model.state.sizes)}")

    # -- building --------------------------------------------------------------------------

    def _show_earlier(self, reports: tuple[StoredReport, ...], shown: str) -> None:
        numbers = [
            self.earlier.item(i).data(Qt.ItemDataRole.UserRole)
            for i in range(self.earlier.count())
        ]
        if numbers != [report.number for report in reports]:
            self.earlier.clear()
            for report in reports:
                draft = self.tr(", draft") if report.draft else ""
                moment = report.made_at.astimezone()
                words = (
                    f"{report.number}{draft}\n{report.template.shown}, {moment:%Y-%m-%d %H:%M}"
                )
                item = QListWidgetItem(words)
                item.setData(Qt.ItemDataRole.UserRole, report.number)
                self.earlier.addItem(item)
        for row in range(self.earlier.count()):
            item = self.earlier.item(row)
            item.setSelected(item.data(Qt.ItemDataRole.UserRole) == shown)

    def _fill(self) -> None:
        for box, name, choices in (
            (self.template, self.tr("Template"), [(t.shown, t.value) for t in Template]),
            (self.paper, self.tr("Paper"), [(p.shown, p.value) for p in Paper]),
            (self.language, self.tr("Language"), [(x.shown, x.value) for x in Language]),
        ):
            box.setAccessibleName(name)
            for words, value in choices:
                box.addItem(words, value)
        self.earlier.setAccessibleName(self.tr("Earlier reports of this examination"))

    def _connect(self) -> None:
        model = self.model
        model.state_changed.connect(self.render_state)
        model.made.connect(self._on_made)
        model.failed.connect(self._tools.notifications.report)
        self.template.activated.connect(
            lambda _: model.choose(template=Template(self.template.currentData()))
        )
        self.paper.activated.connect(
            lambda _: model.choose(paper=Paper(self.paper.currentData()))
        )
        self.language.activated.connect(
            lambda _: model.choose(language=Language(self.language.currentData()))
        )
        self.earlier.itemActivated.connect(self._on_earlier)
        self.earlier.itemClicked.connect(self._on_earlier)
        self.current_button.clicked.connect(model.preview)
        self.print_button.clicked.connect(self.print_out)
        self.save_button.clicked.connect(self.save)
        self.close_button.clicked.connect(self.reject)
        self.canvas.page_wanted.connect(self._on_page_wanted)
        self.canvas.page_in_sight.connect(self._on_page_in_sight)

    def _on_earlier(self, item: QListWidgetItem) -> None:
        self.model.show_earlier(str(item.data(Qt.ItemDataRole.UserRole)))

    def _lay_out(self) -> None:
        side = QVBoxLayout()
        side.setSpacing(6)
        for words, field in (
            (self.tr("For"), self.template),
            (self.tr("Paper"), self.paper),
            (self.tr("Language"), self.language),
            (self.tr("Earlier reports"), self.earlier),
        ):
            label = QLabel(words)
            label.setObjectName("fieldName")
            label.setBuddy(field)
            side.addWidget(label)
            side.addWidget(field, 1 if field is self.earlier else 0)
        side.addWidget(self.current_button)
        for part in (self.draft_note, self.status, self.problem):
            side.addWidget(part)
        self.save_button.setObjectName("primary")
        for push in (self.print_button, self.save_button, self.close_button):
            push.setAutoDefault(False)
            side.addWidget(push)
        left = QWidget()
        left.setFixedWidth(232)
        left.setLayout(side)
        self.place = QLabel()
        bar = QHBoxLayout()
        bar.setContentsMargins(4, 4, 4, 4)
        for words, tip, act in (
            ("\u2212", self.tr("Smaller"), lambda: self.canvas.zoom_one_stop(closer=False)),
            ("+", self.tr("Larger"), lambda: self.canvas.zoom_one_stop(closer=True)),
            (self.tr("Fit width"), self.tr("Fit the width"), self.canvas.fit_width),
        ):
            button = QToolButton()
            button.setText(words)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.clicked.connect(act)
            bar.addWidget(button)
        bar.addStretch(1)
        bar.addWidget(self.place)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addLayout(bar)
        right.addWidget(self.canvas, 1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.addWidget(left)
        layout.addLayout(right, 1)
