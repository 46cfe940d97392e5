"""Which labels are assessed, and from which probability on each is called: the rule.

Everything is decided on validation photographs; of the test only the number of positives
counts. Three ideas:

- A label that too few validation or test photographs show is *not assessed*: nothing supports
  a threshold, and an alarm without support does harm. One that comes with a threshold, of a
  model that was only calibrated here, keeps it, raised where it would call too many without it.
- Each label keeps a floor of specificity, higher the rarer it is, because the false alarms of
  all labels fall on the same healthy eyes.
- The floors are raised together until most healthy eyes are free of every named label.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, LabelEntry
from training.answers import REPORT_FROM
from training.calibration_fit import FitRows, apply_platt, choose_fit_rows, fit_platt
from training.manifest_data import ANY_DISEASE
from training.metrics import Scores, Truth
from training.part_data import PartData
from training.results import LabelResult

TRAINED_FROM = 5  # positives in training; below, the label is not assessed
SUPPORTED_FROM = 5  # positives in validation, likewise
COMMON_FROM = 0.10  # a label on more photographs than this share is common
POINT_MINIMUM = 10  # positives from which they choose the operating point
TARGET_SENSITIVITY = 0.95  # where the false alarms allow it
FALSE_ALARMS_ANY = 0.15  # of any abnormality: largest share of the photographs without it
FALSE_ALARMS_COMMON = 0.20  # of a named label on many photographs, before it is reduced
FALSE_ALARMS_RARE = 0.04
FALSE_ALARMS_FEW = 0.01  # with fewer than POINT_MINIMUM positives
RAISED_FROM = 25  # photographs without a label from which they raise a threshold it came with
LOWEST_THRESHOLD = 0.05  # nothing is called below this probability
FREE_HEALTHY_EYES = 0.80  # healthy eyes without any named label
STEPS = 40  # in which the floors are raised
HEALTHY_MINIMUM = 20  # healthy eyes; fewer do not raise the floors
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A label that may be called, and what its threshold is chosen on.

    ``scores`` and ``truth`` are of the photographs it was fitted on, ``healthy`` its
    probabilities on validation's healthy eyes; ``named`` is False for any abnormality.
    ``brought`` is the threshold that it came with, where too few positives choose another.
    """

    scores: Scores
    truth: Truth
    healthy: Scores
    named: bool
    brought: float | None = None

    @property
    def false_alarms(self) -> float:
        """The largest share of false alarms, before the floors are raised."""
        if not self.named:
            return FALSE_ALARMS_ANY
        if self.brought is not None:
            return FALSE_ALARMS_RARE
        if int(self.truth.sum()) < POINT_MINIMUM:
            return FALSE_ALARMS_FEW
        common = self.truth.mean() >= COMMON_FROM
        return FALSE_ALARMS_COMMON if common else FALSE_ALARMS_RARE


def fit_labels(
    training: PartData,
    validation: PartData,
    test: PartData,
    *,
    logits: NDArray[np.float32],
    natural: frozenset[str],
    learned: bool = True,
    brought: Sequence[LabelEntry] = (),
) -> tuple[LabelResult, ...]:
    """Calibrate every label and choose all operating points together.

    Parameters
    ----------
    training, test : PartData
        Only their positives are counted.
    validation : PartData
        What everything is chosen on.
    logits : NDArray[np.float32]
        Of validation, shape ``(len(validation), labels)``.
    natural : frozenset[str]
        Of `calibration_fit.natural_sources`.
    learned : bool
        Whether anything was learned, so that training must have shown a label.
    brought : Sequence[LabelEntry]
        What the model came with: kept where the photographs show a label too rarely.

    Returns
    -------
    tuple[LabelResult, ...]
        In the labels' order; called *demonstration* until their test says more.
    """
    healthy = _healthy(validation)
    came_with = {entry.code: entry for entry in brought}
    labels: list[LabelResult] = []
    candidates: dict[int, Candidate] = {}
    for column, code in enumerate(validation.codes):
        label, fit = _calibrate(
            column, training, validation, test, logits, natural, learned=learned
        )
        rows = np.flatnonzero(validation.known[:, column]) if fit is None else fit.rows
        entry = came_with.get(code)
        kept = None if entry is None or fit is not None else entry.threshold
        if entry is not None and kept is not None:
            calibration = entry.calibration
            label = replace(label, status=entry.status, calibration=calibration, kept=True)
        labels.append(label)
        if fit is not None or kept is not None:
            scores = apply_platt(logits[:, column], label.calibration)
            truth: Truth = validation.targets[rows, column] > 0.5
            named = code != ANY_DISEASE
            candidates[column] = Candidate(scores[rows], truth, scores[healthy], named, kept)
    thresholds = choose_thresholds(list(candidates.values()))
    chosen = dict(zip(candidates, thresholds, strict=True))
    return tuple(
        replace(label, threshold=round(chosen[column], 5)) if column in chosen else label
        for column, label in enumerate(labels)
    )


