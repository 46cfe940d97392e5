"""The evaluation as one HTML page: figures, curves, and the worst mistakes by name.

The page stays with the run: it names photographs, and needs nothing from outside.
"""

import base64
from collections.abc import Iterator, Sequence
from html import escape
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from training.data_report import Table, as_html
from training.figures import COUNTED_FROM, Answers
from training.results import EvaluationResult

WORST = 10  # photographs a label and source
_FIGURES = (
    "auroc",
    "average_precision",
    "sensitivity",
    "specificity",
    "precision",
    "f1",
    "accuracy",
    "sensitivity_at_90",
    "specificity_at_90",
    "brier",
    "ece",
)


def evaluation_page(result: EvaluationResult, answers: Answers, files: Sequence[str]) -> str:
    """Return the page.

    Parameters
    ----------
    result : EvaluationResult
        The figures.
    answers : Answers
        What they were measured on.
    files : Sequence[str]
        The photograph of each row.
    """
    tables = (_headline(result), *_figure_tables(result), *_worst(answers, files))
    curves = "\n".join(_curves(answers))
    page = as_html(tables, title="Evaluation on patients kept back")
    return page.replace("</body>", f"<h2>Curves</h2>\n{curves}\n</body>")


def _headline(result: EvaluationResult) -> Table:
    rows = tuple(
        (m.name.replace("_", " "), m.source or "all", f"{m.value:.3f}", _between(m.low, m.high))
        for m in result.metrics
        if not m.label
    )
    return Table("Over all labels", ("Figure", "Source", "Value", "95 % interval"), rows)


def _figure_tables(result: EvaluationResult) -> Iterator[Table]:
    for source in sorted({m.source for m in result.metrics if m.source and m.label}):
        own = [m for m in result.metrics if m.source == source and m.label]
        rows = []
        for code in dict.fromkeys(m.label for m in own):
            by_name = {m.name: m for m in own if m.label == code}
            some = next(iter(by_name.values()))
            shown = (
                f"{m.value:.3f} {_between(m.low, m.high)}" if (m := by_name.get(name)) else ""
                for name in _FIGURES
            )
            rows.append((code, str(some.positives), str(some.negatives), *shown))
        names = tuple(name.replace("_", " ") for name in _FIGURES)
        yield Table(source, ("Label", "Positives", "Negatives", *names), tuple(rows))


def _between(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"[{low:.2f}, {high:.2f}]"


def _counted(answers: Answers) -> Iterator[tuple[str, int, NDArray[np.int64]]]:
    """Yield source, column and rows of each assessed pair with enough of both answers."""
    names = np.array(answers.sources)
    for source in sorted(set(answers.sources)):
        for column, threshold in enumerate(answers.thresholds):
            rows = np.flatnonzero((names == source) & answers.known[:, column])
            positives = int(answers.targets[rows, column].sum())
            if threshold is not None and min(positives, len(rows) - positives) >= COUNTED_FROM:
                yield source, column, rows


def _worst(answers: Answers, files: Sequence[str]) -> Iterator[Table]:
    for source, column, rows in _counted(answers):
        truth = answers.targets[rows, column] > 0.5
        scores = answers.probabilities[rows, column]
        wrong = truth != (scores >= (answers.thresholds[column] or 0.0))
        gap = np.abs(scores - truth) * wrong
        order = [place for place in np.argsort(-gap)[:WORST].tolist() if gap[place] > 0]
        found = tuple(
            (
                files[int(rows[place])],
                "present" if truth[place] else "absent",
                f"{scores[place]:.3f}",
            )
            for place in order
        )
        if found:
            title = f"Worst mistakes: {answers.codes[column]} in {source}"
            yield Table(title, ("Photograph", "Stated", "Probability"), found)


def _curves(answers: Answers) -> Iterator[str]:
    for source, column, rows in _counted(answers):
        truth = answers.targets[rows, column] > 0.5
        scores = answers.probabilities[rows, column]
        title = f"{answers.codes[column]} in {source}"
        threshold = answers.thresholds[column] or 0.0
        picture = base64.b64encode(_draw(truth, scores, threshold, title)).decode()
        yield (
            f'<p><img alt="ROC, precision-recall, reliability and confusion of {escape(title)}"'
            f' src="data:image/svg+xml;base64,{picture}"></p>'
        )


def _draw(
    truth: NDArray[np.bool_], scores: NDArray[np.float64], threshold: float, title: str
) -> bytes:
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
