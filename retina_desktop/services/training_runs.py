"""A training run as its work folder tells it: what is there, what comes next, how to ask.

The window never imports torch or `training`. It starts ``python -m training`` as a process of
its own, one stage after another, and reads what the stages leave in the work folder.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from retina_desktop.domain.errors import RetinaError
from retina_desktop.services.whole_files import write_whole

RUN_NAME, EVENTS_NAME = "run", "events.jsonl"
STOP_NAME = "stop"  # a file in RUN_NAME; the training saves its state and ends when it is there
STOPPED_CODE = 4  # the exit status of a training that was asked to stop
WORDS_CODE = 3  # the exit status of a command that ended with a sentence
WINDOW_NAME = "window"  # the window's own notes in the work folder
REPORT_NAME, EVALUATION_NAME, RESULTS_NAME = "data.html", "evaluation.html", "results.json"
_SPLIT, _SPLIT_BEFORE = "split.json", "split-before.json"
_PLAN, _RECIPE, _BUNDLES = "plan.json", "recipe.toml", "bundles"
_OF_A_RUN = (RUN_NAME, RESULTS_NAME, EVALUATION_NAME, "answers.npz", "same_eyes.json", _BUNDLES)
_USUAL_SIDE, _USUAL_SIZE = 256, 224  # pixels: of the cached photographs, of a network's input
_ROOM = 1.2  # cached photographs are so much larger than the input, for turning and zooming
_SIDE_STEP = 32


class TrainingError(RetinaError):
    """Training cannot begin or go on for a reason the user can change."""


class Stage(StrEnum):
    """The commands of ``python -m training`` that the window starts, in their order."""

    PREPARE = "prepare"
    TRAIN = "train"
    AUDIT = "audit"
    EVALUATE = "evaluate"
    EXPORT = "export"


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What the user wants: photographs, a recipe and a few values instead of the recipe's."""

    manifest: Path  # a CSV that lists photographs, or a TOML file that lists data sets
    work_dir: Path
    recipe: str  # the name of one that comes along, or the path of a TOML file
    epochs: int | None = None
    batch: int | None = None
    size: int | None = None  # pixels of the network's input
    threads: int = 2
    start_from: Path | None = None  # a bundle's folder or a file of weights
    enhancements: tuple[str, ...] = ()  # steps that photographs go through first, by name


@dataclass(frozen=True, slots=True)
class FolderContent:
    """What a work folder holds, without any of it being loaded."""

    prepared_side: int | None = None  # pixels of the cached photographs
    prepared_with: tuple[str, ...] = ()  # enhancements they went through
    plan: TrainingPlan | None = None  # the one carried out here last
    recorded: Mapping[str, Any] | None = None  # the run's recipe as it was written down
    can_resume: bool = False
    has_weights: bool = False  # an epoch was finished
    is_measured: bool = False  # and these very weights were
    report: Path | None = None
    evaluation: Path | None = None

    @property
    def size(self) -> int | None:
        """The input size of the run that is here."""
        model = (self.recorded or {}).get("model")
        size = model.get("size") if isinstance(model, dict) else None
        return size if isinstance(size, int) else None


def look_into(work_dir: Path) -> FolderContent:
    """Return what `work_dir` holds; damaged files count as missing."""
    run = work_dir / RUN_NAME
    record, split = _json(run / "run.json"), _json(work_dir / _SPLIT)
    side = split.get("side")
    best, results = run / "best.pt", work_dir / RESULTS_NAME
    measured = best.is_file() and results.is_file() and _newer(results, best)
    recipe = record.get("recipe")
    return FolderContent(
        prepared_side=side if isinstance(side, int) else None,
        prepared_with=_names(split.get("enhancements")),
        plan=read_plan(work_dir),
        recorded=recipe if isinstance(recipe, dict) else None,
        can_resume=(run / "state.pt").is_file(),
        has_weights=best.is_file(),
        is_measured=measured,
        report=_there(work_dir / REPORT_NAME),
        evaluation=_there(work_dir / EVALUATION_NAME) if measured else None,
    )


def read_plan(work_dir: Path) -> TrainingPlan | None:
    """Return the plan carried out in `work_dir` last; None where none can be read."""
    content = _json(work_dir / WINDOW_NAME / _PLAN)
    try:
        return TrainingPlan(
            manifest=Path(content["manifest"]),
            work_dir=work_dir,
            recipe=str(content["recipe"]),
            epochs=_count(content.get("epochs")),
            batch=_count(content.get("batch")),
            size=_count(content.get("size")),
            threads=_count(content.get("threads")) or 2,
            start_from=_path(content.get("start_from")),
            enhancements=_names(content.get("enhancements")),
        )
    except (KeyError, TypeError):
        return None


def write_plan(plan: TrainingPlan) -> None:
    """Note `plan` in its work folder.

    Raises
    ------
    OutputUnwritableError
        If the folder cannot be written to.
    """
    content = {name: str(v) if isinstance(v, Path) else v for name, v in asdict(plan).items()}
    del content["work_dir"]
    text = json.dumps(content, indent=2).encode()
    write_whole(plan.work_dir / WINDOW_NAME / _PLAN, text)


def side_for(size: int) -> int:
    """Return how large photographs are to be cached for an input of `size` pixels."""
    if size <= _USUAL_SIZE:
        return _USUAL_SIDE
    return math.ceil(size * _ROOM / _SIDE_STEP) * _SIDE_STEP


