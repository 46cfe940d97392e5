"""What is asked before an import: from where, how files are named, which day."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.patients.date_field import DateField
from retina_desktop.gui.patients.import_state import (
    DEFAULT_PATTERN,
    ImportRequest,
    ImportSource,
)
from retina_desktop.gui.patients.records_dialog import dialog_button
from retina_desktop.gui.patients.words import date_order, tr
from retina_desktop.gui.wrapped_label import WrappedLabel

_SOURCES = {
    ImportSource.FOLDER: "A folder of photographs named by a pattern",
    ImportSource.TABLE: "A table (CSV) that lists photographs",
    ImportSource.DICOM: "A folder of DICOM files",
}
_PATTERN_HINT = (
    "Parts in braces are read: {record_number}, {name}, {eye} (OD, OS, R, L), {date}, "
    "{date:DD.MM.YYYY}; {anything} is passed over; a slash parts folders."
)


class ImportWishesForm(QWidget):
    """Asks, and gives an `ImportRequest` once a folder or table is named."""

    changed = Signal()

    def __init__(
        self,
        choose_folder: Callable[[], Path | None],
        choose_table: Callable[[], Path | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._choose_folder, self._choose_table = choose_folder, choose_table
        self._day: date | None = None
        self.sources = self._build_sources()
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("Folder or table"))
        self.path.textChanged.connect(self.changed)
        self.browse = dialog_button(self.tr("Choose…"))
        self.browse.clicked.connect(self._browse)
        self.pattern = QLineEdit(DEFAULT_PATTERN)
        self.pattern.setAccessibleName(self.tr("How files are named"))
        self.pattern.textChanged.connect(self.changed)
        self.pattern_hint = WrappedLabel("muted")
        self.pattern_hint.setText(tr(_PATTERN_HINT))
        self.date_format = QLineEdit()
        self.date_format.setAccessibleName(self.tr("How the table writes days"))
        self.date_format.setPlaceholderText(self.tr("such as DD/MM/YYYY; empty: 1960-12-31"))
        self.day = DateField(self.tr("Day of undated photographs"), date_order())
        self.day.date_changed.connect(self._on_day)
        self.day_error = WrappedLabel("errorText")
        self.day_error.hide()
        self.day.refused.connect(self.day_error.say)
        self.new_patients = QCheckBox(self.tr("Enter unknown record numbers as new patients"))
        self.new_patients.setAccessibleName(self.new_patients.text())
        self.new_patients.setChecked(True)
        self.analyse = QCheckBox(self.tr("Have the model analyse the photographs"))
        self.analyse.setAccessibleName(self.analyse.text())
        self.analyse.setChecked(True)
        self._lay_out()
        self._render()

    def _build_sources(self) -> dict[ImportSource, QRadioButton]:
        sources, group = {}, QButtonGroup(self)
        for source, words in _SOURCES.items():
            button = QRadioButton(tr(words))
            button.setAccessibleName(tr(words))
            button.clicked.connect(self._render)
            group.addButton(button)
            sources[source] = button
        sources[ImportSource.FOLDER].setChecked(True)
        return sources

    @property
    def source(self) -> ImportSource:
        """Where the photographs come from."""
        return next(source for source, b in self.sources.items() if b.isChecked())

    def request(self) -> ImportRequest | None:
        """Return what is wished; None until a folder or table is named."""
        text = self.path.text().strip()
        if not text:
            return None
        return ImportRequest(
            self.source,
            Path(text),
            pattern=self.pattern.text(),
            date_format=self.date_format.text().strip(),
            visit_date=self._day,
            new_patients=self.new_patients.isChecked(),
            analyse=self.analyse.isChecked() and self.analyse.isEnabled(),
        )

    def offer_model(self, *, there: bool) -> None:
        """Let the model be asked only where one is loaded."""
        self.analyse.setEnabled(there)
        self.analyse.setToolTip("" if there else self.tr("No model is loaded."))

    @Slot()
    def _browse(self) -> None:
        table = self.source is ImportSource.TABLE
        chosen = self._choose_table() if table else self._choose_folder()
        if chosen is not None:
            self.path.setText(str(chosen))

    @Slot()
    def _render(self) -> None:
        source = self.source
        for widget in (self.pattern_label, self.pattern, self.pattern_hint):
            widget.setVisible(source is ImportSource.FOLDER)
        for widget in (self.format_label, self.date_format):
            widget.setVisible(source is ImportSource.TABLE)
        table = source is ImportSource.TABLE
        self.path_label.setText(self.tr("Table") if table else self.tr("Folder"))
        self.changed.emit()

    def _on_day(self, day: date | None) -> None:
        self._day = day

    def _lay_out(self) -> None:
        self.path_label = _name("", self.path)
        self.pattern_label = _name(self.tr("Named like"), self.pattern)
        self.format_label = _name(self.tr("Days in the table"), self.date_format)
        place = QHBoxLayout()
        place.addWidget(self.path, 1)
        place.addWidget(self.browse)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.addWidget(self.path_label, 0, 0)
        grid.addLayout(place, 0, 1)
        grid.addWidget(self.pattern_label, 1, 0)
        grid.addWidget(self.pattern, 1, 1)
        grid.addWidget(self.pattern_hint, 2, 1)
        grid.addWidget(self.format_label, 3, 0)
        grid.addWidget(self.date_format, 3, 1)
        grid.addWidget(_name(self.tr("Day of undated ones"), self.day), 4, 0)
        grid.addWidget(self.day, 4, 1)
        grid.addWidget(self.day_error, 5, 1)
        grid.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for button in self.sources.values():
            layout.addWidget(button)
        layout.addLayout(grid)
        layout.addWidget(self.new_patients)
        layout.addWidget(self.analyse)
        layout.addStretch(1)


def _name(text: str, buddy: QWidget) -> QLabel:
    label = QLabel(text)
    label.setObjectName("fieldName")
    label.setBuddy(buddy)
    return label
