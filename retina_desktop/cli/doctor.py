"""``retina-desktop doctor``: is this installation sound? No patient data is read or shown."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop import __version__
from retina_desktop.bootstrap import load_analysis, model_library
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, printable, stop
from retina_desktop.config.folders import Folders
from retina_desktop.domain.errors import RetinaError
from retina_desktop.services.tasks import TaskContext

_PACKAGES = ("numpy", "opencv-python-headless", "onnxruntime", "PySide6-Essentials", "pydicom")
_OPTIONAL = ("torch", "timm")


@guarded
def doctor(
    *, json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False
) -> None:
    """Show versions, folders, engine and device, and analyse the sample photograph."""
    folders = Folders.find()
    facts: dict[str, object] = {
        "retina-desktop": __version__,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()} {platform.machine()}",
        **{name: _version(name) for name in (*_PACKAGES, *_OPTIONAL)},
        "program folder": str(folders.program),
        "data folder": _writable(folders.data),
        "log": str(folders.log_file),
    }
    library = model_library(folders)
    facts["models"] = ", ".join(
        f"{b.manifest.id} {b.manifest.version}" for b in library.bundles()
    )
    facts["refused models"] = "; ".join(f"{r.folder}: {r.message}" for r in library.refused())
    problem = _self_test(folders, facts)
    if json:
        give_json(facts)
    else:
        give(printable(facts))
    if problem:
        stop(ExitCode.NOTHING_DONE, problem)


def _self_test(folders: Folders, facts: dict[str, object]) -> str:
    """Analyse the sample photograph; returns what went wrong, or nothing."""
    try:
        analyse = load_analysis(folders)
        analysis = analyse(TaskContext(), folders.sample_photograph).analysis
    except RetinaError as error:
        facts["self-test"] = f"failed: {error}"
        return str(error)
    facts["engine"] = analysis.model.engine
    facts["device"] = analysis.model.device
    facts["self-test"] = f"passed in {analysis.timings_ms['total']:.0f} ms"
    unanswered = analysis.maps is None and analysis.in_range is not False
    if not analysis.quality.is_fundus or unanswered:
        facts["self-test"] = "failed: the sample photograph was not recognised"
        return "The self-test failed: reinstall the program."
    return ""


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _writable(folder: Path) -> str:
    probe = folder
    while not probe.exists() and probe != probe.parent:
        probe = probe.parent
    ok = os.access(probe, os.W_OK)
    return f"{folder} ({'writable' if ok else 'NOT WRITABLE'})"
