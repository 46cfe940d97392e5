"""The worklist: the day, how far its examinations are, and who waits."""

from datetime import date

from PySide6.QtCore import QDate, QEvent, QLocale, QObject, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QDateEdit,
    QHBoxLayout,
    QLabel,
    QListView,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QStackedLayout,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.gui.patients.words import shown_state, today
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.worklist.line_delegate import LineDelegate
from retina_desktop.gui.worklist.line_model import Index, LineModel
from retina_desktop.gui.worklist.state import WorklistState
from retina_desktop.gui.wrapped_label import WrappedLabel

_STEPS = 1000  # of the progress bar
_OPEN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_FILTERS = (None, *ExaminationState)


class WorklistView(QWidget):
    """Shows a `WorklistState`; every intention is a signal."""

    day_chosen = Signal(object)  # date
    day_stepped = Signal(int)
    today_requested = Signal()
    filter_chosen = Signal(object)  # ExaminationState | None
    line_marked = Signal(int)
    examination_chosen = Signal(int)
    next_requested = Signal()
    analyse_requested = Signal()
    print_requested = Signal()
    export_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rendering = False
        self.lines = LineModel(self)
        self.list = self._build_list(theme)
        self.title = QLabel(self.tr("Worklist"))
        self.title.setObjectName("pageTitle")
        self.day_edit = self._build_day()
        self.before = self._arrow("day_before", self.tr("Day before"), "Ctrl+Left", -1)
        self.after = self._arrow("day_after", self.tr("Day after"), "Ctrl+Right", 1)
        self.today_button = _push(self.tr("Today"), "", self.tr("Show today (T)"))
        self.today_button.clicked.connect(self.today_requested)
        self.next_button = _push(
            self.tr("Next to read"), "primary", self.tr("Open the most urgent that waits (N)")
        )
        self.next_button.clicked.connect(self.next_requested)
        self.analyse_button = _push("", "", "")
        self.analyse_button.clicked.connect(self.analyse_requested)
        self.print_button = _push(
            self.tr("Day's reports…"), "", self.tr("Make the reports of all signed (Ctrl+P)")
        )
        self.print_button.clicked.connect(self.print_requested)
        self.export_button = _push(
            self.tr("Export list…"), "", self.tr("Save the day's list for a spreadsheet")
        )
        self.export_button.clicked.connect(self.export_requested)
        self.chips = self._build_chips()
        self._build_messages()
        self._lay_out()
        theme.changed.connect(self._tint)
        self._tint()

    def render_state(self, state: WorklistState) -> None:
        """Show the day, the counts and the lines."""
        self._rendering = True
        with QSignalBlocker(self.day_edit):
            self.day_edit.setDate(QDate(state.day.year, state.day.month, state.day.day))
        self.today_button.setEnabled(state.day != today())
        for wanted, chip in zip(_FILTERS, self.chips, strict=True):
            count = state.counts[wanted] if wanted else len(state.all_lines)
            word = shown_state(wanted) if wanted else self.tr("All")
            chip.setText(f"{word}  {count}")
            chip.setAccessibleName(self.tr("{0}: {1}").format(word, count))
            chip.setChecked(wanted is state.shown_state)
        self.lines.show(state.lines, day=state.day)
        row = self.lines.row_of(state.selected_id)
        if row >= 0 and self.list.currentIndex().row() != row:
            self.list.setCurrentIndex(self.lines.index(row))
        self._render_messages(state)
        self._rendering = False

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Let Enter open the marked line."""
        if watched is self.list and isinstance(event, QKeyEvent):
            pressed = event.type() == QEvent.Type.KeyPress
            if pressed and event.key() in _OPEN and self.list.currentIndex().isValid():
                self._open(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)

    def _render_messages(self, state: WorklistState) -> None:
        known = state.worklist is not None
        self.error.say(state.error)
        self.notice.say(state.notice)
        busy = bool(state.busy)
        for widget in (self.busy, self.progress, self.cancel_button):
            widget.setVisible(busy)
        self.busy.setText(state.busy)
        self.progress.setValue(round(_STEPS * state.progress))
        any_lines = bool(state.all_lines)
        self.next_button.setEnabled(state.next_to_read() is not None)
        self.print_button.setEnabled(any_lines and not busy)
        self.export_button.setEnabled(any_lines and not busy)
        self._render_analyse(state)
        if known and not any_lines:
            self.message.setText(self.tr("No examination on this day."))
        elif known:
            self.message.setText(self.tr("No examination of this day is in this state."))
        else:
            self.message.setText("" if state.error else self.tr("Reading the list…"))
        self._pages.setCurrentWidget(self.list if state.lines else self.message)

    def _render_analyse(self, state: WorklistState) -> None:
        captured = len(state.captured)
        words = self.tr("Analyse {0} captured").format(captured)
        self.analyse_button.setVisible(bool(captured))
        self.analyse_button.setText(words)
        self.analyse_button.setAccessibleName(words)
        self.analyse_button.setEnabled(not state.why_not_analyse and not state.busy)
        waiting = sum(line.visit.images - line.visit.analysed_images for line in state.captured)
        tip = self.tr("Have the model look at the photographs not analysed: {0}")
        self.analyse_button.setToolTip(state.why_not_analyse or tip.format(waiting))

    def _build_messages(self) -> None:
        self.error = WrappedLabel("errorText")
        self.notice = WrappedLabel("muted")
        self.busy = QLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress"))
        self.cancel_button = _push(self.tr("Cancel"), "flat", self.tr("Stop this"))
        self.cancel_button.clicked.connect(self.cancel_requested)
        self.message = WrappedLabel("muted")
        self.message.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.message.setContentsMargins(16, 40, 16, 16)
        expanding = QSizePolicy.Policy.Expanding
        self.message.setSizePolicy(expanding, expanding)

    def _build_list(self, theme: ThemeKeeper) -> QListView:
        view = QListView()
        view.setModel(self.lines)
        view.setItemDelegate(LineDelegate(theme, view))
        view.setAccessibleName(self.tr("Examinations of the day"))
        view.setMouseTracking(True)
        view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        view.setUniformItemSizes(True)
        view.doubleClicked.connect(self._open)
        view.installEventFilter(self)
        view.selectionModel().currentChanged.connect(self._mark)
        theme.changed.connect(view.viewport().update)
        return view

    def _build_day(self) -> QDateEdit:
        edit = QDateEdit()
        edit.setCalendarPopup(True)
        edit.setDisplayFormat("d MMM yyyy")
        edit.setLocale(QLocale())
        edit.setAccessibleName(self.tr("Day"))
        edit.setToolTip(self.tr("Which day's list is shown"))
        edit.setKeyboardTracking(False)
        edit.dateChanged.connect(self._on_day)
        return edit

    def _build_chips(self) -> list[QPushButton]:
        group = QButtonGroup(self)
        chips = []
        for wanted in _FILTERS:
            chip = QPushButton()
            chip.setObjectName("chip")
            chip.setCheckable(True)
            tip = self.tr("Show all") if wanted is None else self.tr("Show only these")
            chip.setToolTip(tip)
            chip.clicked.connect(lambda _on, wanted=wanted: self.filter_chosen.emit(wanted))
            group.addButton(chip)
            chips.append(chip)
        return chips

    def _arrow(self, icon: str, name: str, keys: str, days: int) -> QToolButton:
        button = QToolButton()
        button.setProperty("icon_name", icon)
        button.setIconSize(QSize(16, 16))
        button.setAccessibleName(name)
        button.setToolTip(f"{name} ({keys})")
        button.clicked.connect(lambda: self.day_stepped.emit(days))
        return button

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        head.addWidget(self.title)
        head.addSpacing(14)
        for widget in (self.before, self.day_edit, self.after, self.today_button):
            head.addWidget(widget)
        head.addStretch(1)
        head.addWidget(self.next_button)
        chips = QHBoxLayout()
        chips.setSpacing(6)
        for chip in self.chips:
            chips.addWidget(chip)
        chips.addStretch(1)
        chips.addWidget(self.analyse_button)
        chips.addWidget(self.print_button)
        chips.addWidget(self.export_button)
        running = QHBoxLayout()
        running.addWidget(self.busy)
        running.addWidget(self.progress, 1)
        running.addWidget(self.cancel_button)
        top = QVBoxLayout()
        top.setContentsMargins(18, 14, 18, 8)
        top.setSpacing(8)
        top.addLayout(head)
        top.addLayout(chips)
        top.addWidget(self.error)
        top.addWidget(self.notice)
        top.addLayout(running)
        self._pages = QStackedLayout()
        self._pages.addWidget(self.list)
        self._pages.addWidget(self.message)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        layout.addLayout(self._pages, 1)

    def _tint(self) -> None:
        for button in (self.before, self.after):
            button.setIcon(self._theme.icons.icon(button.property("icon_name")))

    def _on_day(self, day: QDate) -> None:
        self.day_chosen.emit(date(day.year(), day.month(), day.day()))

    def _mark(self, current: Index, _previous: Index) -> None:
        if current.isValid() and not self._rendering:
            self.line_marked.emit(self.lines.line(current.row()).visit.id)

    def _open(self, index: Index) -> None:
        self.examination_chosen.emit(self.lines.line(index.row()).visit.id)


def _push(text: str, name: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    button.setObjectName(name)
    button.setAccessibleName(text.rstrip("…"))
    button.setToolTip(tip)
    button.setAutoDefault(False)
    return button
