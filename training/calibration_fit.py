"""From logits to probabilities that mean what they say.

Everything here sees validation photographs only.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from retina_desktop.domain.manifests import Calibration
from training.manifest_data import ALL_LABELS, LabelledImage
from training.metrics import Scores, Truth

SLOPE_PRIOR_SD = 0.35  # of the slope's logarithm around 0: few positives leave the slope near 1
NATURAL_MINIMUM = 5  # positives from which photographs drawn as they come decide alone


@dataclass(frozen=True, slots=True)
class FitRows:
    """Which photographs a label's calibration and threshold are fitted on.

    ``natural`` tells whether they were drawn as they come, so that the share of positives
    means something; else they are all photographs of sources that state both answers.
    """

    rows: NDArray[np.int64]
    natural: bool


def natural_sources(images: Sequence[LabelledImage]) -> frozenset[str]:
    """Return the sources that state every label of every photograph, the diseased too.

    Such sets were collected before anybody asked for one disease: the share of positives in
    them is a clinic's, not a folder's.
    """
    stated: dict[str, list[bool]] = defaultdict(list)
    diseased: set[str] = set()
    for image in images:
        stated[image.source].append(ALL_LABELS in image.known)
        if image.positives:
            diseased.add(image.source)
    return frozenset(s for s, flags in stated.items() if all(flags) and s in diseased)


def choose_fit_rows(
    truth: Truth, known: Truth, sources: Sequence[str], natural: frozenset[str]
) -> FitRows:
    """Pick the photographs to fit one label on, out of one part's.

    Those drawn as they come, if they hold enough positives; else also those of the other
    sources that state both answers. A source with a single answer that was selected for it
    (only diseased eyes, or only healthy ones) tells nothing of where presence begins.

    Parameters
    ----------
    truth, known : Truth
        Shape ``(N,)``: whether the label is present, and whether that is stated.
    sources : Sequence[str]
        Length N.
    natural : frozenset[str]
        Of `natural_sources`.
    """
    names = np.array(sources)
    drawn = known & np.isin(names, sorted(natural))
    if int((drawn & truth).sum()) >= NATURAL_MINIMUM:
        return FitRows(np.flatnonzero(drawn), natural=True)
    chosen = drawn.copy()
    for source in sorted(set(sources)):
        own = known & (names == source)
        if truth[own].any() and not truth[own].all():
            chosen |= own
    return FitRows(np.flatnonzero(chosen), natural=False)


def fit_platt(logits: Scores, truth: Truth) -> Calibration:
    """Fit ``sigmoid(slope * logit + offset)``, slope above 0, with a prior on the slope.

    Platt, Probabilistic outputs for support vector machines, 1999, with his targets
    ``(n+ + 1) / (n+ + 2)`` and ``1 / (n- + 2)``; the slope's logarithm has a normal prior
    around 0, so that an unsure label keeps the network's own ranking and spread.

    Raises
    ------
    ValueError
        If `truth` holds one class only.
    """
    positives, negatives = int(truth.sum()), int((~truth).sum())
    if not positives or not negatives:
        raise ValueError("calibration needs both classes")
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    wanted = torch.from_numpy(np.where(truth, high, low))
    scores = torch.from_numpy(logits.astype(np.float64))
    log_slope = torch.zeros((), dtype=torch.float64, requires_grad=True)
    offset = torch.zeros((), dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [log_slope, offset], max_iter=200, line_search_fn="strong_wolfe"
    )

    def closure() -> float:
        optimizer.zero_grad()
        fitted = log_slope.exp() * scores + offset
        misfit = torch.nn.functional.binary_cross_entropy_with_logits(
            fitted, wanted, reduction="sum"
        )
        loss = misfit + 0.5 * (log_slope / SLOPE_PRIOR_SD) ** 2
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return Calibration(slope=float(log_slope.detach().exp()), offset=float(offset.detach()))


def apply_platt(logits: NDArray[np.floating], calibration: Calibration) -> Scores:
    """Return calibrated probabilities, float64 in [0, 1], of the logits' shape."""
    fitted = calibration.slope * logits.astype(np.float64) + calibration.offset
    return 0.5 * (1.0 + np.tanh(0.5 * fitted))  # the sigmoid, without overflow
