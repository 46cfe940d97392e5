"""A patient's visits as a Qt list model, newest first."""

from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, Qt

from retina_desktop.gui.patients.hit_model import Index
from retina_desktop.gui.patients.record_state import VisitLine
from retina_desktop.gui.patients.words import shown_date, shown_state, tr


class VisitRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    LINE = Qt.ItemDataRole.UserRole


class VisitModel(QAbstractListModel):
    """Shows a tuple of `VisitLine`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[VisitLine, ...] = ()

    def show(self, lines: tuple[VisitLine, ...]) -> None:
        """Show `lines`; where only words changed, the scrolling and the mark stay."""
        same = [line.summary.id for line in lines] == [line.summary.id for line in self._lines]
        if not same:
            self.beginResetModel()
            self._lines = lines
            self.endResetModel()
        elif lines != self._lines:
            self._lines = lines
            self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))

    def repaint_images(self, image_ids: frozenset[int]) -> None:
        """Have the rows repainted that show one of these photographs."""
        for row, line in enumerate(self._lines):
            if any(image in image_ids for image, _ in line.images):
                self.dataChanged.emit(self.index(row), self.index(row))

    def line(self, row: int) -> VisitLine:
        """Return the visit of `row`."""
        return self._lines[row]

    def row_of(self, examination_id: int | None) -> int:
        """Return the row of an examination, -1 when it is not listed."""
        ids = [line.summary.id for line in self._lines]
        return ids.index(examination_id) if examination_id in ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of visits."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the date, the spoken row, or the line itself."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == VisitRole.LINE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return shown_date(line.summary.visit_date)
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken_visit(line)
        return None


def spoken_visit(line: VisitLine) -> str:
    """Return everything of a row in sentences."""
    summary = line.summary
    parts = [f"{shown_date(summary.visit_date)}, {shown_state(summary.state)}"]
    parts.append(photographs_text(line))
    if summary.tier is not None:
        parts.append(tier_text(line))
    if line.complete:
        parts.append(tr("Model: {0}").format(line.model_words))
        parts.append(tr("Reader: {0}").format(line.reader_words))
    return "\n".join(parts)


def photographs_text(line: VisitLine) -> str:
    """Return how many photographs there are."""
    count = line.summary.images
    if count == 0:
        return tr("No photograph")
    return tr("1 photograph") if count == 1 else tr("{0} photographs").format(count)


def tier_text(line: VisitLine) -> str:
    """Return the referral in words, and whose word it is."""
    summary = line.summary
    if summary.tier is None:
        return ""
    whose = tr("reader") if summary.reader_tier is not None else tr("model")
    mark = f", {tr(summary.mark.value)}" if summary.mark else ""
    return f"{tr(summary.tier.shown)} \u00b7 {whose}{mark}"
