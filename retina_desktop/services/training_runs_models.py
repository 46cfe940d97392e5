"""Names and versions of models trained here, and which of them were installed."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.services.training_runs import RESULTS_NAME, WINDOW_NAME
from retina_desktop.services.whole_files import write_whole

_NOTE = "installed.json"
_LONGEST_ID = 64
_FIRST = "1.0.0"


@dataclass(frozen=True, slots=True)
class InstalledModel:
    """A model bundle of this workstation; `in_force` is the one that answers."""

    id: str
    version: str
    name: str
    in_force: bool = False
    architecture: str = ""  # timm's name
    folder: Path | None = None  # of the bundle; None where a training need not find it
    enhancements: tuple[str, ...] = ()  # steps its photographs go through first, by name
    codes: tuple[str, ...] = ()  # of its labels


def id_of(name: str) -> str:
    """Return a model's id for its name; a name without a Latin letter becomes ``model``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_ID].strip("-") or "model"


def next_version(model_id: str, installed: Iterable[InstalledModel]) -> str:
    """Return the version after the newest of that id: 1.0.0, then 1.1.0, 1.2.0, and so on."""
    taken = [model.version.split(".") for model in installed if model.id == model_id]
    if not taken:
        return _FIRST
    major, minor = max((int(v[0]), int(v[1]) if len(v) > 1 else 0) for v in taken)
    return f"{major}.{minor + 1}.0"


def note_installed(work_dir: Path, model: InstalledModel) -> None:
    """Note that the model measured in `work_dir` was installed as `model`."""
    content = {"results": _digest(work_dir), "id": model.id, "version": model.version}
    write_whole(work_dir / WINDOW_NAME / _NOTE, json.dumps(content).encode())


def installed_as(work_dir: Path) -> tuple[str, str] | None:
    """Return id and version under which the run's very result was installed, if it was."""
    try:
        content = json.loads((work_dir / WINDOW_NAME / _NOTE).read_bytes())
        same = content["results"] == _digest(work_dir)
        return (str(content["id"]), str(content["version"])) if same else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(work_dir: Path) -> str:
    return hashlib.sha256((work_dir / RESULTS_NAME).read_bytes()).hexdigest()
