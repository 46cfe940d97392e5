"""The lines of a worklist as a Qt list model."""

from datetime import date
from enum import IntEnum

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from retina_desktop.domain.examinations import AdviceMark, ExaminationSummary
from retina_desktop.gui.patients.words import shown_person, shown_state, tr
from retina_desktop.services.worklist import WorklistLine

Index = QModelIndex | QPersistentModelIndex


class LineRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    LINE = Qt.ItemDataRole.UserRole


class LineModel(QAbstractListModel):
    """Shows a tuple of `WorklistLine`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lines: tuple[WorklistLine, ...] = ()
        self._day = date.min

    def show(self, lines: tuple[WorklistLine, ...], *, day: date) -> None:
        """Show `lines` of `day`; where only states changed, the scrolling stays."""
        self._day = day
        same = [line.visit.id for line in lines] == [line.visit.id for line in self._lines]
        if not same:
            self.beginResetModel()
            self._lines = lines
            self.endResetModel()
        elif lines != self._lines:
            self._lines = lines
            self.dataChanged.emit(self.index(0), self.index(len(lines) - 1))

    @property
    def day(self) -> date:
        """The day that ages are told for."""
        return self._day

    def line(self, row: int) -> WorklistLine:
        """Return the line of `row`."""
        return self._lines[row]

    def row_of(self, examination_id: int | None) -> int:
        """Return the row of an examination, -1 when it is not shown."""
        ids = [line.visit.id for line in self._lines]
        return ids.index(examination_id) if examination_id in ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of lines."""
        return 0 if parent.isValid() else len(self._lines)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name, the spoken line, or the line itself."""
        if not index.isValid() or index.row() >= len(self._lines):
            return None
        line = self._lines[index.row()]
        if role == LineRole.LINE:
            return line
        if role == Qt.ItemDataRole.DisplayRole:
            return line.patient.details.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken_line(line, self._day)
        return None


def spoken_line(line: WorklistLine, day: date) -> str:
    """Return everything of a line in words."""
    details, visit = line.patient.details, line.visit
    tier = tr(visit.tier.shown) if visit.tier else tr("No referral yet")
    person = shown_person(details, day)
    mark = mark_word(visit.mark)
    tier = f"{tier}, {mark}" if mark else tier
    parts = (tier, details.name, details.record_number, person, shown_state(visit.state))
    return "\n".join(filter(None, (*parts, analysed_text(visit))))


def mark_word(mark: AdviceMark) -> str:
    """Return on what frail ground an advice stands, empty on firm ground."""
    return tr(mark.value) if mark.value else ""


def analysed_text(visit: ExaminationSummary) -> str:
    """Return how many photographs there are, and how many still wait for the model."""
    if not visit.images:
        return tr("no photograph")
    words = tr("1 photograph") if visit.images == 1 else tr("{0} photographs")
    waiting = visit.images - visit.analysed_images
    text = words.format(visit.images)
    return f"{text}, {tr('{0} not analysed').format(waiting)}" if waiting else text
