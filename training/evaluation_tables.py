"""The evaluation's figures as tables of its page."""

from collections.abc import Iterator

import numpy as np
from sklearn.metrics import confusion_matrix

from retina_desktop.domain.manifests import Metric
from training.answers import COUNTED_FROM, REPORT_FROM, Answers
from training.card_calibrated import BEFORE_HEAD, before_rows
from training.card_figures import is_counted
from training.card_left_out import left_out_head, left_out_rows
from training.challenge_score import LABELS, SCORE
from training.figures import MEAN_ONE_SIZE
from training.pair_figures import AUROC_ONE_SIZE, MACRO, MEAN_AUROC
from training.results import EvaluationResult
from training.tables import Table
from training.views import VIEWS
from training.views_figures import CHANGE

_FIGURES = {
    "auroc": "AUROC",
    AUROC_ONE_SIZE: "AUROC, one size",
    "average_precision": "Average precision",
    "sensitivity": "Sensitivity",
    "specificity": "Specificity",
    "precision": "Precision",
    "f1": "F1",
    "accuracy": "Accuracy",
    "sensitivity_at_90": "Sensitivity at 0.9 specificity",
    "specificity_at_90": "Specificity at 0.9 sensitivity",
    "brier": "Brier score",
    "ece": "ECE",
}
_LONE = ("sensitivity", "specificity")  # what one answer is enough for
_WHOLE = {MACRO + "auroc": MEAN_AUROC, MACRO + AUROC_ONE_SIZE: MEAN_ONE_SIZE}  # of all sources
_VIEWS_WORDS = {
    MEAN_AUROC: "Mean AUROC",
    CHANGE: "Change of the mean AUROC",
    SCORE: "RIADD score",
}
_ALL = "All sources"
_MEANS_NOTE = (
    f"The mean of each figure over the pairs of label and source with at least {COUNTED_FROM} "
    "positives and negatives; beneath it, its 95 % interval by resampling patients. One size: "
    "only photographs whose originals have a size that shows both answers are compared, so "
    "that the camera earns nothing. ECE: expected calibration error; like the Brier score "
    "better low."
)
_FEW_NOTE = f"* fewer than {COUNTED_FROM} positives or negatives: in no mean."


def overview(result: EvaluationResult) -> Iterator[Table]:
    """Yield what is said over all labels, a row a source."""
    own = {(m.name, m.source): m for m in result.metrics if not m.label}
    yield _means(own)
    yield from _eyes(own)
    before = tuple(tuple(_two_lines(c) for c in row) for row in before_rows(result))
    if before:
        yield Table("By the thresholds it came with", BEFORE_HEAD, before)
    if result.averaged_views:
        rows = tuple(
            (_VIEWS_WORDS.get(m.name, m.name), m.source or _ALL, _cell(m))
            for m in result.averaged_views
        )
        header = ("Figure", "Source", "Value")
        yield Table("Mean of several views", header, rows, note=f"Views: {VIEWS}.")


def never_seen(result: EvaluationResult) -> Iterator[Table]:
    """Yield what runs say of sources that they left out."""
    for run in result.left_out:
        rows = (tuple(_two_lines(cell) for cell in row) for row in left_out_rows(run))
        title = f"By a run without {', '.join(run.photographs)}"
        yield Table(title, left_out_head(), tuple(rows))


def by_source(result: EvaluationResult) -> Iterator[Table]:
    """Yield a table a source, a row a label, and one of pairs that show one answer only."""
    lone: list[tuple[str, ...]] = []
    for source in sorted({m.source for m in result.metrics if m.source and m.label}):
        own = [m for m in result.metrics if m.source == source and m.label]
        rows = []
        for code in dict.fromkeys(m.label for m in own):
            named = {m.name: m for m in own if m.label == code}
            some = next(iter(named.values()))
            counts = (str(some.positives), str(some.negatives))
            if "auroc" in named:
                mark = "" if is_counted(some) else " *"
                rows.append((code + mark, *counts, *(_cell(named.get(n)) for n in _FIGURES)))
            else:
                figures = (_cell(named.get(name)) for name in _LONE)
                lone.append((code, source, *counts, *figures))
        if rows:
            header = ("Label", "Positives", "Negatives", *_FIGURES.values())
            yield Table(source, header, tuple(rows), note=_FEW_NOTE)
    yield from _grades(result)
    if lone:
        header = ("Label", "Source", "Positives", "Negatives", *(_FIGURES[n] for n in _LONE))
        note = f"Fewer than {REPORT_FROM} positives or negatives: nothing else can be told."
        yield Table("One answer only", header, tuple(sorted(lone)), note=note)


