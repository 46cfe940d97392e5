"""What the viewer shows of the photograph on screen: small, then every pixel, then its heatmap.

Answers to a question that is no longer asked are dropped (`viewer.latest`).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.labels import label_of
from retina_desktop.gui.screening.finding_groups import chosen_label
from retina_desktop.gui.screening.findings_model import percent
from retina_desktop.gui.screening.photograph_tasks import heatmap_task, picture_task
from retina_desktop.gui.screening.state import Photograph, PhotographStatus, ScreeningState
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.viewer.latest import LatestAnswer

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
    strength: str = ""  # in words


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
        self._screening = screening
        self._shown_id: int | None = None
        self._has_pixels = False
        self._message: str | None = ""  # what the viewer says instead of a picture
        self._asked: tuple[Analysis | None, str | None] = (None, None)
        self._heat = ShownHeatmap(None)
        self._picture = LatestAnswer(lanes.pictures, self)
        self._picture.answered.connect(self._on_picture)
        self._picture.failed.connect(self._on_picture_failed)
        self._heatmap = LatestAnswer(lanes.heatmaps, self)
        self._heatmap.answered.connect(self._on_heatmap)
        self._heatmap.failed.connect(self.failed)
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
        self._picture.ask(picture_task(self._services, photograph.path))

    def _show_preview(self, photograph: Photograph) -> bool:
        preview, analysis = self._screening.preview(photograph.id), photograph.analysis
        if preview is None or analysis is None:
            return False
        self._show(ShownPicture(photograph.id, preview, analysis.width, analysis.height))
        return True

    def _show(self, picture: ShownPicture) -> None:
        first = not self._has_pixels
        self._has_pixels = True
        self._message = None
        self.picture_changed.emit(picture)
        if first and self._heat.heat is not None:  # it came before there was a picture
            self.heatmap_changed.emit(self._heat)

    def _explain_by(self, heat: ShownHeatmap) -> None:
        self._heat = heat
        self.heatmap_changed.emit(heat)

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
        if analysis is None or code is None:
            self._heatmap.forget()
            self._explain_by(ShownHeatmap(None))
        else:
            self._heatmap.ask(heatmap_task(self._services, analysis, code))

    @Slot(object)
    def _on_picture(self, pixels: "RgbImage") -> None:
        if self._shown_id is None:
            return
        height, width = pixels.shape[:2]
        self._show(ShownPicture(self._shown_id, pixels, width, height))

    @Slot(object)
    def _on_picture_failed(self, error: Exception) -> None:
        if not isinstance(error, RetinaError):
            self.failed.emit(error)
        if not self._has_pixels:
            self._clear(sentence_of(error) if isinstance(error, RetinaError) else _UNREADABLE)

    @Slot(object)
    def _on_heatmap(self, heat: "Heatmap | None") -> None:
        analysis, code = self._asked
        finding = analysis.finding(code) if analysis is not None and code else None
        if finding is None or finding.probability is None or finding.threshold is None:
            return
        strength = self.tr("{probability}, threshold {threshold}").format(
            probability=percent(finding.probability), threshold=percent(finding.threshold)
        )
        self._explain_by(ShownHeatmap(heat, label_of(finding.label).name, strength))

    def _drop_questions(self) -> None:
        self._picture.forget()
        self._heatmap.forget()
        if self._asked != (None, None):
            self._asked = (None, None)
            self._explain_by(ShownHeatmap(None))
