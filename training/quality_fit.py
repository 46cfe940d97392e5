"""Fit the small networks behind the quality gate, and judge by them."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

HIDDEN_UNITS = 14
PENALTY = 2e-3
STEPS = 700
LEARNING_RATE = 0.02
FOLDS = 5

FloatArray = NDArray[np.float64]
Network = tuple[FloatArray, FloatArray]  # (H, F + 1) and (H + 1,); H = 0 is a logistic model


@dataclass(frozen=True, slots=True, eq=False)
class FitTask:
    """Rows with their truth (0 or 1), weight, fold and name, for one model."""

    features: FloatArray
    truth: FloatArray
    weight: FloatArray
    folds: NDArray[np.intp]
    names: NDArray[np.str_]


def joined(tasks: list[FitTask]) -> FitTask:
    """Return the rows of all tasks as one."""
    return FitTask(
        np.concatenate([task.features for task in tasks]),
        np.concatenate([task.truth for task in tasks]),
        np.concatenate([task.weight for task in tasks]),
        np.concatenate([task.folds for task in tasks]),
        np.concatenate([task.names for task in tasks]),
    )


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
    return np.random.default_rng(0).permutation(len(features))[numbers]


def fit(task: FitTask, chosen: NDArray[np.bool_], *, hidden: int = HIDDEN_UNITS) -> Network:
    """Fit by Adam on all rows at once; both classes count the same."""
    torch.manual_seed(0)
    x = torch.from_numpy(task.features[chosen]).float()
    truth = torch.from_numpy(task.truth[chosen]).float()
    weight = task.weight[chosen].copy()
    for value in (0, 1):
        of_class = task.truth[chosen] == value
        weight[of_class] /= 2 * weight[of_class].sum()
    weights = torch.from_numpy(weight).float()
    x = torch.cat([x, torch.ones(len(x), 1)], dim=1)
    first = nn.Parameter(0.2 * torch.randn(max(hidden, 1), x.shape[1]))
    second = nn.Parameter(torch.zeros(hidden + 1 if hidden else x.shape[1]))
    optimiser = torch.optim.Adam([first, second] if hidden else [second], lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    penalty = PENALTY if hidden else PENALTY / 4
    for _ in range(STEPS):
        if hidden:
            log_odds = torch.tanh(x @ first.T) @ second[:-1] + second[-1]
            size = first[:, :-1].square().sum() / hidden + second[:-1].square().sum()
        else:
            log_odds, size = x @ second, second[:-1].square().sum()
        losses = nn.functional.binary_cross_entropy_with_logits(
            log_odds, truth, reduction="none"
        )
        loss = (weights * losses).sum() + penalty * size
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        schedule.step()
    kept = first if hidden else first[:0]
    return kept.detach().double().numpy(), second.detach().double().numpy()


def judge(network: Network, features: FloatArray) -> FloatArray:
    """Return log odds."""
    hidden, readout = network
    x = np.concatenate([features, np.ones((len(features), 1))], axis=1)
    if len(hidden) == 0:
        return np.asarray(x @ readout)
    return np.asarray(np.tanh(x @ hidden.T) @ readout[:-1] + readout[-1])


def auroc(score: FloatArray, truth: FloatArray) -> float:
    """Return the share of pairs of good and bad which the score puts right."""
    good, bad = score[truth > 0.5], score[truth < 0.5]
    pairs = (good[:, None] > bad[None]) + 0.5 * (good[:, None] == bad[None])
    return float(pairs.mean())