def confusion(answers: Answers) -> Table:
    """Count what is called and what is not at the threshold, of every assessed pair."""
    names = np.array(answers.sources)
    rows = []
    for column, threshold in enumerate(answers.thresholds):
        if threshold is None:
            continue
        for source in sorted(set(answers.sources)):
            own = np.flatnonzero((names == source) & answers.known[:, column])
            truth = answers.targets[own, column] > 0.5
            called = answers.probabilities[own, column] >= threshold
            if len(own):
                counts = confusion_matrix(truth, called, labels=[False, True]).ravel().tolist()
                free, alarms, missed, found = map(str, counts)
                code = answers.codes[column]
                rows.append((code, source, f"{threshold:.3f}", found, missed, alarms, free))
    header = ("Label", "Source", "Threshold", "Found", "Missed", "False alarms", "Left alone")
    return Table("Photographs called", header, tuple(rows))


def _means(own: dict[tuple[str, str], Metric]) -> Table:
    rows = []
    for source in (
        "",
        *sorted({source for name, source in own if name.startswith(MACRO)} - {""}),
    ):
        names = [MACRO + name for name in _FIGURES]
        if not source:
            names = [_WHOLE.get(name, name) for name in names]
        rows.append((source or _ALL, *(_cell(own.get((name, source))) for name in names)))
    return Table("Means over labels", ("Source", *_FIGURES.values()), tuple(rows), _MEANS_NOTE)


def _eyes(own: dict[tuple[str, str], Metric]) -> Iterator[Table]:
    """Yield the figures of whole eyes: healthy ones left alone, the challenge's score."""
    wanted = {
        "specificity_named_labels": "Healthy eyes without a named label",
        "specificity_all_labels": "Healthy eyes without any label",
        SCORE: "RIADD score",
    }
    rows = []
    for source in sorted({source for name, source in own if name in wanted}):
        figures = [own.get((name, source)) for name in wanted]
        diseases = own.get((LABELS, source))
        cells = (_cell(figure, photographs=True) for figure in figures)
        rows.append((source or _ALL, *cells, f"{diseases.value:.0f}" if diseases else ""))
    if rows:
        header = ("Source", *wanted.values(), "Diseases in the score")
        note = "Named: all but Disease_Risk. The challenge's own test was not at hand: no rank."
        yield Table("Whole eyes", header, tuple(rows), note=note)


def _grades(result: EvaluationResult) -> Iterator[Table]:
    wanted = {
        "auroc_referable": "Referable (2 and above)",
        "auroc_severe": "Severe (3 and above)",
    }
    found = {(m.name, m.source): m for m in result.metrics if m.name in wanted}
    rows = tuple(
        (source, *(_cell(found.get((name, source)), photographs=True) for name in wanted))
        for source in sorted({source for _, source in found})
    )
    if rows:
        note = "AUROC of the probability of DR among photographs with a grade."
        title = "Diabetic retinopathy by grade"
        yield Table(title, ("Source", *wanted.values()), rows, note=note)


def _cell(metric: Metric | None, *, photographs: bool = False) -> str:
    """Return the value, and behind it the interval and what it rests on."""
    if metric is None:
        return ""
    behind = []
    if metric.low is not None and metric.high is not None:
        behind.append(f"{metric.low:.2f} to {metric.high:.2f}")
    if photographs and metric.negatives is not None:
        behind.append(
            f"{metric.positives} against {metric.negatives}"
            if metric.positives
            else f"of {metric.negatives}"
        )
    return "\n".join((f"{metric.value:.3f}", ", ".join(behind))).rstrip()


def _two_lines(cell: str) -> str:
    """Return a cell of the card as one of the page: no Markdown, the interval behind."""
    value, _, interval = cell.replace("\\*", "*").partition(" [")
    return f"{value}\n{interval.replace(', ', ' to ').replace(']', '')}".rstrip()
