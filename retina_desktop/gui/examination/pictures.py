"""What the viewer shows of the chosen photograph: thumbnail, every pixel, then its heatmap."""

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtGui import QImage

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.screening.finding_groups import group_findings
from retina_desktop.gui.screening.findings_model import percent
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.viewer.latest import LatestAnswer
from retina_desktop.services.tasks import Task, TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import RgbImage
    from retina_desktop.gui.records.port import RecordsServices

HEATMAP_SIDE = 1024  # pixels of a heatmap's longer side; more would show no more
_KEPT = 4  # decoded photographs: both eyes at once, to and fro without waiting
_UNREADABLE = "The photograph could not be shown (internal error; see the log)."


@dataclass(frozen=True, slots=True, eq=False)
class PagePicture:
    """Pixels for the viewer, with the size of the photograph they stand for."""

    image: StoredImage
    pixels: "RgbImage"


@dataclass(frozen=True, slots=True, eq=False)
class PageHeatmap:
    """A heatmap and the name of what it explains; no heat is none shown."""

    heat: "Heatmap | None"
    name: str = ""
    strength: str = ""


class PagePictures(QObject):
    """Follows the page's state and asks for the pictures it needs."""

    picture_changed = Signal(object)  # PagePicture
    heatmap_changed = Signal(object)  # PageHeatmap
    cleared = Signal(str)  # why nothing is shown
    failed = Signal(object)  # an Exception that is a bug

    def __init__(
        self,
        session: RecordsSession,
        *,
        pictures: TaskRunner,
        heatmaps: TaskRunner,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._kept: OrderedDict[str, RgbImage] = OrderedDict()
        self._shown: StoredImage | None = None
        self._full = False
        self._asked: tuple[StoredAnalysis | None, str | None] = (None, None)
        self._message: str | None = None
        self._picture = LatestAnswer(pictures, self)
        self._picture.answered.connect(self._on_picture)
        self._picture.failed.connect(self._on_failed)
        self._heatmap = LatestAnswer(heatmaps, self)
        self._heatmap.answered.connect(self._on_heatmap)
        self._heatmap.failed.connect(self.failed)

    @Slot(object)
    def follow(self, state: ExaminationState) -> None:
        """Ask for whatever the photograph on screen now needs."""
        image = state.image(state.selected_id) if self._session.is_open else None
        if image is None:
            self._show_nothing(_empty_words(state))
            return
        if self._shown is None or image.id != self._shown.id:
            self._show(image, state.thumbnails.get(image.id, b""))
        self._explain(state, image)

    def forget(self) -> None:
        """Drop every pixel of every patient."""
        self._kept.clear()
        self._message = None
        self._show_nothing("")

    def _show_nothing(self, message: str) -> None:
        self._picture.forget()
        self._heatmap.forget()
        self._shown, self._asked = None, (None, None)
        if message != self._message:
            self._message = message
            self.cleared.emit(message)

    def _show(self, image: StoredImage, thumbnail: bytes) -> None:
        self._shown, self._asked, self._message = image, (None, None), None
        self._heatmap.forget()
        self.heatmap_changed.emit(PageHeatmap(None))
        kept = self._kept.get(image.sha256)
        self._full = kept is not None
        if kept is not None:
            self._picture.forget()
            self._kept.move_to_end(image.sha256)
            self.picture_changed.emit(PagePicture(image, kept))
            return
        small = pixels_of_jpeg(thumbnail)
        if small is not None:
            self.picture_changed.emit(PagePicture(image, small))
        else:
            self.cleared.emit(self.tr("Reading the photograph…"))
        self._picture.ask(_picture_task(self._session.services, image.sha256))

    def _explain(self, state: ExaminationState, image: StoredImage) -> None:
        analysis = state.newest(image.id)
        code = shown_label(state, analysis)
        if (analysis, code) == self._asked:
            return
        self._asked = (analysis, code)
        if analysis is None or code is None:
            self._heatmap.forget()
            self.heatmap_changed.emit(PageHeatmap(None))
        else:
            self._heatmap.ask(_heatmap_task(self._session.services, analysis, code))

    @Slot(object)
    def _on_picture(self, answer: tuple[str, Any]) -> None:
        sha256, pixels = answer
        self._kept[sha256] = pixels
        while len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        if self._shown is not None and self._shown.sha256 == sha256:
            self._full = True
            self.picture_changed.emit(PagePicture(self._shown, pixels))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        """Say why; a thumbnail alone would pass for the photograph, so it goes."""
        if not isinstance(error, RetinaError):
            self.failed.emit(error)
        self._message = (
            sentence_of(error) if isinstance(error, RetinaError) else tr(_UNREADABLE)
        )
        self.cleared.emit(self._message)

    @Slot(object)
    def _on_heatmap(self, heat: "Heatmap | None") -> None:
        analysis, code = self._asked
        finding = analysis.content.finding(code) if analysis and code else None
        if finding is None or finding.probability is None or finding.threshold is None:
            self.heatmap_changed.emit(PageHeatmap(None))
            return
        strength = self.tr("{probability}, threshold {threshold}").format(
            probability=percent(finding.probability), threshold=percent(finding.threshold)
        )
        name = label_of(finding.label).name
        self.heatmap_changed.emit(PageHeatmap(heat, name, strength))


def shown_label(state: ExaminationState, analysis: StoredAnalysis | None) -> str | None:
    """Return whose heatmap is shown: the label chosen, else the first that is present."""
    if analysis is None or not analysis.content.quality.is_fundus:
        return None
    wished = analysis.content.finding(state.label) if state.label else None
    if wished is not None and wished.is_assessed:
        return wished.label
    if state.label is not None:  # a label or an own finding that the model says nothing of
        return None
    present = group_findings(analysis.content.findings).present
    return present[0].label if present else None


def pixels_of_jpeg(content: bytes) -> "RgbImage | None":
    """Return a small JPEG's pixels, None where it cannot be read."""
    picture = QImage.fromData(content) if content else QImage()
    if picture.isNull():
        return None
    import numpy as np  # a photograph is shown: the first paint is long over

    picture = picture.convertToFormat(QImage.Format.Format_RGB888)
    rows = np.frombuffer(picture.constBits(), np.uint8).reshape(picture.height(), -1)
    pixels = rows[:, : 3 * picture.width()].reshape(picture.height(), picture.width(), 3)
    copied: RgbImage = pixels.copy()  # the picture owns what it was read from
    return copied


def _picture_task(services: "RecordsServices", sha256: str) -> Task[Any]:
    def run(context: TaskContext) -> "tuple[str, RgbImage]":
        pixels = services.examination.pixels(sha256)
        context.progress(1.0)
        return sha256, pixels

    return run


def _heatmap_task(
    services: "RecordsServices", analysis: StoredAnalysis, code: str
) -> Task["Heatmap | None"]:
    def run(_context: TaskContext) -> "Heatmap | None":
        from retina_desktop.services.stored_heatmaps import stored_heatmap

        maps = services.examination.maps(analysis.id)
        return stored_heatmap(analysis.content, maps, code, longer_side=HEATMAP_SIDE)

    return run


def _empty_words(state: ExaminationState) -> str:
    if state.loading:
        return tr("Opening the examination…")
    if state.visit is None:
        return state.problem
    return tr("No photograph yet. Drop photographs here, or press Ctrl+Shift+I.")
