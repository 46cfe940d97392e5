"""The left-hand panel: every open photograph, and the advice if they are one patient's."""

from PySide6.QtCore import QItemSelectionModel, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QLabel, QListView, QVBoxLayout, QWidget

from retina_desktop.gui.screening.photograph_delegate import PhotographDelegate
from retina_desktop.gui.screening.photograph_model import Index, PhotographModel
from retina_desktop.gui.screening.referral_card import ReferralCard
from retina_desktop.gui.screening.state import ScreeningState
from retina_desktop.gui.theme import ThemeKeeper


class PhotographList(QListView):
    """The rows; the current one is on screen."""

    photograph_chosen = Signal(int)  # its id

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.photographs = PhotographModel(self)
        self.setModel(self.photographs)
        self.setItemDelegate(PhotographDelegate(theme, self))
        self.setAccessibleName(self.tr("Photographs"))
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setUniformItemSizes(True)  # thousands of rows must not be measured one by one
        self._rendering = False
        theme.changed.connect(self.viewport().update)

    def render_state(self, state: ScreeningState) -> None:
        """Show the photographs and mark the one on screen."""
        self._rendering = True
        self.photographs.show(state.photographs)
        row = self.photographs.row_of(state.selected_id)
        if row >= 0 and self.currentIndex().row() != row:
            index = self.photographs.index(row)
            self.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.scrollTo(index)
        self._rendering = False

    def currentChanged(self, current: Index, previous: Index) -> None:
        """Tell which photograph the user went to."""
        super().currentChanged(current, previous)
        if current.isValid() and not self._rendering:
            self.photograph_chosen.emit(self.photographs.photograph(current.row()).id)


class PhotographPanel(QWidget):
    """Title with count, the list, and the patient's card."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("photographPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(156)
        self.title = QLabel()
        self.title.setObjectName("panelTitle")
        self.title.setContentsMargins(12, 0, 12, 0)
        self.list = PhotographList(theme)
        self.patient = ReferralCard(
            theme, title=self.tr("If all are of one patient"), compact=True
        )
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 0, 8, 8)
        foot.addWidget(self.patient)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.title)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)

    def render_state(self, state: ScreeningState) -> None:
        """Show the list and the patient's advice."""
        count = len(state.photographs)
        self.title.setText(
            self.tr("Photographs") if not count else self.tr("Photographs ({0})").format(count)
        )
        self.list.render_state(state)
        self.patient.setVisible(state.patient is not None)
        if state.patient is not None:
            self.patient.show_referral(state.patient.tier, state.patient.reason)
