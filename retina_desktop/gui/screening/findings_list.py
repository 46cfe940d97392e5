"""The list of findings: choosing a label shows its heatmap, choosing a heading folds it."""

from PySide6.QtCore import QEvent, QModelIndex, QSize, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QWidget

from retina_desktop.gui.screening.finding_groups import FindingGroups
from retina_desktop.gui.screening.findings_delegate import FindingsDelegate
from retina_desktop.gui.screening.findings_model import FindingsModel, GroupRow, Index
from retina_desktop.gui.theme import ThemeKeeper


class FindingsList(QListView):
    """Shows `FindingGroups`, with one label chosen."""

    label_chosen = Signal(str)

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.findings = FindingsModel(self)
        self.setModel(self.findings)
        self.setItemDelegate(FindingsDelegate(theme, self))
        self.setAccessibleName(self.tr("Findings"))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.clicked.connect(self._on_clicked)
        self._chosen: str | None = None

    def show_groups(self, groups: FindingGroups, *, chosen: str | None, reliable: bool) -> None:
        """Show findings and mark the chosen one; the same again changes nothing."""
        self.findings.show(groups, reliable=reliable)
        self._chosen = chosen
        self._mark_chosen()

    def choose_next(self, step: int) -> None:
        """Choose the label `step` places below the chosen one."""
        codes = self.findings.assessed_codes()
        if not codes:
            return
        place = codes.index(self._chosen) + step if self._chosen in codes else 0
        self.label_chosen.emit(codes[min(max(place, 0), len(codes) - 1)])

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which label the keyboard or the mouse went to."""
        super().currentChanged(current, previous)
        if not current.isValid() or not self.hasFocus():
            return
        row = self.findings.row(current.row())
        if not isinstance(row, GroupRow) and row.finding.is_assessed:
            self.label_chosen.emit(row.finding.label)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Fold and unfold with Enter and Space."""
        fold = {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}
        if event.key() in fold and self._fold(self.currentIndex()):
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the explanations anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def changeEvent(self, event: QEvent) -> None:
        """Measure anew when the font changes."""
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.scheduleDelayedItemsLayout()

    def minimumSizeHint(self) -> QSize:
        """Return room for a few findings."""
        return QSize(200, 140)

    @Slot(QModelIndex)
    def _on_clicked(self, index: QModelIndex) -> None:
        if self._fold(index) or not index.isValid():
            return
        row = self.findings.row(index.row())
        if not isinstance(row, GroupRow) and row.finding.is_assessed:
            self.label_chosen.emit(row.finding.label)

    def _fold(self, index: QModelIndex) -> bool:
        row = self.findings.row(index.row()) if index.isValid() else None
        if not isinstance(row, GroupRow):
            return False
        self.findings.fold(row.group)
        number = next(
            n
            for n in range(self.findings.rowCount())
            if isinstance(found := self.findings.row(n), GroupRow) and found.group == row.group
        )
        self.setCurrentIndex(self.findings.index(number))
        return True

    def _mark_chosen(self) -> None:
        row = self.findings.row_of(self._chosen)
        current = self.currentIndex()
        if row < 0:
            self.clearSelection()
        elif current.row() != row:
            self.setCurrentIndex(self.findings.index(row))
