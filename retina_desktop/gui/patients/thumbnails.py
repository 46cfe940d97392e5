"""Thumbnails of stored photographs: read in a worker when a row is painted, and kept."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QImage, QPixmap

from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.services.tasks import TaskContext

_KEPT = 600  # pictures; of 160 pixels each, some 60 MB
_AT_ONCE = 24  # read in one task, so that the first ones show soon
_GATHER_MS = 15  # what is painted together is read together


class Thumbnails(QObject):
    """Gives pictures that are there, and has the others read."""

    arrived = Signal(object)  # frozenset[int]: numbers of photographs that can be shown now
    failed = Signal(object)  # Exception

    def __init__(self, session: RecordsSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._pixmaps: OrderedDict[int, QPixmap] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._asked: set[int] = set()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_GATHER_MS)
        self._timer.timeout.connect(self._ask)

    def pixmap(self, image_id: int) -> QPixmap | None:
        """Return a photograph's small picture: None until it was read, null if damaged."""
        found = self._pixmaps.get(image_id)
        if found is not None:
            self._pixmaps.move_to_end(image_id)
        elif image_id not in self._asked:
            self._wanted[image_id] = None
            if not self._timer.isActive():
                self._timer.start()
        return found

    def forget(self) -> None:
        """Drop every picture: somebody else works here now."""
        self._timer.stop()
        self._pixmaps.clear()
        self._wanted.clear()
        self._asked.clear()

    @Slot()
    def _ask(self) -> None:
        if not self._session.is_open:
            return
        while self._wanted:
            ids = [self._wanted.popitem(last=False)[0] for _ in range(_take(self._wanted))]
            self._asked.update(ids)
            handle = self._session.read(_read(ids))
            handle.succeeded.connect(self._on_read)
            handle.failed.connect(self.failed)
            handle.start()

    @Slot(object)
    def _on_read(self, images: Mapping[int, QImage]) -> None:
        if not self._asked.issuperset(images):
            return  # asked for before everything was forgotten
        for image_id, image in images.items():
            self._asked.discard(image_id)
            self._pixmaps[image_id] = QPixmap.fromImage(image)
        while len(self._pixmaps) > _KEPT:
            self._pixmaps.popitem(last=False)
        self.arrived.emit(frozenset(images))


def _take(wanted: Mapping[int, None]) -> int:
    return min(_AT_ONCE, len(wanted))


def _read(
    image_ids: Iterable[int],
) -> Callable[[RecordsServices, TaskContext], dict[int, QImage]]:
    ids = tuple(image_ids)

    def run(services: RecordsServices, _context: TaskContext) -> dict[int, QImage]:
        found = services.patients.thumbnails(ids)
        # QImage is a value without a thread: decoded here, it does not hold up the window.
        return {image_id: QImage.fromData(found.get(image_id, b"")) for image_id in ids}

    return run
