"""What every tab of the settings has: a form, its work in a lane, and what came of it."""

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskHandle
from retina_desktop.gui.wrapped_label import WrappedLabel


class SettingsTab(QScrollArea):
    """Scrolled where the dialog is too small for it.

    ``body`` is the column in which a tab puts its widgets, above the line that says what came
    of the last thing done.
    """

    def __init__(self, session: RecordsSession, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._session = session
        self._then: dict[QObject, Callable[[Any], None]] = {}  # by what still runs
        self.done = WrappedLabel("muted")
        self.error = WrappedLabel("errorText")
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(12)
        self.body = QVBoxLayout()
        self.body.setSpacing(12)
        layout.addLayout(self.body)
        layout.addWidget(self.error)
        layout.addWidget(self.done)
        layout.addStretch(1)
        self.setWidget(inside)
        self.say()

    def activated(self) -> None:
        """Read what is to be shown; called each time the tab comes to the front."""

    def say(self, done: str = "", *, error: str = "") -> None:
        """Show what came of the last thing done."""
        self.done.say(done)
        self.error.say(error)

    def start(self, handle: TaskHandle, then: Callable[[Any], None]) -> None:
        """Start `handle`; `then` gets its result, unless the user has logged out by then."""
        self._then[handle] = then
        handle.succeeded.connect(self._on_succeeded)
        handle.failed.connect(self._on_failed)
        handle.finished.connect(self._on_finished)
        handle.start()

    @Slot(object)
    def _on_succeeded(self, result: object) -> None:
        then = self._then.get(self.sender())
        if then is not None and self._session.is_open:
            then(result)

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if self._session.is_open:
            self.show_failure(error)

    @Slot()
    def _on_finished(self) -> None:
        self._then.pop(self.sender(), None)

    def show_failure(self, error: Exception) -> None:
        """Show why something was not done."""
        known = isinstance(error, RetinaError)
        internal = self.tr("Internal error: this was not done. See the program's log.")
        self.say(error=sentence_of(error) if known else internal)


def rows_of() -> QFormLayout:
    """Return a layout of fields with their words at the left."""
    rows = QFormLayout()
    rows.setHorizontalSpacing(16)
    rows.setVerticalSpacing(10)
    rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
    rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    return rows


def add_row(rows: QFormLayout, words: str, field: QWidget, *, tip: str = "") -> None:
    """Add a field with its words, which also name it."""
    label = QLabel(words)
    label.setBuddy(field)
    field.setAccessibleName(words)
    field.setToolTip(tip or words)
    rows.addRow(label, field)


def keep_room(widget: QWidget) -> None:
    """Have `widget` keep its room while it is hidden, so that nothing beside it moves."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)
