"""The photographs as a Qt list model: one row each, changed rows only are repainted."""

from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
)

from retina_desktop.gui.screening.state import Photograph, PhotographStatus

_STATUS = {
    PhotographStatus.WAITING: "Waiting",
    PhotographStatus.ANALYSING: "Analysing…",
    PhotographStatus.DONE: "Analysed",
    PhotographStatus.FAILED: "Not analysed",
    PhotographStatus.CANCELLED: "Cancelled",
}

Index = QModelIndex | QPersistentModelIndex


class PhotographRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    PHOTOGRAPH = Qt.ItemDataRole.UserRole


class PhotographModel(QAbstractListModel):
    """Shows a tuple of `Photograph`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._photographs: tuple[Photograph, ...] = ()

    def show(self, photographs: tuple[Photograph, ...]) -> None:
        """Make the rows agree with `photographs`; rows that stay keep the selection."""
        self._remove_missing({photograph.id for photograph in photographs})
        kept = len(self._photographs)
        for row, (before, after) in enumerate(
            zip(self._photographs, photographs, strict=False)
        ):
            if before is not after:
                self._photographs = (
                    *self._photographs[:row],
                    after,
                    *self._photographs[row + 1 :],
                )
                index = self.index(row)
                self.dataChanged.emit(index, index)
        if len(photographs) > kept:
            self.beginInsertRows(QModelIndex(), kept, len(photographs) - 1)
            self._photographs = photographs
            self.endInsertRows()

    def photograph(self, row: int) -> Photograph:
        """Return the photograph of `row`."""
        return self._photographs[row]

    def row_of(self, photograph_id: int | None) -> int:
        """Return the row of a photograph, -1 when it is not there."""
        ids = [photograph.id for photograph in self._photographs]
        return ids.index(photograph_id) if photograph_id in ids else -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of photographs."""
        return 0 if parent.isValid() else len(self._photographs)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return name, tip, spoken text or the photograph itself."""
        if not index.isValid() or index.row() >= len(self._photographs):
            return None
        photograph = self._photographs[index.row()]
        if role == PhotographRole.PHOTOGRAPH:
            return photograph
        if role == Qt.ItemDataRole.DisplayRole:
            return photograph.path.name
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{photograph.path}\n{state_text(photograph)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{photograph.path.name}: {state_text(photograph)}"
        return None

    def _remove_missing(self, ids: set[int]) -> None:
        """Remove rows, neighbours at once: thousands one by one would hold up the window."""
        end = len(self._photographs)
        while end > 0:
            if self._photographs[end - 1].id in ids:
                end -= 1
                continue
            start = end - 1
            while start > 0 and self._photographs[start - 1].id not in ids:
                start -= 1
            self.beginRemoveRows(QModelIndex(), start, end - 1)
            self._photographs = (*self._photographs[:start], *self._photographs[end:])
            self.endRemoveRows()
            end = start


def state_text(photograph: Photograph) -> str:
    """Return what is known of a photograph in a few words, or its error's sentence."""
    if photograph.status is PhotographStatus.FAILED:
        return photograph.error
    if photograph.status is PhotographStatus.DONE and photograph.analysis is not None:
        quality = photograph.analysis.quality
        if not quality.is_fundus:
            return "Not a fundus photograph"
        return photograph.analysis.referral.tier.shown
    return _STATUS[photograph.status]
