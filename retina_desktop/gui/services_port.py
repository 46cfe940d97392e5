"""What the window needs from outside; the composition root fills it in.

Every callable but none of the plain values may be slow: the window calls them in worker
threads only. They raise `RetinaError` with a sentence for the user, or `TaskCancelledError`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:  # these modules import NumPy and OpenCV, which the first paint does not need
    from retina_desktop.domain.analyses import Analysis, ModelIdentity
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import Laterality, RgbImage
    from retina_desktop.domain.manifests import ModelManifest
    from retina_desktop.domain.model_choice import ModelChoice
    from retina_desktop.gui.records.port import RecordsGate
    from retina_desktop.gui.training_port import TrainingServices
    from retina_desktop.services.screening import AnalysedPhotograph


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A loaded model as Help > Model information tells it, and what else could be chosen."""

    manifest: "ModelManifest"
    identity: "ModelIdentity"
    card: Path | None  # MODEL_CARD.md, None when the bundle lacks one
    choices: "tuple[ModelChoice, ...]" = ()  # every installed model, itself among them


class LoadModelCall(Protocol):
    """Loads a model where it is not loaded yet."""

    def __call__(self, context: TaskContext, *, model: str | None = None) -> LoadedModel:
        """Load the model in force, or the one with the id `model`."""
        ...


class AnalysePhotographCall(Protocol):
    """See `services.screening.AnalysePhotograph`."""

    def __call__(
        self,
        context: TaskContext,
        path: Path,
        *,
        laterality: "Laterality | None",
        model: str | None = None,
    ) -> "AnalysedPhotograph":
        """Analyse the photograph at `path`; `laterality` is the user's word, if any.

        ``model`` is the id of the model to ask, None for the one in force.
        """
        ...


class AnalyseBytesCall(Protocol):
    """As `AnalysePhotographCall`, of a photograph that is in memory and not in a file."""

    def __call__(
        self,
        context: TaskContext,
        content: bytes,
        *,
        laterality: "Laterality | None",
        model: str | None = None,
    ) -> "tuple[AnalysedPhotograph, ModelManifest]":
        """Analyse `content`; return the answer with the manifest of the model that gave it."""
        ...


class HeatmapCall(Protocol):
    """See `services.screening.heatmap_of`."""

    def __call__(
        self, analysis: "Analysis", code: str, *, width: int, height: int
    ) -> "Heatmap | None":
        """Return the label's heatmap at `width` x `height`, None where there is none."""
        ...


class RenderOverlayCall(Protocol):
    """Draws the photograph with its heatmap as one picture."""

    def __call__(
        self,
        context: TaskContext,
        path: Path,
        analysis: "Analysis",
        code: str | None,
        *,
        opacity: float,
        palette: str,
    ) -> "RgbImage":
        """Return the photograph in full size under label `code`'s heatmap.

        Without a heatmap where `code` is None or was not assessed; `opacity` in [0, 1],
        `palette` one of `imaging.colormaps`.
        """
        ...


@dataclass(frozen=True, slots=True)
class WindowServices:
    """The use cases and places the window works with.

    ``load_model`` runs once, after the first paint, and holds the heavy imports; again where
    another model is chosen.
    ``find_photographs`` turns files and folders, as dropped, into files in a stable order: a
    file is kept whatever it is (so that its error is shown), folders are searched.
    ``read_full`` decodes every pixel. ``write_picture`` encodes by the target's suffix
    (.png, .jpg) in one step. ``sample_photograph`` is None when none is installed.
    """

    load_model: LoadModelCall
    refused_bundles: Callable[[], Sequence[str]]
    find_photographs: Callable[[TaskContext, Sequence[Path]], Sequence[Path]]
    analyse: AnalysePhotographCall
    read_full: Callable[[TaskContext, Path], "RgbImage"]
    heatmap: HeatmapCall
    render_overlay: RenderOverlayCall
    write_picture: Callable[["RgbImage", Path], None]
    sample_photograph: Callable[[TaskContext], Path] | None
    version: str
    resources: Path  # the folder with icons/ and qss/
    window_memory: Path  # the ini file that remembers the window's place and theme
    log_file: Path  # named in "internal error" messages
    records: "RecordsGate | None" = None  # None: this window has the screening page alone
    analyse_bytes: AnalyseBytesCall | None = None  # None where the window keeps no records
    training: "TrainingServices | None" = None  # None: this window has no Training page
