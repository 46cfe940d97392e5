"""Locks the window when nobody has touched keyboard or mouse for a while."""

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, QTimer, Slot
from PySide6.QtGui import QGuiApplication, QWindow

from retina_desktop.gui.records.session import Access, RecordsSession, SessionState

_LOOK_EVERY_MS = 5_000
_TOUCHES = frozenset(
    {
        QEvent.Type.KeyPress,
        QEvent.Type.MouseMove,
        QEvent.Type.MouseButtonPress,
        QEvent.Type.Wheel,
        QEvent.Type.TouchBegin,
        QEvent.Type.TouchUpdate,
        QEvent.Type.TabletMove,
        QEvent.Type.TabletPress,
    }
)


class IdleLock(QObject):
    """Watches the windows of the application, the dialogs' too.

    A filter on the application would run this for every event of every widget, which costs
    frames; the windows themselves get only what the user does. The clock runs on while the
    computer sleeps, so that an opened lid finds the window locked.

    Parameters
    ----------
    session : RecordsSession
        The one to lock.
    clock : callable
        Seconds; the wall clock, as others stand still while the computer sleeps.
    """

    def __init__(
        self,
        session: RecordsSession,
        *,
        clock: Callable[[], float] = time.time,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._clock = clock
        self._touched_at = clock()
        self._watched: set[QWindow] = set()
        self.minutes = 0
        self._timer = QTimer(self)
        self._timer.setInterval(_LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        session.state_changed.connect(self._on_state_changed)

    def set_minutes(self, minutes: int) -> None:
        """Lock after `minutes` without a touch; 0 is never."""
        self.minutes = minutes
        self._on_state_changed(self._session.state)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Note the time; never swallow anything."""
        if event.type() in _TOUCHES:
            self._touched_at = self._clock()
        return super().eventFilter(watched, event)

    @Slot()
    def look(self) -> None:
        """Lock if it is time; a clock that was set back begins the wait anew."""
        self._watch_windows()
        idle_s = self._clock() - self._touched_at
        if idle_s < 0:
            self._touched_at = self._clock()
        elif self.minutes and idle_s >= 60 * self.minutes:
            self._session.lock()

    @Slot(object)
    def _on_state_changed(self, state: SessionState) -> None:
        if state.access is Access.OPEN and self.minutes:
            if not self._timer.isActive():
                self._touched_at = self._clock()
                self._timer.start()
            self._watch_windows()
        else:
            self._timer.stop()

    def _watch_windows(self) -> None:
        for window in QGuiApplication.topLevelWindows():
            if window not in self._watched:
                self._watched.add(window)
                window.installEventFilter(self)
                window.destroyed.connect(lambda *_, known=window: self._watched.discard(known))
