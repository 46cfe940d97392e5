"""Cross-validation: training and validation dealt into folds, the test left untouched.

Each fold is a work folder of its own with the ordinary commands; all share one cache of
photographs. Fold i validates on the i-th share of the groups and trains on the others.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import RetinaError
from training.files import write_atomically
from training.prepared import SAME_EYES_NAME, SPLIT_NAME, PreparedData
from training.results import EvaluationResult
from training.splits import Part, strata

CACHE_NAME = "cache"


class FoldsError(RetinaError):
    """The photographs cannot be dealt into the folds asked for."""


@dataclass(frozen=True, slots=True)
class FoldFigure:
    """One figure over the folds: the mean and the standard deviation between them."""

    name: str
    label: str
    source: str
    mean: float
    spread: float
    values: tuple[float, ...]


def fold_folder(work_dir: Path, fold: int) -> Path:
    """Return the work folder of fold number `fold`, counted from 1."""
    return work_dir / f"fold_{fold}"


def deal_folds(data: PreparedData, folds: int, *, seed: int) -> NDArray[np.int64]:
    """Return the fold of each photograph of training and validation, -1 for all others.

    Whole groups, dealt in turn within each source and rarest label, so that every fold holds
    its share of each.

    Raises
    ------
    FoldsError
        If there are fewer than two folds, or fewer groups than folds.
    """
    if folds < 2:
        raise FoldsError("Cross-validation needs two folds or more.")
    dealt = np.isin(np.array(data.parts), [Part.TRAINING, Part.VALIDATION])
    members: dict[int, list[int]] = {}
    for row in np.flatnonzero(dealt).tolist():
        members.setdefault(int(data.groups[row]), []).append(row)
    if len(members) < folds:
        raise FoldsError(
            f"There are {len(members)} patients or groups for {folds} folds: use fewer folds."
        )
    generator = np.random.default_rng(seed)
    result = np.full(len(data.images), -1, np.int64)
    sizes = np.zeros(folds, np.int64)
    for stratum in strata(data.images, members):
        order = generator.permutation(len(stratum)).tolist()
        own = np.zeros(folds, np.int64)  # photographs of this stratum
        for group in (stratum[place] for place in order):
            fold = int(np.lexsort((sizes, own))[0])
            result[members[group]] = fold
            own[fold] += len(members[group])
            sizes[fold] += len(members[group])
    return result


def write_folds(work_dir: Path, data: PreparedData, folds: int, *, seed: int) -> list[Path]:
    """Make a work folder for each fold, beside one another in `work_dir`.

    The cache is linked, not copied. Existing folders get the same split again, if folds and
    seed are the same.

    Raises
    ------
    FoldsError
        If the photographs cannot be dealt, or other folds are there already.
    """
    dealt = deal_folds(data, folds, seed=seed)
    content = json.loads((work_dir / SPLIT_NAME).read_bytes())
    made: list[Path] = []
    for fold in range(folds):
        folder = fold_folder(work_dir, fold + 1)
        split = _split_of(content, dealt.tolist(), fold)
        kept = folder / SPLIT_NAME
        if kept.exists() and kept.read_bytes() != split:
            raise FoldsError(
                f"{folder.name} holds another division: remove the folders fold_* first."
            )
        folder.mkdir(exist_ok=True)
        _share(work_dir, folder)
        write_atomically(kept, split)
        made.append(folder)
    return made


def summarise(results: Sequence[EvaluationResult]) -> tuple[FoldFigure, ...]:
    """Return each figure's mean and standard deviation over the folds that have it.

    A figure that only one fold has says nothing of the spread and is left out.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    for result in results:
        for metric in result.metrics:
            place = (metric.name, metric.label, metric.source)
            values.setdefault(place, []).append(metric.value)
    return tuple(
        FoldFigure(*place, float(np.mean(found)), float(np.std(found, ddof=1)), tuple(found))
        for place, found in values.items()
        if len(found) > 1
    )


def _split_of(content: dict[str, Any], folds: Sequence[int], fold: int) -> bytes:
    rows = [
        row
        if own < 0
        else {**row, "part": str(Part.VALIDATION if own == fold else Part.TRAINING)}
        for row, own in zip(content["rows"], folds, strict=True)
    ]
    return json.dumps({**content, "rows": rows}, indent=0).encode()


def _share(work_dir: Path, folder: Path) -> None:
    """Let the fold use the cache, and know of the eyes that were set aside."""
    cache = folder / CACHE_NAME
    if not cache.exists():
        try:
            shared = os.path.relpath(work_dir / CACHE_NAME, folder)
            cache.symlink_to(shared, target_is_directory=True)
        except OSError:  # Windows without the right to make links: hard links of the files
            cache.mkdir()
            for file in (work_dir / CACHE_NAME).iterdir():
                os.link(file, cache / file.name)
    aside = work_dir / SAME_EYES_NAME
    if aside.exists():
        write_atomically(folder / SAME_EYES_NAME, aside.read_bytes())
