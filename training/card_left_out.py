"""The card's section on sources that a run of the same kind never saw."""

from collections.abc import Iterator, Sequence

from retina_desktop.domain.manifests import Metric
from training.card_figures import is_counted, marked, shown, table
from training.pair_figures import AUROC_ONE_SIZE
from training.results import EvaluationResult, LeftOutRun

_HEAD = (
    "Source never seen",
    "Photographs",
    "Any DR",
    "Any DR, one original size",
    "Referable DR (grade 2 and above)",
    "Severe DR (3 and above)",
    "Sensitivity of DR",
    "Specificity of DR",
)
_DR_FIGURES = (
    "auroc",
    AUROC_ONE_SIZE,
    "auroc_referable",
    "auroc_severe",
    "sensitivity",
    "specificity",
)
_INNOCENT = ("lite0", "timm", "none")  # first weights that never saw a fundus photograph


def left_out_section(result: EvaluationResult) -> str:
    """Return what runs say of sources they were not trained on."""
    parts = ["## On cameras never seen"]
    if not result.left_out:
        parts.append("Not measured: no run of this kind left a source out.")
        return "\n\n".join(parts)
    parts.append(
        "This model saw every source above. How a model of its kind does in the next clinic "
        "was measured with other runs, each trained without some sources and then asked "
        "about all their photographs; calibration and thresholds come from validation "
        "patients of the sources that the run did see. Columns of DR: AUROC of the "
        "probability of DR, and what its threshold gives. One original size: where no size "
        "shows both answers, size and camera go with the answer. Brackets: 95 % interval by "
        "resampling patients."
    )
    for run in result.left_out:
        parts += _run(run)
    return "\n\n".join(parts)


def left_out_rows(run: LeftOutRun) -> list[tuple[str, ...]]:
    """Return a row a source: photographs and the figures of DR, under `left_out_head`."""
    return [
        (source, str(count), *(_figure(run, source, "DR", name) for name in _DR_FIGURES))
        for source, count in run.photographs.items()
    ]


def left_out_head() -> tuple[str, ...]:
    """Return the header of `left_out_rows`."""
    return _HEAD


def _run(run: LeftOutRun) -> Iterator[str]:
    yield f"### Trained without {', '.join(run.photographs)}"
    yield (
        f"{run.architecture}, {run.input_size} x {run.input_size} pixels, "
        f"{run.epochs_run:g} epochs.{_start(run)} {run.set_aside} photographs of these sources "
        "show a patient or picture that the run met elsewhere, and were left out."
    )
    yield table(_HEAD, left_out_rows(run))
    others = [row for source in run.photographs if (row := _others(run.metrics, source))]
    if others:
        yield "AUROC of the other labels (fewer than ten positives or negatives: not shown):"
        yield table(("Source never seen", "Labels"), others)


def _start(run: LeftOutRun) -> str:
    if run.initial in _INNOCENT:
        return ""
    return (
        " It began with weights that were trained before; had those seen the sources, these "
        "figures would flatter."
    )


def _figure(run: LeftOutRun, source: str, label: str, name: str) -> str:
    own = (m for m in run.metrics if (m.name, m.label, m.source) == (name, label, source))
    return marked(next(own, None))


def _others(metrics: Sequence[Metric], source: str) -> tuple[str, str] | None:
    named = [
        f"{m.label} {shown(m)} ({m.positives})"
        for m in metrics
        if m.source == source and m.name == "auroc" and m.label != "DR" and is_counted(m)
    ]
    return (source, "; ".join(named)) if named else None
