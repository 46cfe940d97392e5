"""The files of an import with what would happen to each, or has happened, as a Qt table."""

from enum import IntEnum

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt
from PySide6.QtGui import QColor

from retina_desktop.gui.patients.hit_model import Index
from retina_desktop.gui.patients.words import shown_date, tr
from retina_desktop.gui.sentences import in_own_words
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.services.importing import FileOutcome, ImportedFile, ImportReport

_PLANNED = {
    FileOutcome.NEW_PATIENT: "New patient",
    FileOutcome.NEW_VISIT: "New visit",
    FileOutcome.ADDED: "Added to a visit",
    FileOutcome.ALREADY_THERE: "There already",
    FileOutcome.REFUSED: "Refused",
    FileOutcome.NOT_REACHED: "Not reached",
}


class ImportColumn(IntEnum):
    """The columns in their order."""

    OUTCOME = 0
    FILE = 1
    PATIENT = 2
    EYE = 3
    DAY = 4
    REMARK = 5


_HEADS = {
    ImportColumn.OUTCOME: "Outcome",
    ImportColumn.FILE: "File",
    ImportColumn.PATIENT: "Patient",
    ImportColumn.EYE: "Eye",
    ImportColumn.DAY: "Day",
    ImportColumn.REMARK: "Why, and what to look at",
}


class ImportTable(QAbstractTableModel):
    """Shows an `ImportReport`; refused files first, then those with a remark."""

    def __init__(self, theme: ThemeKeeper, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._files: tuple[ImportedFile, ...] = ()

    def show(self, report: ImportReport | None) -> None:
        """Show `report`; nothing for None."""
        self.beginResetModel()
        files = report.files if report else ()
        self._files = tuple(sorted(files, key=_concern))
        self.endResetModel()

    def remark(self, row: int) -> str:
        """Return why a file is refused, and what to look at, whole."""
        return _text(self._files[row], ImportColumn.REMARK)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of files."""
        return 0 if parent.isValid() else len(self._files)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of columns."""
        return 0 if parent.isValid() else len(ImportColumn)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return a column's head."""
        if orientation is Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return tr(_HEADS[ImportColumn(section)])
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return a cell's text, or its colour where somebody must look."""
        if not index.isValid() or index.row() >= len(self._files):
            return None
        file, column = self._files[index.row()], ImportColumn(index.column())
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return _text(file, column)
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._color(file, column)
        return None

    def _color(self, file: ImportedFile, column: ImportColumn) -> QColor | None:
        colors = self._theme.colors
        if column is ImportColumn.OUTCOME and file.outcome is FileOutcome.REFUSED:
            return QColor(colors.error)
        if column is ImportColumn.REMARK:
            return QColor(colors.error if file.sentence else colors.warning)
        if file.outcome in (FileOutcome.ALREADY_THERE, FileOutcome.NOT_REACHED):
            return QColor(colors.muted)
        return None


def shown_outcome(outcome: FileOutcome) -> str:
    """Return an outcome in a word or two."""
    return tr(_PLANNED[outcome])


def counted_outcomes(report: ImportReport) -> str:
    """Return how many files have which outcome, in one line."""
    return " \u00b7 ".join(
        f"{shown_outcome(outcome)}: {count}"
        for outcome, count in report.counts.items()
        if count
    )


def _concern(file: ImportedFile) -> int:
    if file.outcome is FileOutcome.REFUSED:
        return 0
    return 1 if file.remark else 2


def _text(file: ImportedFile, column: ImportColumn) -> str:
    claim = file.claim
    if column is ImportColumn.OUTCOME:
        return shown_outcome(file.outcome)
    if column is ImportColumn.FILE:
        return claim.path.name
    if column is ImportColumn.PATIENT:
        return " \u00b7 ".join(filter(None, (claim.record_number, claim.name)))
    if column is ImportColumn.EYE:
        return claim.eye.shown if claim.eye else "\u2013"
    if column is ImportColumn.DAY:
        return shown_date(claim.visit_date)
    return " ".join(filter(None, (in_own_words(file.sentence), file.remark)))
