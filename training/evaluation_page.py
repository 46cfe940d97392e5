"""The evaluation as one HTML page: figures, curves, and the worst mistakes by name.

The page stays with the run: it names photographs, and needs nothing from outside.
"""

import base64
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from io import BytesIO

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Drawing
from numpy.typing import NDArray
from sklearn.calibration import calibration_curve
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from retina_desktop.domain.manifests import Metric
from training.answers import Answers, counted_pairs
from training.card_left_out import left_out_head, left_out_rows
from training.challenge_score import LABELS
from training.data_report import Table, as_html, html_table
from training.mistakes import worst_mistakes
from training.results import EvaluationResult

_STYLE = (
    ".mistake{display:inline-block;margin:.3rem;max-width:25rem;font-size:.8rem}"
    "figcaption{overflow-wrap:anywhere}"
)
_SECTION, _SECTION_END = '<section id="heatmaps">', "</section>"
_LEGEND = (
    "Of each label and source the wrong calls furthest from what is stated, with their "
    "probability; right, the label's heatmap on the program's fixed scale."
)
_FIGURES = (
    "auroc",
    "auroc_one_size",
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


def evaluation_page(
    result: EvaluationResult,
    answers: Answers,
    files: Sequence[str],
    *,
    pictures: Sequence[bytes] | None = None,
    explanation: Sequence[Table] = (),
) -> str:
    """Return the page.

    Parameters
    ----------
    result : EvaluationResult
        The figures.
    answers : Answers
        What they were measured on.
    files : Sequence[str]
        The photograph of each row.
    pictures : Sequence[bytes] or None
        JPEGs of `mistakes.worst_mistakes`, in their order.
    explanation : Sequence[Table]
        What `explain` found of the same run.
    """
    tables = (
        _headline(result),
        *_never_seen(result),
        *_figure_tables(result),
        *_confusion_table(answers),
    )
    page = as_html(tables, title="Evaluation on patients kept back")
    explained = _section(explanation)
    curves = "\n".join(_curves(answers))
    mistakes = "\n".join(_mistakes(answers, files, pictures))
    return page.replace("</style>", f"{_STYLE}</style>").replace(
        "</body>",
        f"{explained}\n<h2>Curves</h2>\n{curves}\n<h2>Worst mistakes</h2>\n<p>{_LEGEND}</p>\n"
        f"{mistakes}\n</body>",
    )


def with_explanation(page: str, tables: Sequence[Table]) -> str:
    """Return the page with these tables in place of what it said of heatmaps."""
    start, end = page.find(_SECTION), page.find(_SECTION_END)
    if min(start, end) < 0:
        return page
    return page[:start] + _section(tables) + page[end + len(_SECTION_END) :]


def _section(tables: Sequence[Table]) -> str:
    return _SECTION + "\n".join(map(html_table, tables)) + _SECTION_END


def _never_seen(result: EvaluationResult) -> Iterator[Table]:
    for run in result.left_out:
        title = f"Sources never seen, by a run without {', '.join(run.photographs)}"
        rows = (tuple(cell.replace("\\*", "*") for cell in row) for row in left_out_rows(run))
        yield Table(title, left_out_head(), tuple(rows))


def _headline(result: EvaluationResult) -> Table:
    rows = tuple(
        (m.name.replace("_", " "), m.source or "all", _number(m), _between(m.low, m.high))
        for m in (*result.metrics, *_named_views(result))
        if not m.label
    )
    return Table("Over all labels", ("Figure", "Source", "Value", "95 % interval"), rows)


def _number(metric: Metric) -> str:
    return f"{metric.value:.0f}" if metric.name == LABELS else f"{metric.value:.3f}"


def _named_views(result: EvaluationResult) -> Iterator[Metric]:
    for metric in result.averaged_views:
        yield replace(metric, name=f"{metric.name} (averaged views)")


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


def _confusion_table(answers: Answers) -> Iterator[Table]:
    """Count what is called and what is not at the threshold, of every assessed pair."""
    names = np.array(answers.sources)
    rows = []
    for source in sorted(set(answers.sources)):
        for column, threshold in enumerate(answers.thresholds):
            if threshold is None:
                continue
            own = np.flatnonzero((names == source) & answers.known[:, column])
            truth = answers.targets[own, column] > 0.5
            called = answers.probabilities[own, column] >= threshold
            if len(own):
                counts = confusion_matrix(truth, called, labels=[False, True]).ravel().tolist()
                free, alarms, missed, found = map(str, counts)
                code = answers.codes[column]
                rows.append((code, source, f"{threshold:.3f}", found, missed, alarms, free))
    header = ("Label", "Source", "Threshold", "Found", "Missed", "False alarms", "Left alone")
    yield Table("What is called at the threshold", header, tuple(rows))


def _mistakes(
    answers: Answers, files: Sequence[str], pictures: Sequence[bytes] | None
) -> Iterator[str]:
    """Show the worst mistakes, with pictures where there are some."""
    found = worst_mistakes(answers)
    before = None
    for number, mistake in enumerate(found):
        pair = f"{answers.codes[mistake.column]} in {mistake.source}"
        if pair != before:
            yield f"<h3>{escape(pair)}</h3>"
            before = pair
        stated = "present, but missed" if mistake.present else "absent, but called"
        words = f"{files[mistake.place]}: {stated} ({mistake.probability:.3f})"
        image = ""
        if pictures is not None:
            data = base64.b64encode(pictures[number]).decode()
            source = f"data:image/jpeg;base64,{data}"
            image = f'<img alt="Photograph and heatmap" src="{source}"><br>'
        caption = f"<figcaption>{escape(words)}</figcaption>"
        yield f'<figure class="mistake">{image}{caption}</figure>'


def _curves(answers: Answers) -> Iterator[str]:
    for pair in counted_pairs(answers):
        source, column, rows = pair.source, pair.column, pair.rows
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
