"""Calibrate on validation, then measure once on patients kept back, as the program sees them.

Both parts go through the application's own decoding, field of view, crop and preprocessing.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Metric, PreprocessingStep
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.enhancement import ENHANCEMENTS
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.field_reading import read_with_field
from retina_desktop.imaging.preprocessing import (
    FIELD_CROP,
    IMAGENET_MEAN,
    IMAGENET_STD,
    NORMALIZE,
    prepare_tensor,
)
from training.calibrating import StartingModel, as_brought
from training.calibration_fit import apply_platt, natural_sources
from training.figures import COUNTED_FROM, MEAN_AUROC, Answers, counted_pairs, measure
from training.forward import answer_all
from training.manifest_data import LabelledImage, build_targets
from training.metrics import RESAMPLES
from training.operating_points import fit_labels
from training.prepared import PreparedData
from training.results import (
    RESULTS_SCHEMA,
    EvaluationResult,
    LabelResult,
    PairsSummary,
    RunFacts,
    SourceResult,
)
from training.splits import Part

TensorOf = Callable[[Path], NDArray[np.float32] | None]  # (3, S, S), None: no field of view
NO_ROWS = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Logits:
    """Logits of validation and test; photographs went the application's way."""

    validation: NDArray[np.float32]  # (N, labels)
    test: NDArray[np.float32]
    without_field: int


def preprocessing_steps(
    size: int, enhancements: Sequence[str] = ()
) -> tuple[PreprocessingStep, ...]:
    """Return the manifest's steps: crop to the field, enhancements, normalisation.

    What enhancements do by default is written down: a later program's defaults may differ.
    """
    names = ("mean_r", "mean_g", "mean_b", "std_r", "std_g", "std_b")
    values = dict(zip(names, IMAGENET_MEAN + IMAGENET_STD, strict=True))
    return (
        PreprocessingStep(FIELD_CROP, {"size": size}),
        *(PreprocessingStep(name, {**ENHANCEMENTS[name].checked({})}) for name in enhancements),
        PreprocessingStep(NORMALIZE, dict(values)),
    )


def application_tensor(
    path: Path, *, size: int, steps: Sequence[PreprocessingStep]
) -> NDArray[np.float32] | None:
    """Prepare one photograph as the application does; None when it sees no field of view.

    Returns
    -------
    NDArray[np.float32] or None
        Shape ``(3, size, size)``, RGB, normalised by `steps`.
    """
    image, field = read_with_field(decode_photograph, path, input_size=size)
    if field is None:
        return None
    return prepare_tensor(crop_to_field(image.pixels, field, size=size), tuple(steps))


def compute_logits(
    network: nn.Module,
    data: PreparedData,
    others: NDArray[np.int64] = NO_ROWS,
    *,
    image_dir: Path,
    tensor_of: TensorOf,
    size: int,
) -> tuple[Logits, NDArray[np.float32]]:
    """Ask `network` about validation, test and the photographs in the rows `others`.

    All in one go, because a network is made ready for ONNX Runtime in seconds. Where the
    application finds no field of view it asks no model; here such a photograph is shown as an
    even field, so that no row is missing. ``without_field`` counts the test's.

    Returns
    -------
    tuple[Logits, NDArray[np.float32]]
        The parts' logits, and those of `others`, shape ``(len(others), labels)``.
    """
    validation, test = data.rows_of(Part.VALIDATION), data.rows_of(Part.TEST)
    rows = np.concatenate([validation, test, others])
    fieldless: set[int] = set()

    def tensor_of_row(row: int) -> NDArray[np.float32]:
        tensor = tensor_of(image_dir / data.images[row].path)
        if tensor is None:
            fieldless.add(row)
            return np.zeros((3, size, size), np.float32)
        return tensor

    logits = np.zeros((0, len(data.codes)), np.float32)
    if len(rows):
        logits = answer_all(network, rows.tolist(), tensor_of=tensor_of_row, size=size)
    of_validation, of_test, of_others = np.split(
        logits, np.cumsum([len(validation), len(test)])
    )
    missing = len(fieldless.intersection(test.tolist()))
    return Logits(of_validation, of_test, missing), of_others


