"""Analyse one photograph: from a file to findings, quality, laterality and referral."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypedDict

import numpy as np

from retina_desktop.domain.analyses import ActivationMaps, Analysis, ModelAnswer
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.heatmaps import Heatmap, scale_activation
from retina_desktop.domain.images import (
    FieldCrop,
    FieldOfView,
    GrayImage,
    Laterality,
    RgbImage,
)
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.referral import refer_photograph
from retina_desktop.domain.strength import heat_strength
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.field_reading import read_with_field
from retina_desktop.imaging.laterality import decide_laterality, suggest_laterality
from retina_desktop.imaging.overlay import enlarge_activation, enlarge_activation_u8
from retina_desktop.imaging.preprocessing import prepare_tensor
from retina_desktop.imaging.quality import assess_quality
from retina_desktop.services.ports import Classifier, PhotographReader
from retina_desktop.services.tasks import TaskContext

_NO_FUNDUS = ImageQuality(
    is_fundus=False, gradable=False, score=0.0, reasons=(QualityReason.NOT_FUNDUS,)
)


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedPhotograph:
    """The answer, with the pixels it was found in (reduced scale, sRGB)."""

    analysis: Analysis
    preview: RgbImage


@dataclass(frozen=True, slots=True)
class AnalysePhotograph:
    """Decode, find the field, judge the quality, ask the model, advise a referral.

    Safe to call from several threads at once if its parts are.
    """

    read: PhotographReader
    classifier: Classifier
    clock: Callable[[], float] = time.perf_counter

    def __call__(
        self, context: TaskContext, path: Path, *, laterality: Laterality | None = None
    ) -> AnalysedPhotograph:
        """Analyse the photograph at `path`.

        Parameters
        ----------
        context : TaskContext
            Told after each stage; also where a cancel is noticed.
        path : Path
            Any photograph `read` understands.
        laterality : Laterality or None
            The user's word on which eye it is; None when not said.

        Raises
        ------
        ImageUnreadableError
            With one sentence that says why.
        """
        watch = _Stopwatch(self.clock)
        manifest = self.classifier.manifest
        size = manifest.input_size
        image, field = read_with_field(self.read, path, input_size=size, lap=watch.lap)
        context.progress(0.3)
        if field is None:
            crop, quality = None, _NO_FUNDUS
        else:
            crop = crop_to_field(image.pixels, field, size=size)
            watch.lap("field")
            quality = assess_quality(crop, field)
        watch.lap("quality")
        suggestion = suggest_laterality(crop) if crop and quality.is_fundus else (None, 0.0)
        stated = image.dicom.laterality if image.dicom else None
        side = decide_laterality(user=laterality, dicom=stated, suggestion=suggestion)
        watch.lap("laterality")
        context.progress(0.5)
        findings, maps, range_check = _unasked(manifest), None, None
        if crop is not None and field is not None and quality.is_fundus:
            answer = self._ask(crop, watch)
            range_check = _check_range(manifest, answer)
            if range_check is None or range_check.in_range:
                findings = _findings(manifest, answer)
                maps = _place_maps(manifest, answer, crop, field, image.scale)
        context.progress(1.0)
        analysis = Analysis(
            sha256=image.sha256,
            width=image.width,
            height=image.height,
            quality=quality,
            laterality=side,
            referral=refer_photograph(findings, quality, range_check),
            findings=findings,
            model=self.classifier.identity,
            maps=maps,
            field_of_view=field.scaled(1 / image.scale) if field else None,
            timings_ms=watch.result(),
            range_check=range_check,
        )
        return AnalysedPhotograph(analysis, image.pixels)

    def _ask(self, crop: FieldCrop, watch: "_Stopwatch") -> ModelAnswer:
        tensor = prepare_tensor(crop, self.classifier.manifest.preprocessing)
        watch.lap("preprocess")
        answer = self.classifier.classify(tensor)
        watch.lap("model")
        return answer


def heatmap_of(analysis: Analysis, code: str, *, width: int, height: int) -> Heatmap | None:
    """Return label `code`'s heatmap over the whole photograph, drawn at `width` x `height`.

    On the fixed scale of `domain.heatmaps`; zero outside the field of view. None where the
    label was not assessed or the photograph was not given to the model.
    """
    heat = _small_heatmap(analysis, code)
    if heat is None or analysis.maps is None:
        return None
    place = _place_of(analysis.maps, width / analysis.width)
    return enlarge_activation(heat, **place, width=width, height=height)


def heatmap_gray_of(
    analysis: Analysis, code: str, *, width: int, height: int
) -> GrayImage | None:
    """Return 255 times `heatmap_of`, uint8, in about a third of the time."""
    heat = _small_heatmap(analysis, code)
    if heat is None or analysis.maps is None:
        return None
    place = _place_of(analysis.maps, width / analysis.width)
    return enlarge_activation_u8(heat, **place, width=width, height=height)


class _Place(TypedDict):
    left: float
    top: float
    side: float
    field: FieldOfView | None


def _place_of(maps: ActivationMaps, zoom: float) -> _Place:
    field = maps.field_of_view
    return {
        "left": maps.left * zoom,
        "top": maps.top * zoom,
        "side": maps.side * zoom,
        "field": field.scaled(zoom) if field else None,
    }


def _small_heatmap(analysis: Analysis, code: str) -> Heatmap | None:
    finding = analysis.finding(code)
    if analysis.maps is None or finding is None:
        return None
    if finding.probability is None or finding.threshold is None:
        return None
    strength = heat_strength(finding.probability, finding.threshold)
    return scale_activation(analysis.maps.of(code), strength=strength)


def _findings(manifest: ModelManifest, answer: ModelAnswer) -> tuple[Finding, ...]:
    return tuple(
        Finding(entry.code, None, None, entry.status)
        if entry.status is LabelStatus.NOT_ASSESSED
        else Finding(entry.code, float(probability), entry.threshold, entry.status)
        for entry, probability in zip(manifest.labels, answer.probabilities, strict=True)
    )


def _check_range(manifest: ModelManifest, answer: ModelAnswer) -> RangeCheck | None:
    """Compare the distance with the range's end; None for a model without a range."""
    if manifest.validated_range is None or answer.distance is None:
        return None
    threshold = manifest.validated_range.threshold
    suspected = [
        finding.label for finding in _findings(manifest, answer) if finding.is_positive
    ]
    suspected.sort(key=lambda code: label_of(code).tier.rank)
    outside = answer.distance > threshold
    return RangeCheck(answer.distance, threshold, tuple(suspected) if outside else ())


