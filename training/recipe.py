"""A recipe: everything that decides a run besides the photographs, from one TOML file.

Every value can be overridden on the command line: ``--set run.epochs=5``.
"""

import tomllib
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from retina_desktop.domain.errors import RetinaError

RECIPES = Path(__file__).parent / "recipes"
AS_INITIAL = "initial"  # a teacher, also of features: the weights the run starts from

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
Count = Annotated[int, Field(ge=1)]
Quality = Annotated[int, Field(ge=1, le=100)]  # of JPEG


class RecipeError(RetinaError):
    """The recipe, or a value that overrides it, cannot be used."""


class LossKind(StrEnum):
    """See `training.losses`."""

    BCE = "bce"
    FOCAL = "focal"
    ASYMMETRIC = "asymmetric"
    CLASS_BALANCED = "class-balanced"


class OptimizerKind(StrEnum):
    """torch's optimizers of these names."""

    ADAM = "adam"
    ADAMW = "adamw"
    SGD = "sgd"


class ScheduleKind(StrEnum):
    """See `training.schedules`."""

    COSINE = "cosine"
    ONE_CYCLE = "one-cycle"
    PLATEAU = "plateau"


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelSection(_Section):
    """The network; `initial` is ``lite0``, ``timm``, ``none`` or a file of weights."""

    architecture: str = "efficientnet_b0"
    initial: str = "lite0"
    size: Count = 224  # pixels, square
    drop_rate: Share = 0.0  # of the features before the classifier
    drop_path: Share = 0.0  # of whole residual branches
    quiet_branches: bool = False  # residual branches begin at zero; for random weights
    widened: bool = False  # `initial` is a smaller network's: see `training.widening`


class LossSection(_Section):
    """What is minimised; labels that a source does not state never count."""

    kind: LossKind = LossKind.BCE
    gamma: Annotated[float, Field(ge=0.0)] = 2.0  # focal, and asymmetric's for negatives
    gamma_positive: Annotated[float, Field(ge=0.0)] = 0.0  # asymmetric
    margin: Share = 0.05  # asymmetric: negatives below this probability do not count
    beta: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.999  # class-balanced
    smoothing: Annotated[float, Field(ge=0.0, lt=0.5)] = 0.0  # targets p and 1 - p
    grade_weight: Annotated[float, Field(ge=0.0)] = 0.0  # of the retinopathy grade's loss
    source_prior: bool = False  # learn how photographs of one source differ, not the sources


class SamplingSection(_Section):
    """Which photographs an epoch shows."""

    common_share: Share = 0.5  # of the photographs without a rare label, drawn each epoch
    rare_below: int = 600  # a label with fewer positives in training is rare
    source_power: Share = 0.0  # 0: sources as they come, 1: each source as often
    leave_out: tuple[str, ...] = ()  # sources kept out of training and validation


class OptimizerSection(_Section):
    """How weights are moved."""

    kind: OptimizerKind = OptimizerKind.ADAM
    peak_rate: Positive = 6e-4
    weight_decay: Annotated[float, Field(ge=0.0)] = 0.0  # not on biases and norms
    momentum: Share = 0.9  # SGD
    layer_decay: Annotated[float, Field(gt=0.0, le=1.0)] = (
        1.0  # rate from a block to the one below
    )
    head_epochs: Annotated[int, Field(ge=0)] = 0  # the body is frozen for so long
    frozen_blocks: Annotated[int, Field(ge=0)] = 0  # with the stem; they keep their weights
    clip_norm: Positive | None = None  # of the whole gradient
    accumulate: Count = 1  # batches a step


class ScheduleSection(_Section):
    """The learning rate over the run."""

    kind: ScheduleKind = ScheduleKind.COSINE
    warm_up: Share = 0.05  # share of the run until the rate has its peak
    final_rate: Share = 0.01  # share of the peak at the end
    patience: Count = 2  # plateau: epochs without a better validation
    factor: Annotated[float, Field(gt=0.0, lt=1.0)] = 0.3  # plateau


class AugmentationSection(_Section):
    """How far a photograph may be changed (see `training.augmentation`)."""

    turn_deg: float = 20.0
    zoom: tuple[Positive, Positive] = (0.9, 1.15)
    shift: Share = 0.05
    brightness: Share = 0.15
    contrast: Share = 0.25
    channel_gain: Share = 0.12
    gamma: float = 0.25
    blur_share: Share = 0.15
    flip_share: Share = 0.5
    balance_share: Share = 0.0
    stretch: Share = 0.0
    saturation: Share = 0.0
    flip_vertical_share: Share = 0.0
    blur_sigma: tuple[Positive, Positive] | None = None
    jpeg_share: Share = 0.0
    jpeg_quality: tuple[Quality, Quality] = (30, 90)
    cut_share: Share = 0.0


