"""The card's section on calibration and thresholds: the rule in words, then every label."""

from training.answers import REPORT_FROM
from training.card_calibrated import kept_words
from training.card_figures import shown, table
from training.operating_points import (
    COMMON_FROM,
    FALSE_ALARMS_ANY,
    FALSE_ALARMS_COMMON,
    FALSE_ALARMS_FEW,
    FALSE_ALARMS_RARE,
    FREE_HEALTHY_EYES,
    LOWEST_THRESHOLD,
    POINT_MINIMUM,
    SUPPORTED_FROM,
    TARGET_SENSITIVITY,
    TRAINED_FROM,
)
from training.results import EvaluationResult

CALIBRATED_FROM = 50  # positives from which a calibration error is held against its target
CALIBRATION_TARGET = 0.05


def operating_points_section(result: EvaluationResult) -> str:
    """Return how labels were calibrated and called, and what became of each."""
    rows = [
        (
            label.code,
            str(label.status),
            f"{label.threshold:.3f}",
            f"{label.calibration.slope:.2f}",
            f"{label.calibration.offset:+.2f}",
            "kept" if label.kept else f"{label.fitted_positives} of {label.fitted_on}",
            "-" if label.kept else "as they come" if label.natural else "also selected",
        )
        for label in result.labels
        if label.threshold is not None
    ]
    head = ("Label", "Status", "Threshold", "Slope", "Offset", "Fitted on", "Photographs")
    return "\n\n".join(
        (
            "## Calibration and thresholds",
            _calibration_words(),
            _threshold_words(result),
            table(head, rows),
            *_calibration_errors(result),
        )
    )


def _calibration_words() -> str:
    return (
        "Both were fixed on validation patients alone. Each label's logit is scaled by a slope "
        "and an offset (Platt); where a source states every label of every photograph "
        "(photographs *as they come*), that source decides if it holds enough of them, else it "
        "and all sources that state both presence and absence (*also selected* photographs: "
        "their share of disease is nobody's, so the probability ranks, but does not count)."
    )


def _threshold_words(result: EvaluationResult) -> str:
    unsupported = (
        f"A label with fewer than {TRAINED_FROM} positives in training, {SUPPORTED_FROM} in "
        f"validation or {REPORT_FROM} in the test is not assessed: nothing would support its "
        "threshold, and an alarm without support does harm."
        if result.run.learned
        else kept_words()
    )
    return (
        f"{unsupported} Every other label is called from "
        "the highest threshold that finds "
        f"{TARGET_SENSITIVITY:.0%} of its positives, or from a higher one where that would "
        f"call more than {FALSE_ALARMS_COMMON:.0%} of the photographs without it (labels on at "
        f"least {COMMON_FROM:.0%} of the photographs), {FALSE_ALARMS_RARE:.0%} (rarer ones) or "
        f"{FALSE_ALARMS_FEW:.0%} (fewer than {POINT_MINIMUM} positives, which do not choose a "
        f"threshold themselves); {FALSE_ALARMS_ANY:.0%} for Disease_Risk. No threshold is "
        f"below {LOWEST_THRESHOLD:.0%}. The shares of named labels (all but Disease_Risk) were "
        f"then reduced by one common factor, as far as needed for {FREE_HEALTHY_EYES:.0%} of "
        "the healthy eyes of validation to be free of every named label."
    )


def _calibration_errors(result: EvaluationResult) -> list[str]:
    """Say how far probabilities are off, over all photographs and within each source."""
    pooled = [m for m in result.metrics if m.name == "ece_pooled"]
    rows = []
    for metric in pooled:
        if (metric.positives or 0) < CALIBRATED_FROM:
            continue
        own = [
            f"{m.source} {m.value:.2f}"
            for m in result.metrics
            if m.name == "ece"
            and m.label == metric.label
            and (m.positives or 0) >= CALIBRATED_FROM
        ]
        rows.append((metric.label, str(metric.positives), shown(metric), "; ".join(own) or "-"))
    if not rows:
        return []
    return [
        "Expected calibration error in the test of labels with at least "
        f"{CALIBRATED_FROM} positives (aim: {CALIBRATION_TARGET:.2f} or less). Within a source "
        "that was selected for a disease it is larger, because there the disease is more "
        "frequent than where the label was calibrated; the program does not know which "
        "selection a photograph comes from.",
        table(("Label", "Positives", "All sources", "Within a source"), rows),
    ]
