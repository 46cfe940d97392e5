"""Fit the kernel and logistic models behind the quality gate, and judge by them.

The penalties were fixed beforehand, not tuned on the reported figures.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC

from retina_desktop.imaging.quality_model import (
    GAMMA,
    VECTOR_STEP,
    FloatArray,
    KernelMachine,
)

COST = 3.0  # of a row on the wrong side, times its weight
LOGISTIC_COST = 1.0
FOLDS = 5


@dataclass(frozen=True, slots=True, eq=False)
class FitTask:
    """Rows with their truth (0 or 1), weight, fold and name, for one model."""

    features: FloatArray
    truth: FloatArray
    weight: FloatArray
    folds: NDArray[np.intp]
    names: NDArray[np.str_]

    def part(self, chosen: NDArray[np.bool_]) -> "FitTask":
        """Return some of the rows."""
        return FitTask(
            self.features[chosen],
            self.truth[chosen],
            self.weight[chosen],
            self.folds[chosen],
            self.names[chosen],
        )


def joined(tasks: list[FitTask]) -> FitTask:
    """Return the rows of all tasks as one."""
    return FitTask(
        np.concatenate([task.features for task in tasks]),
        np.concatenate([task.truth for task in tasks]),
        np.concatenate([task.weight for task in tasks]),
        np.concatenate([task.folds for task in tasks]),
        np.concatenate([task.names for task in tasks]),
    )


def fit_kernel(task: FitTask) -> KernelMachine:
    """Fit a support vector machine; both classes count the same."""
    machine = SVC(C=COST, gamma=GAMMA, cache_size=400)
    machine.fit(task.features, task.truth, sample_weight=_class_balanced(task))
    vectors = np.rint(machine.support_vectors_ / VECTOR_STEP) * VECTOR_STEP  # as stored
    return KernelMachine(vectors, machine.dual_coef_[0], float(machine.intercept_[0]))


def fit_logistic(task: FitTask) -> FloatArray:
    """Return the coefficients of a logistic model with the offset last."""
    model = LogisticRegression(C=LOGISTIC_COST, max_iter=2000)
    model.fit(task.features, task.truth, sample_weight=_class_balanced(task))
    return np.asarray(np.append(model.coef_[0], model.intercept_[0]))


def crossed_margins(task: FitTask) -> FloatArray:
    """Return every row's margin by a model which saw nothing of its fold."""
    margins = np.zeros(len(task.truth))
    for fold in range(FOLDS):
        held = task.folds == fold
        margins[held] = fit_kernel(task.part(~held)).log_odds(task.features[held])
    return margins


def calibration(margins: FloatArray, task: FitTask) -> tuple[float, float]:
    """Return slope and offset which turn margins into log odds (Platt), classes balanced."""
    model = LogisticRegression(C=1e3)
    model.fit(margins[:, None], task.truth, sample_weight=_class_balanced(task))
    return float(model.coef_[0, 0]), float(model.intercept_[0])


def balanced(kinds: NDArray[np.str_]) -> FloatArray:
    """Return weights under which a kind counts as the root of its number."""
    _, index, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    each = 1 / np.sqrt(counts[index])
    return np.asarray(each / each.sum())


def folds_of(groups: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return a fold of every row; rows of one group share it."""
    names, index = np.unique(groups, return_inverse=True)
    order = np.random.default_rng(0).permutation(len(names)) % FOLDS
    return np.asarray(order[index], dtype=np.intp)


def near_duplicates(features: FloatArray) -> NDArray[np.intp]:
    """Give almost equal photographs the same number."""
    distance = np.square(features[:, None] - features[None]).mean(axis=2)
    numbers = np.arange(len(features))
    for row in range(len(features)):
        close = np.flatnonzero(distance[row] < 0.05)
        numbers[np.isin(numbers, numbers[close])] = numbers[close].min()
    return np.asarray(np.random.default_rng(0).permutation(len(features))[numbers])


def auroc(score: FloatArray, truth: FloatArray) -> float:
    """Return the share of pairs of good and bad which the score puts right."""
    good, bad = score[truth > 0.5], score[truth < 0.5]
    pairs = (good[:, None] > bad[None]) + 0.5 * (good[:, None] == bad[None])
    return float(pairs.mean())


def _class_balanced(task: FitTask) -> FloatArray:
    """Return weights of mean 1 which give both classes half of the whole."""
    weight = task.weight.copy()
    for value in (0, 1):
        chosen = task.truth == value
        weight[chosen] *= 0.5 * len(weight) / weight[chosen].sum()
    return weight
