"""Leave-patient-out cross-validation in which the judged patient chooses nothing.

For each fold the strength of the penalty, whether varied copies teach too, the calibration and
the threshold are chosen on inner folds of the other patients; the head is then fitted on all of
those, and asked once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Calibration
from training.calibration_fit import apply_platt, fit_platt
from training.retinoblastoma.folds import Groups, deal_folds
from training.retinoblastoma.head import LinearHead, fit_head
from training.retinoblastoma.photographs import Kind

STRENGTHS = (0.1, 1.0, 10.0, 100.0)
INNER_FOLDS = 4

Versions = NDArray[np.float32]  # (N, V, C): the photograph as it is first, then varied copies
Truth = NDArray[np.bool_]
Logits = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a head learns from."""

    versions: Versions
    truth: Truth
    groups: Groups
    kinds: tuple[str, ...]

    def rows(self, chosen: NDArray[np.bool_]) -> "Examples":
        """Return some of the rows."""
        kinds = tuple(k for k, kept in zip(self.kinds, chosen.tolist(), strict=True) if kept)
        return Examples(self.versions[chosen], self.truth[chosen], self.groups[chosen], kinds)

    def copied(self, copies: int) -> "Examples":
        """Return the photographs with at most so many of their varied copies."""
        return replace(self, versions=self.versions[:, : 1 + copies])


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """What was chosen without the judged patient."""

    strength: float
    calibration: Calibration
    threshold: float
    copies: int = 0  # varied copies that teach beside each photograph


@dataclass(frozen=True, slots=True, eq=False)
class Crossed:
    """Answers about every photograph from a head that never saw its patient."""

    logits: Logits  # (N,)
    probabilities: NDArray[np.float64]  # (N,), calibrated on the other patients
    called: Truth  # (N,), at the threshold chosen on the other patients
    folds: NDArray[np.int64]
    points: tuple[OperatingPoint, ...]  # one a fold
    of_others: tuple[NDArray[np.float64], ...] = ()  # (N,) each: see `cross_validate`


def cross_validate(
    examples: Examples,
    *,
    seed: int,
    sensitivity: float,
    strengths: Sequence[float] = STRENGTHS,
    others: Sequence[NDArray[np.float32]] = (),
) -> Crossed:
    """Leave each patient with a tumour out in turn, and the others fold by fold.

    Each of `others` holds features ``(N, C)`` of other pictures of the same photographs; no
    head learns from them, the head that never saw the patient is asked about them.
    """
    folds = deal_folds(examples.groups, examples.truth, examples.kinds, seed=seed)
    logits = np.zeros(len(folds))
    probabilities = np.zeros(len(folds))
    called = np.zeros(len(folds), np.bool_)
    of_others = [np.zeros(len(folds)) for _ in others]
    points: list[OperatingPoint] = []
    for fold in range(int(folds.max()) + 1):
        judged = folds == fold
        teachers = examples.rows(~judged)
        point = choose_point(
            teachers, seed=seed + fold + 1, sensitivity=sensitivity, strengths=strengths
        )
        head = fit_on(teachers.copied(point.copies), strength=point.strength)
        logits[judged] = head.logits(examples.versions[judged, 0])
        probabilities[judged] = apply_platt(logits[judged], point.calibration)
        called[judged] = probabilities[judged] >= point.threshold
        for answers, features in zip(of_others, others, strict=True):
            answers[judged] = apply_platt(head.logits(features[judged]), point.calibration)
        points.append(point)
    return Crossed(
        logits, probabilities, called, folds, tuple(points), of_others=tuple(of_others)
    )


def choose_point(
    examples: Examples, *, seed: int, sensitivity: float, strengths: Sequence[float] = STRENGTHS
) -> OperatingPoint:
    """Choose all of it by folds of these photographs alone: with copies or without."""
    folds = deal_folds(
        examples.groups, examples.truth, examples.kinds, seed=seed, most=INNER_FOLDS
    )
    weights = balanced(examples.kinds)
    found = [
        (held_out(examples.copied(copies), folds, strength=strength), strength, copies)
        for copies in sorted({0, examples.versions.shape[1] - 1})
        for strength in strengths
    ]
    losses = [_log_loss(logits, examples.truth, weights) for logits, *_ in found]
    logits, strength, copies = found[int(np.argmin(losses))]
    calibration = fit_platt(logits, examples.truth)
    probabilities = apply_platt(logits, calibration)
    threshold = threshold_for(probabilities, examples.truth, sensitivity=sensitivity)
    return OperatingPoint(strength, calibration, threshold, copies)


def held_out(examples: Examples, folds: NDArray[np.int64], *, strength: float) -> Logits:
    """Return each photograph's logit from a head fitted on the other folds."""
    logits = np.zeros(len(folds))
    for fold in np.unique(folds):
        judged = folds == fold
        head = fit_on(examples.rows(~judged), strength=strength)
        logits[judged] = head.logits(examples.versions[judged, 0])
    return logits


def fit_on(examples: Examples, *, strength: float) -> LinearHead:
    """Fit a head on all versions of all photographs."""
    count, versions, channels = examples.versions.shape
    return fit_head(
        examples.versions.reshape(count * versions, channels),
        np.repeat(examples.truth, versions),
        np.repeat(balanced(examples.kinds), versions),
        strength=strength,
    )


def balanced(kinds: Sequence[str]) -> NDArray[np.float64]:
    """Return weights: the tumours count as much as all others, each other kind the same."""
    names, member = np.unique(np.array(kinds), return_inverse=True)
    shares = np.where(names == Kind.TUMOUR.value, max(len(names) - 1, 1), 1.0)
    return np.asarray((shares / np.bincount(member))[member], np.float64)


def threshold_for(
    probabilities: NDArray[np.float64], truth: Truth, *, sensitivity: float
) -> float:
    """Return the highest threshold that finds at least the share `sensitivity` of the tumours.

    Halfway to the next lower probability, rounded to 5 places, within (0, 1).
    """
    ill = np.sort(probabilities[truth])[::-1]
    bound = ill[int(np.ceil(sensitivity * len(ill) - 1e-9)) - 1]
    below = probabilities[probabilities < bound]
    threshold = (bound + (below.max() if len(below) else 0.0)) / 2
    return float(np.clip(round(float(threshold), 5), 1e-5, 1 - 1e-5))


def _log_loss(logits: Logits, truth: Truth, weights: NDArray[np.float64]) -> float:
    signed = np.where(truth, -logits, logits)
    return float(np.average(np.logaddexp(0.0, signed), weights=weights))
