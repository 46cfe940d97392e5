"""Who works with the records now, and the lanes on which the pages' work runs."""

from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.record_errors import TooManyAttemptsError
from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.records.port import NewRecords, RecordsGate, RecordsServices
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import Task, TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.users import User

_T = TypeVar("_T")
_CLOSING_WAIT_S = 10.0  # for what was cancelled, before the records close under it
_WRITES_WAIT_S = 15.0  # what was typed must reach the disk before the program ends


class Access(StrEnum):
    """Where the window stands before the records."""

    UNKNOWN = "unknown"  # nobody has asked yet
    CLOSED = "closed"
    OPEN = "open"
    LOCKED = "locked"  # open, but covered until the password is given


@dataclass(frozen=True, slots=True)
class SessionState:
    """All that the shell shows about the session."""

    access: Access = Access.UNKNOWN
    records: RecordsState | None = None
    without_login: bool = False  # nothing to lock with
    busy: bool = False  # a worker sets up, opens or checks
    user: "User | None" = None
    error: str = ""  # why the last try failed
    wait_s: int = 0  # so long no other password is looked at

    @property
    def can_lock(self) -> bool:
        """Whether there is a password to unlock with."""
        return not self.without_login


class RecordsSession(QObject):
    """The one session of the window; pages get it, and ask it to run their work.

    ``handle = session.read(lambda services, context: ...)``, then connect, then
    ``handle.start()``. Reads and writes have a lane each, one wide: writes are carried out in
    the order in which they were asked for. `keep_up` has the third, for backups.
    """

    state_changed = Signal(object)  # SessionState
    opened = Signal(object)  # RecordsServices: somebody logged in
    locked = Signal()
    unlocked = Signal()  # by the same user; what was open is shown again
    closed = Signal()  # logged out: drop everything of every patient
    set_up = Signal(str)  # the recovery key, to be shown once
    recovered = Signal(str)  # the name of the user who has a new password
    failed = Signal(object)  # Exception of set-up, opening or unlocking

    def __init__(self, gate: RecordsGate, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._gate = gate
        self._services: RecordsServices | None = None
        self._doors = TaskRunner("records-door")
        self._reads = TaskRunner("records-read")
        self._writes = TaskRunner("records-write")
        self._upkeep = TaskRunner("records-upkeep")
        self._ended = False  # the window is closed: nothing new is begun
        self.state = SessionState()

    @property
    def services(self) -> RecordsServices:
        """The use cases of the user logged in; a bug (LookupError) when nobody is."""
        if self._services is None:
            raise LookupError("nobody is logged in")
        return self._services

    @property
    def is_open(self) -> bool:
        """Whether somebody is logged in, locked or not."""
        return self._services is not None

    def read(self, work: Callable[[RecordsServices, TaskContext], _T]) -> TaskHandle:
        """Prepare what only reads; connect to the handle, then start it."""
        return self._reads.prepare(self._bound(work))

    def write(self, work: Callable[[RecordsServices, TaskContext], _T]) -> TaskHandle:
        """Prepare what writes; carried out in order, also while the window is locked."""
        return self._writes.prepare(self._bound(work))

    def keep_up(self, work: Callable[[RecordsServices, TaskContext], _T]) -> TaskHandle:
        """Prepare what takes long and nobody waits for: a backup, a check of everything."""
        return self._upkeep.prepare(self._bound(work))

    def aside(self, task: Task[_T]) -> TaskHandle:
        """Prepare what needs no records: a file to be written beside them."""
        return self._doors.prepare(task)

    # -- coming and going ------------------------------------------------------------------

    @Slot()
    def look(self) -> None:
        """Find out how the records lie there; who needs no password is let in at once."""
        if not self.is_open and not self.state.busy:
            self._try(lambda _: self._gate.state(), self._on_state)

    def make_records(self, wanted: NewRecords) -> None:
        """Set up the records; `set_up` brings the recovery key."""
        self._try(lambda _: self._gate.set_up(wanted), self._on_set_up)

    def open(self, name: str | None, password: str | None) -> None:
        """Log in."""

        def opened(_: TaskContext) -> tuple[RecordsServices, bool]:
            services = self._gate.open(name, password)
            return services, services.house.without_login()

        self._try(opened, self._on_opened)

    def recover(self, recovery_key: str, new_password: str, name: str | None) -> None:
        """Replace a forgotten password; `recovered` follows."""
        self._try(
            lambda _: self._gate.recover(recovery_key, new_password, name), self._on_recovered
        )

    @Slot()
    def forget_error(self) -> None:
        """Another form is on screen: what failed in the last one is told no more."""
        self._set(replace(self.state, error=""))

    @Slot()
    def lock(self) -> None:
        """Cover everything; running work goes on."""
        if self.state.access is Access.OPEN and self.state.can_lock:
            self._set(replace(self.state, access=Access.LOCKED, error=""))
            self.locked.emit()

    def set_without_login(self, *, without: bool) -> None:
        """Note that a password is asked for from now on, or no more."""
        self._set(replace(self.state, without_login=without))

    def unlock(self, password: str) -> None:
        """Uncover, by the password of who locked."""
        services = self.services
        self._try(lambda _: services.house.unlock(password), self._on_unlocked)

    @Slot()
    def log_out(self) -> None:
        """Close the records, once what is being written is written."""
        services, self._services = self._services, None
        if services is None:
            return
        self._set(SessionState(access=Access.CLOSED, records=self.state.records))
        self.closed.emit()
        self._reads.cancel_all()
        self._upkeep.cancel_all()
        still_at_work = [*self._reads.futures(), *self._upkeep.futures()]

        def close(_: TaskContext) -> None:
            wait(still_at_work, _CLOSING_WAIT_S)
            services.close()

        self._writes.prepare(close).start()

    def shut_down(self) -> bool:
        """Await what is being written, cancel the rest; False when some did not stop."""
        self._ended = True
        self._reads.cancel_all()
        self.log_out()
        written = self._writes.finish(_WRITES_WAIT_S)
        lanes = (self._doors, self._reads, self._writes, self._upkeep)
        stopped = [lane.shut_down() for lane in lanes]
        return written and all(stopped)

    # -- answers ---------------------------------------------------------------------------

    def _try(self, task: Task[_T], then: Callable[[_T], None]) -> None:
        if self.state.busy or self._ended:
            return
        self._set(replace(self.state, busy=True, error="", wait_s=0))
        handle = self._doors.prepare(task)
        handle.succeeded.connect(self._on_answered)
        handle.succeeded.connect(then)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_answered(self, _result: object) -> None:
        self._set(replace(self.state, busy=False))

    @Slot(object)
    def _on_set_up(self, recovery_key: str) -> None:
        self.set_up.emit(recovery_key)

    @Slot(object)
    def _on_recovered(self, name: str) -> None:
        self.recovered.emit(name)

    @Slot(object)
    def _on_state(self, records: RecordsState) -> None:
        if self.is_open:
            return
        self._set(replace(self.state, access=Access.CLOSED, records=records))
        if records is RecordsState.OPEN_WITHOUT_LOGIN:
            self.open(None, None)

    @Slot(object)
    def _on_opened(self, found: tuple[RecordsServices, bool]) -> None:
        services, without_login = found
        self.log_out()
        self._services = services
        self._set(
            SessionState(
                access=Access.OPEN,
                records=self.state.records,
                without_login=without_login,
                user=services.user,
            )
        )
        self.opened.emit(services)

    @Slot(object)
    def _on_unlocked(self, _nothing: object) -> None:
        self._set(replace(self.state, access=Access.OPEN))
        self.unlocked.emit()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # What is no sentence for the user is told by the window, as an internal error.
        sentence = sentence_of(error) if isinstance(error, RetinaError) else ""
        wait_s = error.wait_s if isinstance(error, TooManyAttemptsError) else 0
        self._set(replace(self.state, busy=False, error=sentence, wait_s=wait_s))
        self.failed.emit(error)

    def _bound(self, work: Callable[[RecordsServices, TaskContext], _T]) -> Task[_T]:
        services = self.services
        return lambda context: work(services, context)

    def _set(self, state: SessionState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
