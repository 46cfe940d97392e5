"""The composition root: the one place that knows every part.

Light at import, because the window must show before anything heavy is loaded: OpenCV, ONNX
Runtime and pydantic are imported inside the functions that need them, most of which run in a
worker thread.
"""

import json
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.config.folders import Folders
from retina_desktop.config.log_files import start_logging
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.config.settings import EngineChoice
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.heatmaps import Heatmap
    from retina_desktop.domain.images import FundusImage, Laterality, RgbImage
    from retina_desktop.domain.manifests import ModelManifest
    from retina_desktop.domain.model_choice import ModelChoice
    from retina_desktop.gui.services_port import LoadedModel, WindowServices
    from retina_desktop.gui.training_port import TrainingServices
    from retina_desktop.ml.bundles import BundleLibrary
    from retina_desktop.services.ports import Classifier, PhotographReader
    from retina_desktop.services.screening import AnalysedPhotograph, AnalysePhotograph
    from retina_desktop.services.training_runs_models import InstalledModel

_NO_DISPLAY = (
    "There is no display to open the window on; use the command line instead: "
    "retina-desktop analyze PHOTOGRAPH (from a clone: python3 build_scripts/dev.py run -- "
    "analyze PHOTOGRAPH)."
)
_NOTHING_DONE = 3


def photograph_reader() -> "PhotographReader":
    """Return what decodes photographs."""
    from retina_desktop.imaging.decode import decode_photograph

    return decode_photograph


def model_library(folders: Folders) -> "BundleLibrary":
    """Return the bundles that came with the program and those the user added."""
    from retina_desktop.ml.bundles import BundleLibrary

    return BundleLibrary(folders.models)


def model_choices(folders: Folders) -> "tuple[ModelChoice, ...]":
    """Return the newest of each installed model, none of them loaded."""
    from retina_desktop.config.settings import Settings
    from retina_desktop.domain.model_choice import choice_of

    chosen = Settings.load(folders.settings_file).model
    newest: dict[str, ModelManifest] = {}
    for bundle in model_library(folders).bundles():
        newest.setdefault(bundle.manifest.id, bundle.manifest)
    return tuple(choice_of(m, in_force=m.id == chosen) for m in newest.values())


def load_model(
    folders: Folders, *, model: str | None = None, engine: "EngineChoice | None" = None
) -> "Classifier":
    """Load a model with an engine; None takes what the settings say."""
    from retina_desktop.config.settings import Settings
    from retina_desktop.ml.engines import Engine, load_classifier

    settings = Settings.load(folders.settings_file)
    bundle = model_library(folders).find(model or settings.model)
    return load_classifier(
        bundle,
        engine=Engine((engine or settings.engine).value),
        threads=settings.inference_threads,
    )


def load_analysis(
    folders: Folders, *, model: str | None = None, engine: "EngineChoice | None" = None
) -> "AnalysePhotograph":
    """Return the use case that analyses a photograph, with its model loaded."""
    from retina_desktop.services.screening import AnalysePhotograph

    return AnalysePhotograph(
        read=photograph_reader(), classifier=load_model(folders, model=model, engine=engine)
    )


def open_window(
    *,
    sample: bool = False,
    photographs: Sequence[Path] = (),
    services_of: "Callable[[Folders], WindowServices] | None" = None,
) -> int:
    """Open the window and return the exit status once it is closed.

    ``services_of`` gives the window more than `window_services`: the clinic's records.
    """
    if not _has_display():
        sys.stderr.write(_NO_DISPLAY + "\n")
        return _NOTHING_DONE
    from retina_desktop.gui.app import run_window

    folders = Folders.find()
    start_logging(folders.log_file)
    opened = [folders.sample_photograph] if sample else list(photographs)
    services = (services_of or window_services)(folders)
    return run_window(services, start_with=opened)


def window_services(folders: Folders) -> "WindowServices":
    """Return what the window works with; nothing heavy is loaded yet."""
    from retina_desktop.gui.services_port import WindowServices

    use_cases = _WindowUseCases(folders)
    sample = folders.sample_photograph
    return WindowServices(
        load_model=use_cases.load_model,
        refused_bundles=use_cases.refused_bundles,
        find_photographs=use_cases.find_photographs,
        analyse=use_cases.analyse,
        read_full=use_cases.read_full,
        heatmap=use_cases.heatmap,
        render_overlay=use_cases.render_overlay,
        write_picture=use_cases.write_picture,
        sample_photograph=(lambda context: sample) if sample.exists() else None,
        version=__version__,
        resources=folders.resources,
        window_memory=folders.window_file,
        log_file=folders.log_file,
        analyse_bytes=use_cases.analyse_bytes,
        training=_training_services(use_cases),
    )


def _training_services(use_cases: "_WindowUseCases") -> "TrainingServices":
    from retina_desktop.gui.training_port import TrainingServices
    from retina_desktop.services.training_runs_desk import Launcher, TrainingDesk
    from retina_desktop.services.training_runs_recipes import (
        missing_packages,
        offered_recipes,
        training_folder,
    )

    launcher = Launcher(sys.executable, training_folder())
    return TrainingServices(
        desk=TrainingDesk(launcher, now=lambda: datetime.now(UTC).astimezone()),
        missing_packages=missing_packages,
        recipes=lambda: offered_recipes(launcher.package),
        models=use_cases.models,
        install=use_cases.install,
        use_model=use_cases.use_model,
    )


