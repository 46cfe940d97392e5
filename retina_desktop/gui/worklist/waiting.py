"""Has the model look at a day's photographs that none has seen, one after the other."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.task_runner import TaskHandle, TaskRunner
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.examinations import StoredImage
    from retina_desktop.domain.manifests import ModelManifest

_IN_FORCE: Mapping[int, str | None] = MappingProxyType({})
_NO_MODEL = "This window has no model to analyse with."
_INTERNAL = "Internal error: the program could not go on with a photograph."


@dataclass(frozen=True, slots=True, eq=False)
class _Answer:
    image_id: int
    analysis: "Analysis"
    manifest: "ModelManifest"


class WaitingAnalyses(QObject):
    """One run at a time: analysed in the model's lane, kept in the lane of the writes.

    A photograph is kept with its analysis before the next one is begun, so that a cancel or a
    crash loses the one at most. What fails is counted, and the rest goes on.
    """

    progressed = Signal(float)  # in [0, 1]
    ended = Signal(str)  # what came of it, in words
    failed = Signal(object)  # Exception that is a bug

    def __init__(
        self,
        session: RecordsSession,
        services: WindowServices,
        analysis_lane: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._services = services
        self._lane = analysis_lane
        self._handle: TaskHandle | None = None
        self._waiting: deque[StoredImage] = deque()
        self._count = self._kept = 0
        self._models: Mapping[int, str | None] = _IN_FORCE
        self._cancelled = False
        self._problems: list[str] = []

    @property
    def running(self) -> bool:
        """Whether a run goes on."""
        return self._handle is not None

    def start(
        self, examination_ids: Sequence[int], *, models: Mapping[int, str | None] = _IN_FORCE
    ) -> None:
        """Analyse what waits in these visits, unless a run goes on already.

        ``models`` names by visit the model to ask; the one in force answers for the others.
        """
        if self.running or not examination_ids:
            return
        self._models = models
        self._waiting.clear()
        self._problems.clear()
        self._count = self._kept = 0
        self._cancelled = False

        def find(services: RecordsServices, _: TaskContext) -> "tuple[StoredImage, ...]":
            return services.examination.find_waiting(services.acting, examination_ids)

        self._begin(self._session.read(find), self._on_found)

    @Slot()
    def cancel(self) -> None:
        """Stop after what is being kept now; the answers kept until then stay."""
        self._cancelled = True
        self._waiting.clear()
        if self._handle is not None:
            self._handle.cancel()

    def forget(self) -> None:
        """Stop without a word: the user logged out."""
        self.cancel()
        self._handle = None

    # -- one photograph after the other ----------------------------------------------------

    @Slot(object)
    def _on_found(self, found: "tuple[StoredImage, ...]") -> None:
        if self._is_answer():
            self._count = len(found)
            self._waiting.extend(() if self._cancelled else found)
            self._next()

    def _next(self) -> None:
        self._handle = None
        if not self._waiting:
            self.ended.emit(self._told())
            return
        image = self._waiting.popleft()
        records, window = self._session.services, self._services
        told = image.laterality if image.laterality_source.value == "user" else None
        model = self._models.get(image.examination_id)

        def analyse(context: TaskContext) -> _Answer:
            if window.analyse_bytes is None:
                raise RetinaError(tr(_NO_MODEL))
            content = records.examination.photograph(image.sha256)
            context.progress(0.1)
            answer, manifest = window.analyse_bytes(
                context, content, laterality=told, model=model
            )
            return _Answer(image.id, answer.analysis, manifest)

        self._begin(self._lane.prepare(analyse), self._on_analysed)

    @Slot(object)
    def _on_analysed(self, answer: _Answer) -> None:
        if not self._is_answer():
            return

        def keep(services: RecordsServices, _: TaskContext) -> object:
            keep_answer = services.examination.keep_answer
            return keep_answer(
                services.acting, answer.image_id, answer.analysis, answer.manifest
            )

        self._begin(self._session.write(keep), self._on_kept)

    @Slot(object)
    def _on_kept(self, _kept: object) -> None:
        if self._is_answer():
            self._kept += 1
            self._next()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not self._is_answer():
            return
        if isinstance(error, RetinaError):
            self._problems.append(sentence_of(error))
        else:
            self._problems.append(tr(_INTERNAL))
            self.failed.emit(error)
        self._next()

    @Slot()
    def _on_cancelled(self) -> None:
        if self._is_answer():
            self._next()

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _message: str) -> None:
        if self._is_answer() and self._count:
            done = self._count - len(self._waiting) - 1
            self.progressed.emit((done + fraction) / self._count)

    # -- private ---------------------------------------------------------------------------

    def _begin(self, handle: TaskHandle, done: object) -> None:
        self._handle = handle
        handle.succeeded.connect(done)
        handle.failed.connect(self._on_failed)
        handle.cancelled.connect(self._on_cancelled)
        handle.progressed.connect(self._on_progressed)
        handle.start()

    def _is_answer(self) -> bool:
        """Whether the signal is of what runs now, and somebody is still logged in."""
        return self.sender() is self._handle and self._session.is_open

    def _told(self) -> str:
        if not self._count and not self._problems:
            return tr("Cancelled.") if self._cancelled else tr("No photograph waits any more.")
        one = self._kept == 1
        parts = [
            tr("1 photograph was analysed.")
            if one
            else tr("{0} photographs were analysed.").format(self._kept)
        ]
        if self._cancelled:
            parts.insert(0, tr("Cancelled."))
        if self._problems:
            told = " ".join(dict.fromkeys(self._problems))
            parts.append(tr("{0} could not be:").format(len(self._problems)) + " " + told)
        return " ".join(parts)
