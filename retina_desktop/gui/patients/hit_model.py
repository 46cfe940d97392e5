"""The hits of a search as a Qt list model; scrolling to its end asks for more."""

from datetime import date
from enum import IntEnum

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)

from retina_desktop.domain.patient_search import PatientHit
from retina_desktop.gui.patients.words import shown_date, shown_person, tr

Index = QModelIndex | QPersistentModelIndex


class HitRole(IntEnum):
    """What the delegate asks for beyond Qt's own roles."""

    HIT = Qt.ItemDataRole.UserRole


class HitModel(QAbstractListModel):
    """Shows a tuple of `PatientHit`."""

    more_wanted = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._hits: tuple[PatientHit, ...] = ()
        self._more = False
        self._today = date.min

    def show(self, hits: tuple[PatientHit, ...], *, more: bool, today: date) -> None:
        """Show `hits`; what only grew at its end keeps the scrolling."""
        kept = len(self._hits)
        self._more, self._today = more, today
        if hits[:kept] == self._hits:
            if len(hits) > kept:
                self.beginInsertRows(QModelIndex(), kept, len(hits) - 1)
                self._hits = hits
                self.endInsertRows()
            return
        self.beginResetModel()
        self._hits = hits
        self.endResetModel()

    @property
    def today(self) -> date:
        """The day that ages are told for."""
        return self._today

    def hit(self, row: int) -> PatientHit:
        """Return the hit of `row`."""
        return self._hits[row]

    def row_of(self, patient_id: int | None) -> int:
        """Return the row of a patient, -1 when not listed."""
        for row, hit in enumerate(self._hits):
            if hit.patient.id == patient_id:
                return row
        return -1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """Return the number of hits."""
        return 0 if parent.isValid() else len(self._hits)

    def canFetchMore(self, parent: Index) -> bool:
        """Whether another page follows."""
        return self._more and not parent.isValid()

    def fetchMore(self, parent: Index) -> None:
        """Ask for the next page; its rows come later."""
        if self.canFetchMore(parent):
            self.more_wanted.emit()

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name, the spoken line, or the hit itself."""
        if not index.isValid() or index.row() >= len(self._hits):
            return None
        hit = self._hits[index.row()]
        if role == HitRole.HIT:
            return hit
        if role == Qt.ItemDataRole.DisplayRole:
            return hit.patient.details.name
        if role in (Qt.ItemDataRole.AccessibleTextRole, Qt.ItemDataRole.ToolTipRole):
            return spoken_hit(hit, self._today)
        return None


def spoken_hit(hit: PatientHit, today: date) -> str:
    """Return everything of a row, as a screen reader says it and the tip shows it."""
    details = hit.patient.details
    lines = [details.name, tr("Record number {0}").format(details.record_number)]
    lines.append(shown_person(details, today))
    if hit.also_known_as:
        lines.append(tr("Also known as: {0}").format(", ".join(hit.also_known_as)))
    lines.append(visits_text(hit))
    if hit.unsigned_visits:
        lines.append(tr("{0} not signed").format(hit.unsigned_visits))
    if hit.tier is not None:
        lines.append(tr(hit.tier.shown))
    if hit.similar:
        lines.append(tr("Similar name"))
    return "\n".join(line for line in lines if line)


def visits_text(hit: PatientHit) -> str:
    """Return when the patient was last here."""
    if hit.last_visit is None:
        return tr("No visit yet")
    return tr("Last visit {0}").format(shown_date(hit.last_visit))
