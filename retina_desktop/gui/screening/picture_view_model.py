"""What the viewer shows of the photograph on screen: small, then every pixel, then its heatmap.

Answers to a question that is no longer asked are dropped: only the handle in force is listened
to (a disconnected signal may still be on its way through the event loop).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.labels import label_of
from retina_desktop.gui.screening.finding_groups import chosen_label
from retina_desktop.gui.screening.photograph_tasks import heatmap_task, picture_task
from retina_desktop.gui.screening.state import Photograph, PhotographStatus, ScreeningState
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.task_runner import TaskHandle

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import RgbImage

_UNREADABLE = "The photograph could not be read."


@dataclass(frozen=True, slots=True, eq=False)
class ShownPicture:
    """Pixels for the viewer, with the size of the photograph they stand for."""

    photograph_id: int
    pixels: "RgbImage"
    width: int
    height: int


@dataclass(frozen=True, slots=True, eq=False)
class ShownHeatmap:
    """A heatmap for the viewer and the name of what it explains; no heat is none shown."""

    heat: "Heatmap | None"
    name: str = ""


class PictureViewModel(QObject):
    """Follows the screening state and asks for the pictures it needs."""

    picture_changed = Signal(object)  # ShownPicture
    heatmap_changed = Signal(object)  # ShownHeatmap
    cleared = Signal(str)  # why nothing is shown
    failed = Signal(object)  # an Exception that is a bug

    def __init__(
        self,
        services: WindowServices,
        lanes: Lanes,
        screening: ScreeningViewModel,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._services = services
        self._lanes = lanes
        self._screening = screening
        self._shown_id: int | None = None
        self._has_pixels = False
        self._message: str | None = ""  # what the viewer says instead of a picture
        self._asked: tuple[Analysis | None, str | None] = (None, None)
        self._picture_handle: TaskHandle | None = None
        self._heatmap_handle: TaskHandle | None = None
        screening.state_changed.connect(self.follow)

    @Slot(object)
    def follow(self, state: ScreeningState) -> None:
        """Ask for whatever the photograph on screen now needs."""
        photograph = state.selected
        if photograph is None:
            self._show_nothing()
            return
        if photograph.id != self._shown_id:
            self._show_other(photograph)
        self._explain(photograph)
        if photograph.status is PhotographStatus.FAILED and not self._has_pixels:
            self._clear(photograph.error)
        elif not self._has_pixels:
            self._show_preview(photograph)

    def _show_nothing(self) -> None:
        if self._shown_id is None:
            return
        self._drop_questions()
        self._shown_id = None
        self._clear("")

    def _show_other(self, photograph: Photograph) -> None:
        self._drop_questions()
        self._shown_id = photograph.id
        self._has_pixels = False
        if not self._show_preview(photograph):
            self._clear(self.tr("Reading the photograph…"))
        handle = self._lanes.pictures.prepare(picture_task(self._services, photograph.path))
        handle.succeeded.connect(self._on_picture)
        handle.failed.connect(self._on_picture_failed)
        self._picture_handle = handle
        handle.start()

    def _show_preview(self, photograph: Photograph) -> bool:
        preview, analysis = self._screening.preview(photograph.id), photograph.analysis
        if preview is None or analysis is None:
            return False
        self._show(ShownPicture(photograph.id, preview, analysis.width, analysis.height))
        return True

    def _show(self, picture: ShownPicture) -> None:
        self._has_pixels = True
        self._message = None
        self.picture_changed.emit(picture)

    def _clear(self, message: str) -> None:
        if message != self._message:
            self._message = message
            self.cleared.emit(message)

    def _explain(self, photograph: Photograph) -> None:
        """Ask for the chosen label's heatmap, once."""
        analysis = photograph.analysis
        code = chosen_label(analysis, photograph.label)
        if (analysis, code) == self._asked:
            return
        self._asked = (analysis, code)
        _cancel(self._heatmap_handle)
        self._heatmap_handle = None
        if analysis is None or code is None:
            self.heatmap_changed.emit(ShownHeatmap(None))
            return
        handle = self._lanes.heatmaps.prepare(heatmap_task(self._services, analysis, code))
        handle.succeeded.connect(self._on_heatmap)
        handle.failed.connect(self.failed)
        self._heatmap_handle = handle
        handle.start()

    @Slot(object)
    def _on_picture(self, pixels: "RgbImage") -> None:
        if self._shown_id is None or self.sender() is not self._picture_handle:
            return
        height, width = pixels.shape[:2]
        self._show(ShownPicture(self._shown_id, pixels, width, height))

    @Slot(object)
    def _on_picture_failed(self, error: Exception) -> None:
        if self.sender() is not self._picture_handle:
            return
        if not isinstance(error, RetinaError):
            self.failed.emit(error)
        if not self._has_pixels:
            self._clear(str(error) if isinstance(error, RetinaError) else _UNREADABLE)

    @Slot(object)
    def _on_heatmap(self, heat: "Heatmap | None") -> None:
        code = self._asked[1]
        if code is not None and self.sender() is self._heatmap_handle:
            self.heatmap_changed.emit(ShownHeatmap(heat, label_of(code).name))

    def _drop_questions(self) -> None:
        _cancel(self._picture_handle)
        _cancel(self._heatmap_handle)
        self._picture_handle = self._heatmap_handle = None
        if self._asked != (None, None):
            self._asked = (None, None)
            self.heatmap_changed.emit(ShownHeatmap(None))


def _cancel(handle: TaskHandle | None) -> None:
    if handle is not None:
        handle.cancel()