def choose_thresholds(candidates: Sequence[Candidate]) -> list[float]:
    """Choose the operating point of every label, together.

    The named labels' largest shares of false alarms are multiplied by one factor, the largest
    of ``1, 1 - 1/STEPS, ..., 1/STEPS`` with which at least `FREE_HEALTHY_EYES` of the healthy
    eyes are free of every named label; the last one where none suffices.
    """
    thresholds: list[float] = []
    for step in range(STEPS, 0, -1):
        shares = [c.false_alarms * (step / STEPS if c.named else 1) for c in candidates]
        thresholds = [choose_threshold(c, s) for c, s in zip(candidates, shares, strict=True)]
        if _free_share(candidates, thresholds) >= FREE_HEALTHY_EYES:
            break
    return thresholds


def choose_threshold(candidate: Candidate, false_alarms: float) -> float:
    """Choose the operating point of one label.

    The lowest with at most this share of false alarms, and `LOWEST_THRESHOLD` at least; or a
    higher one, the highest that still reaches `TARGET_SENSITIVITY`. Fewer than `POINT_MINIMUM`
    positives do not raise it. A threshold that the label came with is the lowest; neither
    positives nor fewer than `RAISED_FROM` others raise it.

    Returns
    -------
    float
        In (0, 1), halfway between two observed probabilities where there are two.
    """
    scores, truth = candidate.scores, candidate.truth
    least = LOWEST_THRESHOLD if candidate.brought is None else candidate.brought
    if candidate.brought is not None and int((~truth).sum()) < RAISED_FROM:
        return least
    lowest = _highest_kept(np.sort(scores[~truth])[::-1], false_alarms)
    if candidate.brought is None and int(truth.sum()) >= POINT_MINIMUM:
        missed = int(truth.sum() * (1 - TARGET_SENSITIVITY) + _ROUNDING)
        lowest = max(lowest, float(np.sort(scores[truth])[missed]))
    if lowest <= least:
        return least
    return max(_between(scores, lowest), least)


def _free_share(candidates: Sequence[Candidate], thresholds: Sequence[float]) -> float:
    """Return the share of healthy eyes without any named label; 1 where they are too few."""
    named = [
        candidate.healthy >= threshold
        for candidate, threshold in zip(candidates, thresholds, strict=True)
        if candidate.named
    ]
    if not named or len(named[0]) < HEALTHY_MINIMUM:
        return 1.0
    return float(1 - np.any(named, axis=0).mean())


def _calibrate(
    column: int,
    training: PartData,
    validation: PartData,
    test: PartData,
    logits: NDArray[np.float32],
    natural: frozenset[str],
    *,
    learned: bool,
) -> tuple[LabelResult, FitRows | None]:
    trained, chosen, tested = (
        int((part.targets * part.known)[:, column].sum())
        for part in (training, validation, test)
    )
    code = validation.codes[column]
    truth, known = validation.targets[:, column] > 0.5, validation.known[:, column]
    fit = choose_fit_rows(truth, known, validation.sources, natural)
    fitted: Truth = truth[fit.rows]
    supported = (
        (trained >= TRAINED_FROM or not learned)
        and int(fitted.sum()) >= SUPPORTED_FROM
        and tested >= REPORT_FROM
        and not fitted.all()
    )
    if not supported:
        status = LabelStatus.NOT_ASSESSED
        return LabelResult(code, status, trained, chosen, tested, Calibration(), None), None
    label = LabelResult(
        code,
        LabelStatus.DEMONSTRATION,  # until its test says more
        training_positives=trained,
        validation_positives=chosen,
        test_positives=tested,
        calibration=fit_platt(logits[fit.rows, column].astype(np.float64), fitted),
        threshold=None,
        fitted_on=len(fit.rows),
        fitted_positives=int(fitted.sum()),
        natural=fit.natural,
    )
    return label, fit


def _healthy(part: PartData) -> NDArray[np.int64]:
    """Return the photographs of eyes that are stated to be healthy."""
    if ANY_DISEASE not in part.codes:
        return np.zeros(0, np.int64)
    column = part.codes.index(ANY_DISEASE)
    return np.flatnonzero(part.known[:, column] & (part.targets[:, column] < 0.5))


def _highest_kept(negatives: Scores, share: float) -> float:
    """Return the lowest value that at most `share` of descending `negatives` reach."""
    allowed = int(np.floor(share * len(negatives)))
    return float(np.nextafter(negatives[allowed], 1)) if allowed < len(negatives) else 0.0


def _between(probabilities: Scores, bound: float) -> float:
    """Return a threshold that calls exactly what `bound` calls, away from either side."""
    called, others = probabilities[probabilities >= bound], probabilities[probabilities < bound]
    low = float(others.max()) if len(others) else 0.0
    high = float(called.min()) if len(called) else 1.0
    return min(max((low + high) / 2, 1e-6), 1 - 1e-6)
