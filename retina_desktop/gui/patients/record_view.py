"""A patient's record: head, visits newest first, and the course of a finding below them."""

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import (
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QListView,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.patients.hit_model import Index
from retina_desktop.gui.patients.record_header import RecordHeader
from retina_desktop.gui.patients.record_state import RecordState
from retina_desktop.gui.patients.thumbnails import Thumbnails
from retina_desktop.gui.patients.trend_chart import TrendChart
from retina_desktop.gui.patients.visit_delegate import VisitDelegate
from retina_desktop.gui.patients.visit_model import VisitModel
from retina_desktop.gui.screening.drop_hint import DropHint, dropped_paths
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class RecordView(QWidget):
    """Shows a `RecordState`; photographs can be dropped anywhere on it."""

    visit_chosen = Signal(int)  # to be opened
    visit_marked = Signal(int)
    trend_chosen = Signal(str)
    photographs_dropped = Signal(object)  # Sequence[Path]
    cancel_requested = Signal()

    def __init__(
        self, theme: ThemeKeeper, thumbnails: Thumbnails, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setAcceptDrops(True)
        self._rendering = False
        self._shown_patient: int | None = None
        self.header = RecordHeader()
        self.error = WrappedLabel("errorText")
        self.busy = QLabel()
        self.busy.setObjectName("muted")
        self.cancel_button = QPushButton(self.tr("Cancel"))
        self.cancel_button.setObjectName("flat")
        self.cancel_button.setAccessibleName(self.tr("Cancel"))
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.visits = VisitModel(self)
        self.list = self._build_list(theme, thumbnails)
        self.message = WrappedLabel("muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.message.setContentsMargins(16, 32, 16, 16)
        expanding = QSizePolicy.Policy.Expanding
        self.message.setSizePolicy(expanding, expanding)
        self.chart = TrendChart(theme)
        self.labels = QComboBox()
        self.labels.setAccessibleName(self.tr("Finding whose course is drawn"))
        self.labels.currentIndexChanged.connect(self._on_label)
        self.course = self._build_course()
        self._lay_out()
        self._hint = DropHint(self)
        self._hint.findChildren(QLabel)[0].setText(self.tr("Drop to add to this patient"))
        thumbnails.arrived.connect(self.visits.repaint_images)

    def render_state(self, state: RecordState) -> None:
        """Show the patient, the visits and the chosen course."""
        self._rendering = True
        self.header.render_state(state)
        self.error.say(state.error)
        for widget in (self.busy, self.cancel_button):
            widget.setVisible(bool(state.busy))
        self.busy.setText(state.busy)
        self.visits.show(state.visits)
        patient_id = state.patient.id if state.patient else None
        if patient_id != self._shown_patient:
            self._shown_patient = patient_id
            self.list.scrollToTop()
        row = self.visits.row_of(state.selected_visit)
        if row >= 0 and self.list.currentIndex().row() != row:
            self.list.setCurrentIndex(self.visits.index(row))
        self._render_course(state)
        if state.loading:
            self.message.setText(self.tr("Opening…"))
        else:
            self.message.setText(
                self.tr("No visit yet. Drop photographs here, or begin a new examination.")
            )
        self._pages.setCurrentWidget(self.list if state.visits else self.message)
        self._rendering = False

    # -- keys and drops --------------------------------------------------------------------

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Enter open the marked visit."""
        if watched is self.list and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in _OPEN and self.list.currentIndex().isValid():
                self._open(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files, and show that they can be let go here."""
        if self._shown_patient is not None and dropped_paths(event.mimeData()):
            self._hint.cover()
            event.acceptProposedAction()

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """Take the sign away."""
        self._hint.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the files on."""
        self._hint.hide()
        paths = dropped_paths(event.mimeData())
        if paths and self._shown_patient is not None:
            event.acceptProposedAction()
            self.photographs_dropped.emit(paths)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the course no more room than the visits can spare."""
        super().resizeEvent(event)
        if self._hint.isVisible():
            self._hint.cover()

    # -- inside ----------------------------------------------------------------------------

    def _render_course(self, state: RecordState) -> None:
        with QSignalBlocker(self.labels):
            codes = [self.labels.itemData(row) for row in range(self.labels.count())]
            wanted = [trend.code for trend in state.trends]
            if codes != wanted:
                self.labels.clear()
                for trend in state.trends:
                    self.labels.addItem(trend.name, trend.code)
            self.labels.setCurrentIndex(self.labels.findData(state.trend_code))
        self.chart.show_trend(state.trend)
        self.course.setVisible(bool(state.trends))

    def _build_list(self, theme: ThemeKeeper, thumbnails: Thumbnails) -> QListView:
        view = QListView()
        view.setModel(self.visits)
        view.setItemDelegate(VisitDelegate(theme, thumbnails, view))
        view.setAccessibleName(self.tr("Visits, newest first"))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setUniformItemSizes(True)
        view.setMinimumHeight(110)
        view.doubleClicked.connect(self._open)
        view.installEventFilter(self)
        view.selectionModel().currentChanged.connect(self._mark)
        theme.changed.connect(view.viewport().update)
        return view

    def _build_course(self) -> QWidget:
        box = QFrame()
        box.setObjectName("course")
        head = QHBoxLayout()
        title = QLabel(self.tr("Course of"))
        title.setObjectName("panelTitle")
        title.setBuddy(self.labels)
        self.labels.setMinimumContentsLength(14)
        policy = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        self.labels.setSizeAdjustPolicy(policy)
        key = QLabel(
            self.tr("\u25cf\u2500 OD   \u25a1\u254c OS   \u00b7\u00b7\u00b7 threshold")
        )
        key.setObjectName("muted")
        key.setAccessibleName(self.tr("Discs: right eye, squares: left eye, dots: threshold"))
        signs = QLabel(self.tr("Reader: + present  \u2212 absent  ? questionable"))
        signs.setObjectName("muted")
        signs.setMinimumSize(QSize(0, 0))
        signs.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        head.addWidget(title)
        head.addWidget(self.labels)
        head.addSpacing(10)
        head.addWidget(key)
        head.addSpacing(10)
        head.addWidget(signs, 1)
        column = QVBoxLayout(box)
        column.setContentsMargins(18, 6, 10, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.chart, 1)
        return box

    def _lay_out(self) -> None:
        running = QHBoxLayout()
        running.addWidget(self.busy)
        running.addWidget(self.cancel_button)
        running.addStretch(1)
        words = QVBoxLayout()
        words.setContentsMargins(18, 0, 18, 4)
        words.addWidget(self.error)
        words.addLayout(running)
        pages = QWidget()
        self._pages = QStackedLayout(pages)
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.message)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(1)
        self.splitter.addWidget(pages)
        self.splitter.addWidget(self.course)
        self.splitter.setStretchFactor(0, 1)
        self.splitter.setCollapsible(0, False)  # noqa: FBT003 - Qt has no names
        self.splitter.setSizes([420, 190])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.header)
        layout.addLayout(words)
        layout.addWidget(self.splitter, 1)

    def _on_label(self, index: int) -> None:
        self.trend_chosen.emit(self.labels.itemData(index))

    def _mark(self, current: Index, _previous: Index) -> None:
        if current.isValid() and not self._rendering:
            self.visit_marked.emit(self.visits.line(current.row()).summary.id)

    def _open(self, index: Index) -> None:
        self.visit_chosen.emit(self.visits.line(index.row()).summary.id)
