"""Backups while the window is open: made when they are due, and their state for all to see."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.backups import BackupState
    from retina_desktop.gui.task_runner import TaskHandle
    from retina_desktop.services.backup_ports import MadeBackup

_LOOK_EVERY_MS = 60_000
_LONG_AGO = datetime.min.replace(tzinfo=UTC)
_FIRST_LOOK_MS = 20_000  # after logging in: the morning's first patient comes first


@dataclass(frozen=True, slots=True)
class BackupView:
    """What is known; ``known`` is None while nobody is logged in."""

    known: "BackupState | None" = None
    now: datetime = _LONG_AGO
    running: bool = False
    progress: float = 0.0


class BackupWatch(QObject):
    """Asks for the state now and then, and has a backup made when the plan wants one."""

    changed = Signal(object)  # BackupView
    failed = Signal(object)  # Exception of a backup somebody asked for

    def __init__(self, session: RecordsSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._handle: TaskHandle | None = None
        self._by_plan = False
        self.view = BackupView()
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._first = QTimer(self)
        self._first.setSingleShot(True)
        self._first.setInterval(_FIRST_LOOK_MS)
        self._first.timeout.connect(self.look)
        session.opened.connect(self._on_opened)
        session.closed.connect(self._on_closed)

    @Slot()
    def look(self) -> None:
        """Ask for the state, and begin a backup that is due."""
        self._ask(self._on_seen_on_time)

    @Slot()
    def refresh(self) -> None:
        """Ask for the state alone: the plan was changed."""
        self._ask(self._on_seen)

    @Slot()
    def back_up_now(self) -> None:
        """Make a backup because somebody asks for one."""
        self._begin(by_plan=False)

    @Slot()
    def cancel(self) -> None:
        """Stop the backup that is being made; nothing of it stays."""
        if self._handle is not None:
            self._handle.cancel()

    def _ask(self, then: Callable[[tuple["BackupState", datetime]], None]) -> None:
        if not self._session.is_open:
            return

        def seen(services: RecordsServices, _: TaskContext) -> tuple["BackupState", datetime]:
            return services.house.backup_state(), services.acting.now()

        handle = self._session.read(seen)
        handle.succeeded.connect(then)
        handle.start()

    def _begin(self, *, by_plan: bool) -> None:
        if self._handle is not None or not self._session.is_open:
            return

        def back_up(services: RecordsServices, context: TaskContext) -> "MadeBackup":
            return services.house.back_up(context, services.acting)

        self._by_plan = by_plan
        self._handle = handle = self._session.keep_up(back_up)
        handle.progressed.connect(self._on_progressed)
        handle.failed.connect(self._on_failed)
        handle.finished.connect(self._on_finished)
        self._set(replace(self.view, running=True, progress=0.0))
        handle.start()

    @Slot(object)
    def _on_opened(self, _services: RecordsServices) -> None:
        self.refresh()
        self._first.start()
        self._timer.start()

    @Slot()
    def _on_closed(self) -> None:
        self._first.stop()
        self._timer.stop()
        self._set(BackupView())

    @Slot(object)
    def _on_seen(self, seen: tuple["BackupState", datetime]) -> None:
        if self._session.is_open:
            known, now = seen
            self._set(replace(self.view, known=known, now=now))

    @Slot(object)
    def _on_seen_on_time(self, seen: tuple["BackupState", datetime]) -> None:
        self._on_seen(seen)
        known, now = seen
        if known.due(now):
            self._begin(by_plan=True)

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _message: str) -> None:
        self._set(replace(self.view, progress=fraction))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not self._by_plan:  # what the plan began is told in the status bar
            self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        self._handle = None
        self._set(replace(self.view, running=False))
        self.refresh()

    def _set(self, view: BackupView) -> None:
        if view != self.view:
            self.view = view
            self.changed.emit(view)