class MixingSection(_Section):
    """Photographs of a batch mixed in pairs (see `training.mixing`)."""

    mixup_share: Share = 0.0  # of the photographs, blended with another
    mixup_alpha: Positive = 0.2  # of the beta distribution of the blend
    cutmix_share: Share = 0.0  # of the photographs, with a rectangle of another
    cutmix_alpha: Positive = 1.0


class DistillationSection(_Section):
    """Teachers whose answers are learned beside the labels (see `training.distillation`)."""

    # Bundle folders, run folders, files of weights, or `AS_INITIAL` for `model.initial`.
    teacher: str | tuple[str, ...] = ()
    # A run's folder instead: what its teachers answered to the same photographs, which may have
    # been prepared otherwise there.
    answers: str = ""
    weight: Annotated[float, Field(ge=0.0)] = 1.0  # of the teachers' loss; the labels' is 1
    temperature: Positive = 1.0  # above 1 softens both answers
    # A bundle, a file, or `AS_INITIAL` for `model.initial`: see `training.feature_teacher`.
    feature_teacher: str = ""
    feature_architecture: str = "efficientnet_b0"  # what the feature teacher is
    feature_stages: tuple[int, ...] = ()  # whose maps are learned beside the last, from 0
    feature_weight: Positive = 1.0  # of the distance of the feature maps

    @property
    def places(self) -> tuple[str, ...]:
        """Where the teachers are."""
        named = (self.teacher,) if isinstance(self.teacher, str) else self.teacher
        return tuple(place for place in named if place)


class RunSection(_Section):
    """How long, how much at once, and what is kept."""

    # 0: nothing is learned, the first weights are judged as they are (`training.calibrating`).
    epochs: Annotated[int, Field(ge=0)] = 20
    batch: Count = 16
    early_size: Count | None = None  # pixels until `early_share` of the run; smaller is quicker
    early_share: Share = 0.0
    # Blocks of every stage, or of each, until `early_depth_share` of the run: `training.depth`.
    early_depth: Count | tuple[Count, ...] | None = None
    early_depth_share: Share = 0.0
    ema: Annotated[float, Field(ge=0.0, lt=1.0)] = 0.0  # decay of averaged weights; 0 = none
    patience: Count | None = None  # epochs without a better validation until the run ends
    half_precision: bool = True  # on a GPU
    # Meant for processors that multiply bfloat16 themselves; measure before a long run.
    half_precision_on_cpu: bool = False
    pair_minimum: Count = 5  # positives and negatives of a validation pair
    seed: int = 20260101
    save_every_s: Positive = 180.0


class Recipe(_Section):
    """One experiment."""

    name: str
    model: ModelSection = ModelSection()
    loss: LossSection = LossSection()
    sampling: SamplingSection = SamplingSection()
    optimizer: OptimizerSection = OptimizerSection()
    schedule: ScheduleSection = ScheduleSection()
    augmentation: AugmentationSection = AugmentationSection()
    mixing: MixingSection = MixingSection()
    distillation: DistillationSection = DistillationSection()
    run: RunSection = RunSection()

    @property
    def teachers(self) -> tuple[str, ...]:
        """Where the teachers are."""
        start = self.model.initial
        return tuple(start if p == AS_INITIAL else p for p in self.distillation.places)


def load_recipe(name: str, overrides: Sequence[str] = ()) -> Recipe:
    """Return the recipe that comes along under `name`, or the one in that TOML file.

    Parameters
    ----------
    name : str
        Such as ``rfmid-seed``, or the path of a ``.toml``.
    overrides : Sequence[str]
        Such as ``run.epochs=5``; the value is read as TOML, else as plain text.

    Raises
    ------
    RecipeError
        If there is none, or a value is not one; names the place.
    """
    path = Path(name) if name.endswith(".toml") else RECIPES / f"{name}.toml"
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        there = ", ".join(sorted(file.stem for file in RECIPES.glob("*.toml")))
        raise RecipeError(f"There is no recipe {path.stem}; there are {there}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise RecipeError(f"The recipe {path.name} cannot be read as TOML.") from error
    for override in overrides:
        _override(content, override)
    return _checked({"name": path.stem, **content})


def _override(content: dict[str, Any], override: str) -> None:
    place, separator, text = override.partition("=")
    keys = place.strip().split(".")
    if not separator or len(keys) != 2 or not all(keys):
        raise RecipeError(f'"{override}" is no override; write section.name=value.')
    section = content.setdefault(keys[0], {})
    if not isinstance(section, dict):
        raise RecipeError(f'"{keys[0]}" is no section of a recipe.')
    section[keys[1]] = _value(text.strip())


def _value(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _checked(content: Mapping[str, Any]) -> Recipe:
    try:
        return Recipe.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise RecipeError(f"Recipe, {place}: {first['msg']}.") from error
