"""The left half of the Patients page: the field, what narrows it, and the hits."""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.patients.date_field import add_clear_button
from retina_desktop.gui.patients.filter_row import FilterRow
from retina_desktop.gui.patients.hit_delegate import HitDelegate
from retina_desktop.gui.patients.hit_model import HitModel, Index
from retina_desktop.gui.patients.search_state import SearchState
from retina_desktop.gui.patients.typed_dates import DateOrder
from retina_desktop.gui.patients.words import today
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_TO_LIST = (Qt.Key.Key_Down, Qt.Key.Key_PageDown)
_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class SearchPanel(QWidget):
    """Shows a `SearchState`; Enter opens the patient that is marked, or else the first."""

    words_typed = Signal(str)
    filters_changed = Signal(object)  # SearchFilters
    more_wanted = Signal()
    patient_chosen = Signal(int)  # opened by Enter or a click
    new_requested = Signal()
    import_requested = Signal()

    def __init__(
        self, theme: ThemeKeeper, order: DateOrder, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("photographPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(280)
        self.field = self._build_field()
        self.new_button = QPushButton(self.tr("New patient"))
        self.new_button.setObjectName("primary")
        self.new_button.setAccessibleName(self.tr("New patient"))
        self.new_button.setToolTip(self.tr("Enter a new patient (Ctrl+N)"))
        self.new_button.clicked.connect(self.new_requested)
        self.filters = FilterRow(order)
        self.filters.filters_changed.connect(self.filters_changed)
        self.hits = HitModel(self)
        self.hits.more_wanted.connect(self.more_wanted)
        self.list = self._build_list(theme)
        self.message = WrappedLabel("muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.message.setContentsMargins(16, 28, 16, 16)
        expanding = QSizePolicy.Policy.Expanding
        self.message.setSizePolicy(expanding, expanding)
        self.error = WrappedLabel("errorText")
        self.error.hide()
        self.count = QLabel()
        self.count.setObjectName("muted")
        self.import_button = QPushButton(self.tr("Import…"))
        self.import_button.setObjectName("flat")
        self.import_button.setAccessibleName(self.tr("Import patients and photographs"))
        self.import_button.setToolTip(
            self.tr("Bring in photographs from a folder, a table or DICOM files")
        )
        self.import_button.clicked.connect(self.import_requested)
        self._lay_out()

    def render_state(self, state: SearchState) -> None:
        """Show the words, the hits and what is to be said instead of them."""
        if self.field.text() != state.words:
            with QSignalBlocker(self.field):
                self.field.setText(state.words)
        self.filters.render_filters(state.filters)
        self.hits.show(state.hits, more=state.more, today=today())
        self._mark(state.selected_id)
        self.error.say(state.error)
        self.count.setText(self._counted(state))
        empty = not state.hits and (state.answered or bool(state.error))
        if empty and state.answered and not state.error:
            self.message.setText(self._nothing_found(state))
        self._pages.setCurrentWidget(self.message if empty and not state.error else self.list)

    def go_to_field(self) -> None:
        """Put the keyboard into the field, ready to type over what stands there."""
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let the field's arrows walk into the list, and its Enter open the first hit."""
        if watched is self.field and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in _TO_LIST and self.hits.rowCount():
                self.list.setFocus(Qt.FocusReason.OtherFocusReason)
                if not self.list.currentIndex().isValid():
                    self.list.setCurrentIndex(self.hits.index(0))
                return True
            if pressed and event.key() in _OPEN and self.hits.rowCount():
                self._choose(self.hits.index(0))
                return True
        if watched is self.list and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in _OPEN and self.list.currentIndex().isValid():
                self._choose(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _build_field(self) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(self.tr("Name or record number"))
        field.setAccessibleName(self.tr("Search patients by name or record number"))
        field.setToolTip(self.tr("Search by name or record number (Ctrl+F)"))
        add_clear_button(field)
        field.setMaxLength(200)
        field.textChanged.connect(self.words_typed)
        field.installEventFilter(self)
        return field

    def _build_list(self, theme: ThemeKeeper) -> QListView:
        view = QListView()
        view.setModel(self.hits)
        view.setItemDelegate(HitDelegate(theme, view))
        view.setAccessibleName(self.tr("Patients found"))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setUniformItemSizes(True)
        view.clicked.connect(self._choose)
        view.installEventFilter(self)
        theme.changed.connect(view.viewport().update)
        return view

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.field, 1)
        top.addWidget(self.new_button)
        head = QVBoxLayout()
        head.setContentsMargins(10, 10, 10, 0)
        head.setSpacing(7)
        head.addLayout(top)
        head.addWidget(self.filters)
        head.addWidget(self.error)
        foot = QHBoxLayout()
        foot.setContentsMargins(10, 2, 10, 6)
        foot.addWidget(self.count, 1)
        foot.addWidget(self.import_button)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(head)
        layout.addLayout(self._pages, 1)
        layout.addLayout(foot)

    def _mark(self, patient_id: int | None) -> None:
        row = self.hits.row_of(patient_id)
        if row >= 0 and self.list.currentIndex().row() != row:
            with QSignalBlocker(self.list.selectionModel()):
                self.list.setCurrentIndex(self.hits.index(row))
            self.list.viewport().update()

    def _choose(self, index: Index) -> None:
        self.patient_chosen.emit(self.hits.hit(index.row()).patient.id)

    def _counted(self, state: SearchState) -> str:
        if state.searching and not state.hits:
            return self.tr("Searching…")
        if not state.hits:
            return ""
        count = f"{len(state.hits)}+" if state.more else str(len(state.hits))
        if count == "1":
            return self.tr("1 patient")
        return self.tr("{0} patients").format(count)

    def _nothing_found(self, state: SearchState) -> str:
        if state.words.strip() or state.filters.any:
            return self.tr(
                "No patient fits. Check the spelling and the filters, or enter a new patient."
            )
        return self.tr("No patient yet. Enter the first one, or import photographs.")
