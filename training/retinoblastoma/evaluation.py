"""From frozen features to a last layer, its operating point and range, and their worth."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.ml.validated_range import FeatureRange
from training.calibration_fit import apply_platt, fit_platt
from training.retinoblastoma.collection import Collection
from training.retinoblastoma.crossed import (
    Crossed,
    Examples,
    OperatingPoint,
    Versions,
    choose_point,
    cross_validate,
    fit_on,
    threshold_for,
)
from training.retinoblastoma.head import Features, LinearHead
from training.retinoblastoma.measures import measure, patients_found
from training.retinoblastoma.outside import (
    COMPONENTS,
    PERCENTILE,
    fit_range,
    left_out_distances,
    range_threshold,
)
from training.retinoblastoma.photographs import Kind
from training.retinoblastoma.results import (
    RESULTS_SCHEMA,
    HeadFacts,
    OutsideShare,
    Pretraining,
    RangeFacts,
    RetinoblastomaResult,
    SourceCount,
)

VALIDATED_KINDS = (Kind.TUMOUR.value, Kind.INFANT.value)
LEFT_OUT, TAUGHT, NEVER_SEEN = "left out", "negatives of training", "never seen"


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """What the bundle needs besides the frozen network."""

    head: LinearHead
    point: OperatingPoint
    feature_range: FeatureRange
    range_threshold: float


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run was asked for."""

    seed: int
    sensitivity: float  # to be reached on the inner folds
    components: int = COMPONENTS
    stored_as: str = "float32"
    percentile: float = PERCENTILE


def evaluate(
    collection: Collection,
    versions: Versions,
    *,
    strangers: Mapping[str, Features],
    pretraining: Pretraining,
    steps: Sequence[PreprocessingStep],
    settings: Settings,
) -> tuple[RetinoblastomaResult, Fitted]:
    """Cross-validate, fit on everything, and measure.

    Parameters
    ----------
    collection : Collection
        The photographs.
    versions : Versions
        Their features ``(N, V, C)``: as they are first, then varied copies.
    strangers : Mapping[str, Features]
        Features of photographs that neither teach nor judge, by source.
    pretraining : Pretraining
        What the frozen network is.
    steps : Sequence[PreprocessingStep]
        What the features were computed with.
    settings : Settings
        Seed and aims, and how the weights were stored when the features were computed.
    """
    examples = Examples(versions, collection.truth, collection.groups, collection.kinds)
    crossed = cross_validate(examples, seed=settings.seed, sensitivity=settings.sensitivity)
    fitted, distances, validated = _fit(examples, crossed, settings)
    outside = _outside(collection, crossed, fitted, distances, strangers)
    kinds, groups = collection.kinds, collection.groups
    result = RetinoblastomaResult(
        schema=RESULTS_SCHEMA,
        seed=settings.seed,
        input_size=int(collection.crops.pixels.shape[1]),
        pretraining=pretraining,
        stored_as=settings.stored_as,
        steps=tuple(steps),
        sources=tuple(_sources(collection)),
        duplicate_pairs=collection.duplicate_pairs,
        without_field=collection.without_field,
        head=_head_facts(crossed, fitted, settings),
        metrics=measure(crossed, kinds, groups, seed=settings.seed),
        patients=patients_found(crossed, kinds, groups),
        range=RangeFacts(
            components=len(fitted.feature_range.scales),
            percentile=settings.percentile,
            threshold=fitted.range_threshold,
            photographs=int(validated.sum()),
        ),
        outside=tuple(outside),
    )
    return result, fitted


def _head_facts(crossed: Crossed, fitted: Fitted, settings: Settings) -> HeadFacts:
    return HeadFacts(
        strength=fitted.point.strength,
        fold_strengths=tuple(point.strength for point in crossed.points),
        copies=fitted.point.copies,
        sensitivity=settings.sensitivity,
        folds=len(crossed.points),
        calibration=fitted.point.calibration,
        threshold=fitted.point.threshold,
        fold_copies=tuple(point.copies for point in crossed.points),
    )


def _fit(
    examples: Examples, crossed: Crossed, settings: Settings
) -> tuple[Fitted, NDArray[np.float64], NDArray[np.bool_]]:
    """Fit head, operating point and range on all photographs.

    Calibration and threshold come from the left-out logits: nothing was fitted to those.
    """
    chosen = choose_point(examples, seed=settings.seed, sensitivity=settings.sensitivity)
    calibration = fit_platt(crossed.logits, examples.truth)
    threshold = threshold_for(
        apply_platt(crossed.logits, calibration),
        examples.truth,
        sensitivity=settings.sensitivity,
    )
    validated = np.isin(np.array(examples.kinds), VALIDATED_KINDS)
    plain = examples.versions[:, 0]
    feature_range = fit_range(plain[validated], components=settings.components)
    distances = feature_range.distance(plain)
    distances[validated] = left_out_distances(
        plain[validated],
        examples.groups[validated],
        crossed.folds[validated],
        components=settings.components,
    )
    fitted = Fitted(
        head=fit_on(examples.copied(chosen.copies), strength=chosen.strength),
        point=OperatingPoint(chosen.strength, calibration, threshold, chosen.copies),
        feature_range=feature_range,
        range_threshold=range_threshold(distances[validated], percentile=settings.percentile),
    )
    return fitted, distances, validated


def _outside(
    collection: Collection,
    crossed: Crossed,
    fitted: Fitted,
    distances: NDArray[np.float64],
    strangers: Mapping[str, Features],
) -> Iterator[OutsideShare]:
    sources, kinds = np.array(collection.sources), np.array(collection.kinds)
    for source, kind in sorted(set(zip(collection.sources, collection.kinds, strict=True))):
        own = (sources == source) & (kinds == kind)
        yield OutsideShare(
            source,
            LEFT_OUT if kind in VALIDATED_KINDS else TAUGHT,
            int(own.sum()),
            int((distances[own] > fitted.range_threshold).sum()),
            int(crossed.called[own].sum()),
        )
    for source, features in sorted(strangers.items()):
        far = fitted.feature_range.distance(features) > fitted.range_threshold
        scores = apply_platt(fitted.head.logits(features), fitted.point.calibration)
        called = scores >= fitted.point.threshold
        yield OutsideShare(source, NEVER_SEEN, len(features), int(far.sum()), int(called.sum()))


def _sources(collection: Collection) -> Iterator[SourceCount]:
    for source, kind in sorted(set(zip(collection.sources, collection.kinds, strict=True))):
        rows = [
            row
            for row, case in enumerate(collection.cases)
            if (case.source, case.kind.value) == (source, kind)
        ]
        yield SourceCount(
            name=source,
            licence=collection.cases[rows[0]].licence,
            kind=kind,
            photographs=len(rows),
            patients=len(np.unique(collection.groups[rows])),
            patients_known=all(
                collection.cases[row].patient not in ("", source) for row in rows
            ),
        )
