"""The card's figures: a section a source, a row a label."""

from collections.abc import Iterable, Sequence

from retina_desktop.domain.manifests import Metric
from training.answers import COUNTED_FROM, REPORT_FROM
from training.figures import MEAN_ONE_SIZE
from training.pair_figures import AUROC_ONE_SIZE
from training.results import EvaluationResult
from training.views import VIEWS


def figures_section(result: EvaluationResult) -> str:
    """Return the figures by source, and what they mean."""
    parts = [
        "## Figures on patients kept back",
        "Within each source, because pooled over sources a figure would mostly tell how well "
        "cameras are told apart. Brackets: 95 % interval by resampling patients. Pairs with "
        f"fewer than {REPORT_FROM} positives or negatives give no figure; those with fewer "
        f"than {COUNTED_FROM} are marked with * and stay out of every mean. One size: AUROC "
        "among photographs whose original has a size that shows both answers; where there are "
        "none, size and camera go with the answer, and the AUROC beside it may in part tell "
        "cameras apart. ECE: expected calibration error. Photographs went through the "
        f"application's own decoding, field of view and preprocessing.{_without_field(result)}",
    ]
    for source in sorted({m.source for m in result.metrics if m.source}):
        own = [m for m in result.metrics if m.source == source]
        parts.append(f"### {source}")
        healthy = find(own, "specificity_all_labels")
        if healthy is not None:
            named = find(own, "specificity_named_labels")
            parts.append(
                f"Healthy eyes for which no label at all is called: {shown(healthy)} of "
                f"{healthy.negatives} photographs; no named label (all but Disease_Risk): "
                f"{shown(named)}."
            )
        codes = dict.fromkeys(m.label for m in own if m.label)
        if codes:
            parts.append(table(_FIGURE_HEAD, [_figure_row(own, code) for code in codes]))
        parts += _grades(own)
    return "\n\n".join(parts)


def one_size_lines(result: EvaluationResult) -> list[str]:
    """Return what is left of the mean where neither size nor camera gives the answer away."""
    mean = find(result.metrics, MEAN_ONE_SIZE)
    kept = {
        (m.source, m.label)
        for m in result.metrics
        if m.name == AUROC_ONE_SIZE and is_counted(m)
    }
    lost: dict[str, list[str]] = {}
    for m in result.metrics:
        if m.name == "auroc" and is_counted(m) and (m.source, m.label) not in kept:
            lost.setdefault(m.source, []).append(m.label)
    lines = []
    if mean is not None:
        lines.append(
            f"- Among photographs of one original size, {result.summary.pairs_one_size} "
            f"{'pair' if result.summary.pairs_one_size == 1 else 'pairs'}: mean AUROC "
            f"**{shown(mean)}**."
        )
    if lost:
        lines.append(
            f"- No original size shows enough of both answers for {_by_source(lost)}: the "
            "size, and with it the camera, goes with the answer, so that these figures may in "
            "part tell cameras apart."
        )
    return lines


def _by_source(pairs: dict[str, list[str]]) -> str:
    return "; ".join(f"{', '.join(labels)} in {source}" for source, labels in pairs.items())


def challenge_lines(result: EvaluationResult) -> list[str]:
    """Return what the card's summary says of the RIADD challenge's score."""
    labels = {m.source: m for m in result.metrics if m.name == "riadd_labels"}
    scores = [m for m in result.metrics if m.name == "riadd_score"]
    told = [
        f"{m.source or 'all sources'} {shown(m)} ({labels[m.source].value:.0f} of 28 diseases)"
        for m in scores
    ]
    if not told:
        return []
    return [
        "- Score of the RIADD challenge, the mean of the AUROC of Disease_Risk and of half the "
        "sum of macro AUROC and mean average precision of the diseases, over the diseases with "
        f"at least {COUNTED_FROM} positives and negatives: {'; '.join(told)}. The challenge's "
        "own test (RFMiD) was not at hand, so this is no rank in it; over all sources "
        "it in part tells how well cameras are told apart."
    ]


def views_lines(result: EvaluationResult) -> list[str]:
    """Return what averaging several views would give, where it was measured."""
    mean = find(result.averaged_views, "mean_auroc")
    change = find(result.averaged_views, "mean_auroc_change")
    if mean is None or change is None:
        return []
    return [
        f"- The mean over several views of each photograph ({VIEWS}) would give a mean AUROC "
        f"of {shown(mean)}, a change of {change.value:+.3f} "
        f"[{change.low or 0.0:+.3f}, {change.high or 0.0:+.3f}]; the program shows each "
        "photograph once, and all other figures are of one view."
    ]


def _grades(own: Sequence[Metric]) -> list[str]:
    """Say how well the probability of DR ranks the grades that this source states."""
    words = {
        "auroc_referable": "referable (grade 2 and above)",
        "auroc_severe": "severe (3 and above)",
    }
    found = [(text, find(own, name)) for name, text in words.items()]
    parts = [
        f"{text} {shown(m)}, {m.positives} against {m.negatives}" for text, m in found if m
    ]
    if not parts:
        return []
    return [
        "Diabetic retinopathy by grade, AUROC of the one probability of DR among photographs "
        f"with a grade: {'; '.join(parts)}."
    ]


def _without_field(result: EvaluationResult) -> str:
    count = result.summary.without_field
    return f" No field of view was found in {count} of the photographs."


_FIGURE_HEAD = (
    "Label",
    "Positives",
    "Negatives",
    "AUROC",
    "One size",
    "AP",
    "Sensitivity",
    "Specificity",
    "ECE",
)
_FIGURE_NAMES = ("auroc", "average_precision", "sensitivity", "specificity", "ece")


def _figure_row(metrics: Sequence[Metric], code: str) -> tuple[str, ...]:
    own = [m for m in metrics if m.label == code and m.name in _FIGURE_NAMES]
    mark = "" if all(is_counted(m) for m in own) else "\\*"
    counts = (str(own[0].positives), str(own[0].negatives))
    one_size = marked(find((m for m in metrics if m.label == code), AUROC_ONE_SIZE))
    auroc, *others = (shown(find(own, name)) for name in _FIGURE_NAMES)
    return (code + mark, *counts, auroc, one_size, *others)


def is_counted(metric: Metric) -> bool:
    """Whether the figure rests on enough positives and negatives for a mean."""
    return min(metric.positives or 0, metric.negatives or 0) >= COUNTED_FROM


def marked(metric: Metric | None) -> str:
    """Return what `shown` does, with a star where the figure rests on too few."""
    star = "" if metric is None or is_counted(metric) else "\\*"
    return shown(metric) + star


def find(metrics: Iterable[Metric], name: str) -> Metric | None:
    """Return the first figure of that name."""
    return next((m for m in metrics if m.name == name), None)


def shown(metric: Metric | None) -> str:
    """Return the value with its interval, where there is one."""
    if metric is None:
        return "-"
    if metric.low is None or metric.high is None:
        return f"{metric.value:.2f}"
    return f"{metric.value:.2f} [{metric.low:.2f}, {metric.high:.2f}]"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