def _unasked(manifest: ModelManifest) -> tuple[Finding, ...]:
    """Every label not assessed: the model is not asked about what is no fundus photograph."""
    return tuple(
        Finding(entry.code, None, None, LabelStatus.NOT_ASSESSED) for entry in manifest.labels
    )


def _place_maps(
    manifest: ModelManifest,
    answer: ModelAnswer,
    crop: FieldCrop,
    field: FieldOfView,
    scale: float,
) -> ActivationMaps:
    # The crop's edge is at left - 0.5 in the reduced picture, (left - 0.5 + 0.5) / scale - 0.5
    # in the original: edges scale, not pixel centres.
    return ActivationMaps(
        codes=manifest.codes,
        values=answer.activations,
        left=crop.left / scale,
        top=crop.top / scale,
        side=crop.size * crop.pitch / scale,
        field_of_view=_without_bars(field, crop).scaled(1 / scale),
    )


def _without_bars(field: FieldOfView, crop: FieldCrop) -> FieldOfView:
    """Return the field ending where the crop's outermost rows and columns show retina."""
    rows, columns = (np.flatnonzero(crop.inside.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return field
    return replace(
        field,
        left=crop.left + columns[0] * crop.pitch - 0.5,
        top=crop.top + rows[0] * crop.pitch - 0.5,
        right=crop.left + (columns[-1] + 1) * crop.pitch - 0.5,
        bottom=crop.top + (rows[-1] + 1) * crop.pitch - 0.5,
    )


class _Stopwatch:
    """Adds up the milliseconds between laps under their names."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began = self._last = clock()
        self._laps: dict[str, float] = {}

    def lap(self, name: str) -> None:
        now = self._clock()
        self._laps[name] = self._laps.get(name, 0.0) + 1e3 * (now - self._last)
        self._last = now

    def result(self) -> dict[str, float]:
        """Return milliseconds by stage, with their sum as ``total``."""
        total = 1e3 * (self._last - self._began)
        return {name: round(ms, 3) for name, ms in (*self._laps.items(), ("total", total))}
