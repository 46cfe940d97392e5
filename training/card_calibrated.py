"""The card's parts about a model that was calibrated on one's own photographs, not trained."""

from collections.abc import Iterator

from training.answers import REPORT_FROM
from training.calibrating import COMPARED
from training.card_figures import shown, table
from training.operating_points import FALSE_ALARMS_RARE, RAISED_FROM, SUPPORTED_FROM
from training.results import EvaluationResult, RunFacts

BEFORE_HEAD = (
    "Label",
    "Source",
    "Sensitivity as it came",
    "Sensitivity now",
    "Specificity as it came",
    "Specificity now",
)


def untrained_section(run: RunFacts) -> str:
    """Return what stands in the place of the section on training."""
    return (
        "## Training\n\n"
        f"None: {run.architecture}, {run.input_size} x {run.input_size} pixels, with the "
        f"weights of the bundle {run.started_from}, unchanged. Nothing was learned from the "
        "photographs listed here; calibration and thresholds were chosen on them. How the "
        "model was trained, on what and how well it did there, its own card tells."
    )


def kept_lines(result: EvaluationResult) -> list[str]:
    """Return what the card's summary says of labels that were kept."""
    kept = [label.code for label in result.labels if label.kept]
    if not kept:
        return []
    return [
        f"- Kept as the model came with them, on too few photographs here to be measured "
        f"({len(kept)}): {', '.join(kept)}."
    ]


def kept_words() -> str:
    """Return what became of labels that too few photographs show."""
    return (
        f"A label with fewer than {SUPPORTED_FROM} positives in validation or {REPORT_FROM} in "
        "the test, or present in every photograph that states it, keeps the calibration and "
        "the threshold that the model came with (*kept*), the threshold raised where it "
        f"would call more than {FALSE_ALARMS_RARE:.0%} of at "
        f"least {RAISED_FROM} photographs without the label: how many it finds was not "
        "measured here. One that the model came with no threshold for is not assessed."
    )


def before_section(result: EvaluationResult) -> str:
    """Return how the model called by the thresholds it came with; "" for a trained one."""
    rows = list(before_rows(result))
    if not rows:
        return ""
    return (
        "## By the thresholds it came with\n\n"
        "The same photographs of the test, called by the calibration and the thresholds that "
        "the model came with, and by those chosen here.\n\n" + table(BEFORE_HEAD, rows)
    )


def before_rows(result: EvaluationResult) -> Iterator[tuple[str, ...]]:
    """Yield a row for each label and source, as `BEFORE_HEAD` names the cells."""
    came = {(m.label, m.source, m.name): m for m in result.before}
    now = {(m.label, m.source, m.name): m for m in result.metrics}
    for label, source in dict.fromkeys((m.label, m.source) for m in result.before):
        yield (
            label,
            source,
            *(
                shown(figures.get((label, source, name)))
                for name in COMPARED
                for figures in (came, now)
            ),
        )