def stages_to_come(
    content: FolderContent, plan: TrainingPlan, *, size: int
) -> tuple[Stage, ...]:
    """Return what is to be done until the model is measured; `size` is the input's."""
    other_list = content.plan is not None and content.plan.manifest != plan.manifest
    small = content.prepared_side is None or content.prepared_side < size
    other_look = not content.can_resume and content.prepared_with != plan.enhancements
    first = (Stage.PREPARE,) if small or other_list or other_look else ()
    return (*first, Stage.TRAIN, Stage.AUDIT, Stage.EVALUATE)


def stage_arguments(stage: Stage, plan: TrainingPlan, *, size: int) -> tuple[str, ...]:
    """Return what follows ``python -m training`` for every stage but the export.

    A run that can go on follows the recipe it was begun with, whatever has become of its file.
    """
    where = ("--manifest", str(plan.manifest), "--work-dir", str(plan.work_dir))
    threads = ("--threads", str(plan.threads))
    if stage is Stage.PREPARE:
        content = look_into(plan.work_dir)
        names = content.prepared_with if content.can_resume else plan.enhancements
        steps = (word for name in names for word in ("--enhance", name))
        return (stage.value, *where, "--side", str(side_for(size)), *steps)
    if stage is Stage.TRAIN:
        return (stage.value, *where, *threads, *_recipe_arguments(plan))
    if stage is Stage.EXPORT:
        raise ValueError("an export has arguments of its own")
    return (stage.value, *where, *threads)


def export_arguments(
    work_dir: Path, *, model_id: str, version: str, name: str
) -> tuple[tuple[str, ...], Path]:
    """Return the export's arguments, and where the bundle will lie."""
    bundle = work_dir / _BUNDLES / version / model_id
    place = ("--work-dir", str(work_dir), "--destination", str(bundle))
    return (Stage.EXPORT.value, *place, "--name", name, "--version", version), bundle


def note_split(work_dir: Path) -> None:
    """Keep the split beside the new one that is about to be dealt."""
    split = work_dir / _SPLIT
    if split.is_file():
        write_whole(work_dir / WINDOW_NAME / _SPLIT_BEFORE, split.read_bytes())


def settle(work_dir: Path) -> Path | None:
    """Set the run aside where patients were dealt anew since; return where it went.

    Its weights have seen patients that are now kept back for the test. Call it while nothing
    runs in `work_dir`.
    """
    before = work_dir / WINDOW_NAME / _SPLIT_BEFORE
    if not before.is_file():
        return None
    old, new = _json(before).get("rows"), _json(work_dir / _SPLIT).get("rows")
    aside = set_aside(work_dir) if old != new else None
    before.unlink(missing_ok=True)
    return aside


def set_aside(work_dir: Path) -> Path | None:
    """Move the run and what was measured of it into a new folder ``earlier-N``.

    Raises
    ------
    TrainingError
        If something there cannot be moved.
    """
    parts = [work_dir / name for name in _OF_A_RUN if (work_dir / name).exists()]
    if not (work_dir / RUN_NAME).exists():
        return None
    number = 1
    while (aside := work_dir / f"earlier-{number}").exists():
        number += 1
    try:
        aside.mkdir()
        for part in parts:
            part.rename(aside / part.name)
    except OSError as error:
        raise TrainingError(
            "The earlier run cannot be set aside; close what has its files open."
        ) from error
    return aside


def _recipe_arguments(plan: TrainingPlan) -> tuple[str, ...]:
    content = look_into(plan.work_dir)
    if content.can_resume and content.recorded is not None:
        path = plan.work_dir / WINDOW_NAME / _RECIPE
        write_whole(path, recipe_as_toml(content.recorded).encode())
        return ("--recipe", str(path), *_other_batch(content.recorded, plan.batch))
    wishes = {
        "run.epochs": plan.epochs,
        "run.batch": plan.batch,
        "model.size": plan.size,
    }
    given = [("--set", f"{name}={value}") for name, value in wishes.items() if value]
    if plan.start_from is not None:
        given.append(("--set", _line("model.initial", str(plan.start_from))))
    return ("--recipe", plan.recipe, *(word for pair in given for word in pair))


def _other_batch(recorded: Mapping[str, Any], batch: int | None) -> tuple[str, ...]:
    """Let a run go on with fewer photographs at once, and learn from as many in each step."""
    before = recorded.get("run", {}).get("batch")
    if batch is None or not isinstance(before, int) or batch == before:
        return ()
    together = before * recorded.get("optimizer", {}).get("accumulate", 1)
    steps = max(round(together / batch), 1)
    return ("--set", f"run.batch={batch}", "--set", f"optimizer.accumulate={steps}")


def recipe_as_toml(recorded: Mapping[str, Any]) -> str:
    """Return a run's recorded recipe as a TOML file; what is not set is left out."""
    plain = [_line(name, value) for name, value in recorded.items() if _is_plain(value)]
    sections = [
        "\n".join([f"[{name}]", *(_line(k, v) for k, v in values.items() if _is_plain(v))])
        for name, values in recorded.items()
        if isinstance(values, dict)
    ]
    return "\n\n".join(["\n".join(plain), *sections]) + "\n"


def _line(name: str, value: object) -> str:
    # JSON's texts, numbers, truth values and lists are TOML's.
    return f"{name} = {json.dumps(value, ensure_ascii=False)}"


def _is_plain(value: object) -> bool:
    return value is not None and not isinstance(value, dict)


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _path(value: object) -> Path | None:
    return Path(value) if isinstance(value, str) and value else None


def _names(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()


def _there(path: Path) -> Path | None:
    return path if path.is_file() else None


def _newer(one: Path, other: Path) -> bool:
    return one.stat().st_mtime_ns >= other.stat().st_mtime_ns


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
