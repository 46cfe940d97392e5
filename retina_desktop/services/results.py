"""Results for other programs: the command line's JSON (schema 1) and CSV rows.

The JSON is a contract: fields are added, never renamed or removed, under one schema number.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypedDict

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.manifests import ModelManifest

JSON_SCHEMA = 1


class QualityJson(TypedDict):
    """See `domain.quality.ImageQuality`."""

    gradable: bool
    score: float
    reasons: list[str]


class LateralityJson(TypedDict):
    """``value`` is "R", "L" or null."""

    value: str | None
    source: str
    confidence: float
    warning: str


class ModelJson(TypedDict):
    """See `domain.analyses.ModelIdentity`."""

    id: str
    version: str
    engine: str
    device: str


class FindingJson(TypedDict):
    """``probability``, ``threshold`` and ``positive`` are null when not assessed."""

    label: str
    name: str
    probability: float | None
    threshold: float | None
    positive: bool | None
    status: str


class RangeJson(TypedDict):
    """See `domain.range_checks.RangeCheck`; ``not_relied_on`` holds codes of labels."""

    in_range: bool
    distance: float
    threshold: float
    not_relied_on: list[str]


class ReferralJson(TypedDict):
    """See `domain.referral.Referral`."""

    tier: str
    reason: str


class ResultJson(TypedDict):
    """One analysed photograph; ``findings`` holds all labels of the model in its order.

    ``range`` is null for a model without a validated range, and where it was not asked.
    """

    path: str
    sha256: str
    width: int
    height: int
    is_fundus: bool
    quality: QualityJson
    laterality: LateralityJson
    model: ModelJson
    findings: list[FindingJson]
    referral: ReferralJson
    range: RangeJson | None
    timings_ms: Mapping[str, float]


class ErrorJson(TypedDict):
    """One photograph that could not be analysed."""

    path: str
    error: str
    message: str


class ResultsJson(TypedDict):
    """The whole document."""

    schema: int
    results: list[ResultJson]
    errors: list[ErrorJson]


def results_json(
    results: Iterable[tuple[Path, Analysis]], errors: Iterable[tuple[Path, RetinaError]]
) -> ResultsJson:
    """Return the document for all photographs of one command."""
    return {
        "schema": JSON_SCHEMA,
        "results": [result_json(path, analysis) for path, analysis in results],
        "errors": [
            {"path": str(path), "error": error.code, "message": str(error)}
            for path, error in errors
        ],
    }


def result_json(path: Path, analysis: Analysis) -> ResultJson:
    """Return one photograph's result."""
    quality, side, model = analysis.quality, analysis.laterality, analysis.model
    return {
        "path": str(path),
        "sha256": analysis.sha256,
        "width": analysis.width,
        "height": analysis.height,
        "is_fundus": quality.is_fundus,
        "quality": {
            "gradable": quality.gradable,
            "score": round(quality.score, 4),
            "reasons": [reason.value for reason in quality.reasons],
        },
        "laterality": {
            "value": side.value.value if side.value else None,
            "source": side.source.value,
            "confidence": round(side.confidence, 4),
            "warning": side.warning,
        },
        "model": {
            "id": model.id,
            "version": model.version,
            "engine": model.engine,
            "device": model.device,
        },
        "findings": _findings_json(analysis),
        "referral": {
            "tier": analysis.referral.tier.value,
            "reason": analysis.referral.reason,
        },
        "range": _range_json(analysis),
        "timings_ms": dict(analysis.timings_ms),
    }


def _range_json(analysis: Analysis) -> RangeJson | None:
    check = analysis.range_check
    if check is None:
        return None
    return {
        "in_range": check.in_range,
        "distance": round(check.distance, 4),
        "threshold": check.threshold,
        "not_relied_on": list(check.not_relied_on),
    }


def _findings_json(analysis: Analysis) -> list[FindingJson]:
    return [
        {
            "label": finding.label,
            "name": label_of(finding.label).name,
            "probability": finding.probability,
            "threshold": finding.threshold,
            "positive": finding.is_positive,
            "status": finding.status.value,
        }
        for finding in analysis.findings
    ]


@dataclass(frozen=True, slots=True)
class ScreeningColumns:
    """The columns of a screening table: those of every model, and those of this one's labels.

    A model with a validated range has three columns more: ``in_range`` (true, false, or empty
    where it was not asked), ``not_relied_on``, the labels that a person must look for, and
    ``demonstration``, the labels learned from too few patients.
    """

    codes: tuple[str, ...]
    has_range: bool = False
    demonstrations: tuple[str, ...] = ()

    @classmethod
    def of(cls, manifest: ModelManifest) -> Self:
        """Return the columns of a model."""
        shown = LabelStatus.DEMONSTRATION
        return cls(
            manifest.codes,
            manifest.validated_range is not None,
            tuple(entry.code for entry in manifest.labels if entry.status is shown),
        )

    @property
    def header(self) -> list[str]:
        """The columns' names."""
        fixed = ["path", "error", "is_fundus", "gradable", "quality", "referral"]
        ranged = ["in_range", "not_relied_on", "demonstration"] if self.has_range else []
        return [*fixed, *ranged, *(f"p_{code}" for code in self.codes)]

    def row(self, path: Path, analysis: Analysis) -> list[str]:
        """Return one analysed photograph's row; an empty probability is *not assessed*."""
        quality = analysis.quality
        by_code = {finding.label: finding.probability for finding in analysis.findings}
        probabilities = [by_code.get(code) for code in self.codes]
        return [
            str(path),
            "",
            str(quality.is_fundus).lower(),
            str(quality.gradable).lower(),
            f"{quality.score:.4f}",
            analysis.referral.tier.value,
            *(self._range_cells(analysis) if self.has_range else ()),
            *("" if p is None else f"{p:.6f}" for p in probabilities),
        ]

    def error_row(self, path: Path, code: str) -> list[str]:
        """Return the row of a photograph that could not be analysed."""
        return [str(path), code, *("" for _ in self.header[2:])]

    def _range_cells(self, analysis: Analysis) -> tuple[str, str, str]:
        check, demonstrations = analysis.range_check, " ".join(self.demonstrations)
        if check is None:
            return "", "", demonstrations
        return str(check.in_range).lower(), " ".join(check.not_relied_on), demonstrations