def evaluate(
    data: PreparedData,
    logits: Logits,
    run: RunFacts,
    *,
    set_aside: int | None = None,
    resamples: int = RESAMPLES,
    model: StartingModel | None = None,
) -> tuple[EvaluationResult, Answers]:
    """Fit on validation, measure on test, and return the answers too.

    `set_aside` is the number of test photographs that were left out because training or
    validation shows the same eye; None where nobody looked for them. Where nothing was learned
    and the run started from a `model`, what that came with is kept of labels that too few
    photographs show, and measured beside.
    """
    brought = model if model is not None and not run.learned else None
    training, validation = data.part(Part.TRAINING), data.part(Part.VALIDATION)
    test = data.part(Part.TEST)
    natural = natural_sources(data.images)
    labels = fit_labels(
        training,
        validation,
        test,
        logits=logits.validation,
        natural=natural,
        learned=run.learned,
        brought=brought.labels if brought else (),
    )
    answers = answers_of(data, data.rows_of(Part.TEST), logits.test, labels)
    metrics = measure(answers, seed=run.seed, resamples=resamples)
    result = EvaluationResult(
        schema=RESULTS_SCHEMA,
        run=run,
        sources=_sources(data),
        labels=tuple(_with_status(label, metrics) for label in labels),
        metrics=tuple(metrics),
        set_aside=set_aside,
        summary=_summary(answers, metrics, logits.without_field),
        before=as_brought(answers, logits.test, brought, seed=run.seed, resamples=resamples)
        if brought
        else (),
    )
    return result, answers


def _grade(image: LabelledImage) -> int:
    return -1 if image.dr_grade is None else image.dr_grade


def _with_status(label: LabelResult, metrics: Sequence[Metric]) -> LabelResult:
    """Call a label evaluated when one source alone has enough of both answers in the test."""
    measured = any(
        m.name == "auroc"
        and m.label == label.code
        and min(m.positives or 0, m.negatives or 0) >= COUNTED_FROM
        for m in metrics
    )
    if label.threshold is None or not measured:
        return label
    return replace(label, status=LabelStatus.EVALUATED)


def answers_of(
    data: PreparedData,
    rows: NDArray[np.int64],
    logits: NDArray[np.float32],
    labels: Sequence[LabelResult],
) -> Answers:
    """Return calibrated answers to the photographs in `rows`, with what is known of them.

    Parameters
    ----------
    logits : NDArray[np.float32]
        Shape ``(len(rows), len(labels))``.
    labels : Sequence[LabelResult]
        Whose calibration and thresholds count.
    """
    targets, known = build_targets(data.images, data.codes)
    images = [data.images[row] for row in rows.tolist()]
    columns = [
        apply_platt(logits[:, column], label.calibration) for column, label in enumerate(labels)
    ]
    return Answers(
        probabilities=np.stack(columns, axis=1),
        targets=targets[rows],
        known=known[rows],
        sources=tuple(image.source for image in images),
        groups=data.groups[rows],
        codes=data.codes,
        thresholds=tuple(label.threshold for label in labels),
        dr_grades=np.array([_grade(image) for image in images], np.int64),
        sizes=tuple(image.original_size for image in images),
    )


def _summary(answers: Answers, metrics: Sequence[Metric], without_field: int) -> PairsSummary:
    means = {m.name: m.value for m in metrics if not m.label and not m.source}
    return PairsSummary(
        means.get(MEAN_AUROC),
        sum(1 for _ in counted_pairs(answers)),
        without_field,
        sum(1 for _ in counted_pairs(answers, one_size=True)),
    )


def _sources(data: PreparedData) -> tuple[SourceResult, ...]:
    counted: dict[str, dict[Part, int]] = {}
    licences: dict[str, str] = {}
    for image, part in zip(data.images, data.parts, strict=True):
        parts = counted.setdefault(image.source, dict.fromkeys(Part, 0))
        parts[part] += 1
        licences[image.source] = image.licence
    return tuple(
        SourceResult(
            name, licences[name], parts[Part.TRAINING], parts[Part.VALIDATION], parts[Part.TEST]
        )
        for name, parts in sorted(counted.items())
        if any(parts[part] for part in (Part.TRAINING, Part.VALIDATION, Part.TEST))
    )
