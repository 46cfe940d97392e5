"""The headline figures of an evaluated run, from the file that holds every one of them."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retina_desktop.services.training_runs import RESULTS_NAME


@dataclass(frozen=True, slots=True)
class Measured:
    """A figure with its 95 % interval, which may be unknown."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def shown(self) -> str:
        """Such as ``0.91 (0.88-0.94)``."""
        if self.low is None or self.high is None:
            return f"{self.value:.2f}"
        return f"{self.value:.2f} ({self.low:.2f}\u2013{self.high:.2f})"


@dataclass(frozen=True, slots=True)
class LabelFigures:
    """One label in one source, on patients kept back."""

    code: str
    source: str
    positives: int
    negatives: int
    auroc: Measured | None
    sensitivity: Measured | None
    specificity: Measured | None


@dataclass(frozen=True, slots=True)
class Headline:
    """What somebody wants to know first."""

    mean_auroc: Measured | None  # over pairs of source and label with enough of both
    pairs: int
    test_photographs: int
    best_epoch: int
    size: int
    architecture: str
    labels: tuple[LabelFigures, ...]
    learned: bool = True  # False: a finished model was only calibrated


def read_headline(work_dir: Path) -> Headline | None:
    """Return the figures in `work_dir`; None where nothing was measured, or it is damaged."""
    try:
        content = json.loads((work_dir / RESULTS_NAME).read_bytes())
        return _headline(content)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _headline(content: Mapping[str, Any]) -> Headline:
    metrics: Sequence[Mapping[str, Any]] = content["metrics"]
    run = content["run"]
    means = [m for m in metrics if m["name"] == "mean_auroc" and not m["label"]]
    return Headline(
        mean_auroc=_measured(means[0]) if means else None,
        pairs=int(content["summary"]["pairs"]),
        test_photographs=sum(int(source["test"]) for source in content["sources"]),
        best_epoch=int(run["best_epoch"]),
        size=int(run["input_size"]),
        architecture=str(run["architecture"]),
        labels=_labels(metrics),
        learned=run.get("learned") is not False,
    )


def _labels(metrics: Sequence[Mapping[str, Any]]) -> tuple[LabelFigures, ...]:
    by_pair: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for metric in metrics:
        if metric["label"] and metric["source"]:
            pair = str(metric["label"]), str(metric["source"])
            by_pair.setdefault(pair, {})[str(metric["name"])] = metric
    return tuple(
        LabelFigures(
            code=code,
            source=source,
            positives=int(figures["auroc"].get("positives") or 0),
            negatives=int(figures["auroc"].get("negatives") or 0),
            auroc=_measured(figures["auroc"]),
            sensitivity=_measured(figures.get("sensitivity")),
            specificity=_measured(figures.get("specificity")),
        )
        for (code, source), figures in by_pair.items()
        if "auroc" in figures
    )


def _measured(metric: Mapping[str, Any] | None) -> Measured | None:
    if metric is None or not math.isfinite(value := float(metric["value"])):
        return None
    low, high = (None if metric[e] is None else float(metric[e]) for e in ("low", "high"))
    return Measured(value, low, high)
