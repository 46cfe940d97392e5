"""The window's work in worker threads: tasks that call a service and prepare its answer.

Nothing here touches Qt. Pictures are brought to the size they are shown in here, since the
thread that paints must never do so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.gui.services_port import LoadedModel, WindowServices
from retina_desktop.services.tasks import Task, TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import Laterality, RgbImage

THUMBNAIL_SIDE = 128  # device pixels: 64 logical ones at 200 %
_ORIGINAL = "This file is the photograph itself; please save the picture under another name."
HEATMAP_SIDE = 1024  # pixels of a heatmap's longer side; more would show no more


@dataclass(frozen=True, slots=True, eq=False)
class PhotographOutcome:
    """An analysed photograph with its small pictures."""

    analysis: "Analysis"
    preview: "RgbImage"
    thumbnail: "RgbImage"


def analysis_task(
    services: WindowServices,
    path: Path,
    laterality: "Laterality | None",
    *,
    model: str | None = None,
) -> Task[PhotographOutcome]:
    """Return the task that analyses `path` by a model (None: the one in force).

    It draws the thumbnail too.
    """

    def run(context: TaskContext) -> PhotographOutcome:
        answer = services.analyse(context, path, laterality=laterality, model=model)
        return PhotographOutcome(answer.analysis, answer.preview, thumbnail_of(answer.preview))

    return run


def model_task(services: WindowServices, model: str) -> Task[LoadedModel]:
    """Return the task that loads the model with that id."""

    def run(context: TaskContext) -> LoadedModel:
        return services.load_model(context, model=model)

    return run


def picture_task(services: WindowServices, path: Path) -> Task["RgbImage"]:
    """Return the task that decodes every pixel of `path`."""

    def run(context: TaskContext) -> "RgbImage":
        return services.read_full(context, path)

    return run


def heatmap_task(
    services: WindowServices, analysis: "Analysis", code: str
) -> Task["Heatmap | None"]:
    """Return the task that draws label `code`'s heatmap for the viewer."""
    shrink = min(1.0, HEATMAP_SIDE / max(analysis.width, analysis.height))
    width = max(1, round(analysis.width * shrink))
    height = max(1, round(analysis.height * shrink))

    def run(_context: TaskContext) -> "Heatmap | None":
        return services.heatmap(analysis, code, width=width, height=height)

    return run


def overlay_task(
    services: WindowServices,
    path: Path,
    analysis: "Analysis",
    code: str | None,
    *,
    opacity: float,
    palette: str,
    target: Path | None = None,
) -> Task["RgbImage"]:
    """Return the task that draws photograph and heatmap, and writes them to `target` if any.

    The photograph's own file is refused as a target: it may be the only copy.
    """

    def run(context: TaskContext) -> "RgbImage":
        if target is not None and target.exists() and target.samefile(path):
            raise OutputUnwritableError(_ORIGINAL)
        picture = services.render_overlay(
            context, path, analysis, code, opacity=opacity, palette=palette
        )
        if target is not None:
            context.progress(0.8)
            services.write_picture(picture, target)
        return picture

    return run


def search_task(services: WindowServices, paths: Sequence[Path]) -> Task[Sequence[Path]]:
    """Return the task that turns what was dropped into photographs."""

    def run(context: TaskContext) -> Sequence[Path]:
        return services.find_photographs(context, paths)

    return run


def sample_task(sample: Callable[[TaskContext], Path]) -> Task[Sequence[Path]]:
    """Return the task that makes the sample photograph ready."""

    def run(context: TaskContext) -> Sequence[Path]:
        return [sample(context)]

    return run


def thumbnail_of(preview: "RgbImage") -> "RgbImage":
    """Return the middle square of `preview` at `THUMBNAIL_SIDE`, contiguous."""
    import cv2  # in the worker: the window itself starts without OpenCV
    import numpy as np

    height, width = preview.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = preview[top : top + side, left : left + side]
    small = cv2.resize(square, (THUMBNAIL_SIDE, THUMBNAIL_SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small, dtype=np.uint8)