class _WindowUseCases:
    """The window's use cases; a model is loaded by the first that needs it.

    Called in worker threads; those that need a model share one lane, so that it is loaded
    once. Beside the model in force one other is held: the one that was asked last.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._analysis: AnalysePhotograph | None = None
        self._other: AnalysePhotograph | None = None

    def load_model(self, context: TaskContext, *, model: str | None = None) -> "LoadedModel":
        from retina_desktop.gui.services_port import LoadedModel

        classifier = self._loaded(model).classifier
        context.progress(1.0)
        manifest = classifier.manifest
        card = model_library(self._folders).find(manifest.id).card
        return LoadedModel(manifest, classifier.identity, card, model_choices(self._folders))

    def refused_bundles(self) -> list[str]:
        refused = model_library(self._folders).refused()
        return [f"{bundle.folder}: {bundle.message}" for bundle in refused]

    def models(self) -> "list[InstalledModel]":
        """Return the newest of each installed model."""
        from retina_desktop.config.settings import Settings
        from retina_desktop.imaging.preprocessing import enhancements_of
        from retina_desktop.services.training_runs_models import InstalledModel

        chosen = Settings.load(self._folders.settings_file).model
        newest: dict[str, InstalledModel] = {}
        for bundle in model_library(self._folders).bundles():
            m = bundle.manifest
            known = InstalledModel(
                m.id,
                m.version,
                m.name,
                in_force=m.id == chosen,
                architecture=m.architecture,
                folder=bundle.folder,
                enhancements=enhancements_of(m.preprocessing),
                codes=m.codes,
            )
            newest.setdefault(m.id, known)
        return list(newest.values())

    def install(self, source: Path) -> "InstalledModel":
        """Store a bundle among the user's own, and have it answer from now on."""
        return self.use_model(model_library(self._folders).add(source).manifest.id)

    def use_model(self, model_id: str) -> "InstalledModel":
        """Have an installed model answer from now on, once it is loaded."""
        from retina_desktop.services.training_runs_models import InstalledModel

        analysis = load_analysis(self._folders, model=model_id)
        _choose_model(self._folders.settings_file, model_id)
        self._analysis, self._other = analysis, None
        m = analysis.classifier.manifest
        return InstalledModel(m.id, m.version, m.name, in_force=True)

    def find_photographs(self, context: TaskContext, paths: Sequence[Path]) -> list[Path]:
        from retina_desktop.services.folder_screening import photographs_below

        found: list[Path] = []
        for path in paths:
            context.progress(0.0, str(len(found)))
            found.extend(photographs_below(path) if path.is_dir() else [path])
        return found

    def analyse(
        self,
        context: TaskContext,
        path: Path,
        *,
        laterality: "Laterality | None" = None,
        model: str | None = None,
    ) -> "AnalysedPhotograph":
        return self._loaded(model)(context, path, laterality=laterality)

    def analyse_bytes(
        self,
        context: TaskContext,
        content: bytes,
        *,
        laterality: "Laterality | None",
        model: str | None = None,
    ) -> "tuple[AnalysedPhotograph, ModelManifest]":
        from retina_desktop.imaging.decode import decode_bytes

        def read(path: Path, *, min_side: int | None = None) -> "FundusImage":  # noqa: ARG001 - a reader's form
            return decode_bytes(content, min_side=min_side)

        analyse = replace(self._loaded(model), read=read)
        answer = analyse(context, Path("photograph"), laterality=laterality)
        return answer, analyse.classifier.manifest

    def read_full(self, context: TaskContext, path: Path) -> "RgbImage":
        pixels = photograph_reader()(path).pixels
        context.progress(1.0)
        return pixels

    def heatmap(
        self, analysis: "Analysis", code: str, *, width: int, height: int
    ) -> "Heatmap | None":
        from retina_desktop.services.screening import heatmap_of

        return heatmap_of(analysis, code, width=width, height=height)

    def render_overlay(
        self,
        context: TaskContext,
        path: Path,
        analysis: "Analysis",
        code: str | None,
        *,
        opacity: float,
        palette: str,
    ) -> "RgbImage":
        from retina_desktop.imaging.overlay import blend_heatmap

        pixels = self.read_full(context, path)
        height, width = pixels.shape[:2]
        heat = (
            None if code is None else self.heatmap(analysis, code, width=width, height=height)
        )
        if heat is None:
            return pixels
        return blend_heatmap(pixels, heat, opacity=opacity, colormap=palette)

    def write_picture(self, picture: "RgbImage", target: Path) -> None:
        from retina_desktop.imaging.encode import encode_jpeg, encode_png
        from retina_desktop.services.whole_files import write_whole

        encode = encode_png if target.suffix.lower() == ".png" else encode_jpeg
        write_whole(target, encode(picture))

    def _loaded(self, model: str | None = None) -> "AnalysePhotograph":
        """Return the model in force, or the one with the id `model`."""
        if model is None:
            if self._analysis is None:
                self._analysis = load_analysis(self._folders)
            return self._analysis
        for held in (self._analysis, self._other):
            if held is not None and held.classifier.manifest.id == model:
                return held
        self._other = None  # given back before the next is loaded: networks are large
        self._other = load_analysis(self._folders, model=model)
        return self._other


def _choose_model(settings_file: Path, model_id: str) -> None:
    """Write which model answers; what only the environment says stays out of the file."""
    from retina_desktop.services.whole_files import write_whole

    try:
        content = json.loads(settings_file.read_bytes())
    except (OSError, ValueError):
        content = {}
    kept = content if isinstance(content, dict) else {}
    write_whole(settings_file, json.dumps({**kept, "model": model_id}, indent=2).encode())


def _has_display() -> bool:
    if not sys.platform.startswith("linux"):
        return True
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    return any(os.environ.get(name) for name in names)
