"""Curves of every pair of label and source, as drawings of the evaluation's page."""

import base64
from collections.abc import Iterator
from html import escape
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from training.answers import Answers, counted_pairs


def curves(answers: Answers) -> Iterator[str]:
    """Yield, of each counted pair, its drawing as HTML."""
    for pair in counted_pairs(answers):
        source, column, rows = pair.source, pair.column, pair.rows
        truth = answers.targets[rows, column] > 0.5
        scores = answers.probabilities[rows, column]
        title = f"{answers.codes[column]} in {source}"
        threshold = answers.thresholds[column] or 0.0
        picture = base64.b64encode(draw(truth, scores, threshold, title)).decode()
        yield (
            f'<p><img alt="ROC, precision-recall, reliability and confusion of {escape(title)}"'
            f' src="data:image/svg+xml;base64,{picture}"></p>'
        )


def draw(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float, title: str
) -> bytes:
    """Return ROC, precision, reliability and confusion as SVG.

    Parameters
    ----------
    truth : NDArray[np.bool_]
        Shape ``(N,)``.
    scores : NDArray[np.float64]
        Shape ``(N,)``, probabilities.
    threshold : float
        From which on a label is called.
    title : str
        Over the drawing.
    """
    with mpl.rc_context({"svg.hashsalt": "retina", "font.size": 8}):
        drawing = Drawing(figsize=(11, 2.8), layout="constrained")
        drawing.suptitle(title)
        roc, pr, reliability, confusion = drawing.subplots(1, 4)
        wrong, right, _ = roc_curve(truth, scores)
        roc.plot(wrong, right)
        _diagonal(roc)
        roc.set(xlabel="1 - specificity", ylabel="sensitivity", title="ROC")
        precision, recall, _ = precision_recall_curve(truth, scores)
        pr.plot(recall, precision)
        pr.set(xlabel="sensitivity", ylabel="precision", title="Precision", ylim=(0, 1.02))
        observed, said = calibration_curve(truth, scores, n_bins=10)
        reliability.plot(said, observed, "o-")
        _diagonal(reliability)
        reliability.set(xlabel="probability", ylabel="observed share", title="Reliability")
        _confusion(confusion, truth, scores >= threshold)
        buffer = BytesIO()
        drawing.savefig(buffer, format="svg", metadata={"Date": None})
        return buffer.getvalue()


def _diagonal(axes: Axes) -> None:
    axes.plot([0, 1], [0, 1], "--", color="grey", linewidth=0.8)


def _confusion(axes: Axes, truth: NDArray[np.bool_], called: NDArray[np.bool_]) -> None:
    counts = confusion_matrix(truth, called, labels=[False, True])
    axes.imshow(counts, cmap="Blues", alpha=0.5)
    for (row, place), count in np.ndenumerate(counts):
        axes.text(place, row, str(count), ha="center", va="center")
    axes.set_xticks([0, 1], ["not called", "called"])
    axes.set_yticks([0, 1], ["absent", "present"])
    axes.set_title("At the threshold")
