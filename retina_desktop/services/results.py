"""Results for other programs: the command line's JSON (schema 1) and CSV rows.

The JSON is a contract: fields are added, never renamed or removed, under one schema number.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.labels import label_of

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


class ReferralJson(TypedDict):
    """See `domain.referral.Referral`."""

    tier: str
    reason: str


class ResultJson(TypedDict):
    """One analysed photograph; ``findings`` holds all labels of the model in its order."""

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
        "timings_ms": dict(analysis.timings_ms),
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


def csv_header(codes: Iterable[str]) -> list[str]:
    """Return the column names of a screening table for a model's labels."""
    fixed = ["path", "error", "is_fundus", "gradable", "quality", "referral"]
    return fixed + [f"p_{code}" for code in codes]


def csv_row(path: Path, analysis: Analysis, codes: Iterable[str]) -> list[str]:
    """Return one analysed photograph's row; an empty probability is *not assessed*."""
    quality = analysis.quality
    by_code = {finding.label: finding.probability for finding in analysis.findings}
    probabilities = [by_code.get(code) for code in codes]
    return [
        str(path),
        "",
        str(quality.is_fundus).lower(),
        str(quality.gradable).lower(),
        f"{quality.score:.4f}",
        analysis.referral.tier.value,
        *("" if p is None else f"{p:.6f}" for p in probabilities),
    ]


def csv_error_row(path: Path, code: str, codes: Iterable[str]) -> list[str]:
    """Return the row of a photograph that could not be analysed."""
    return [str(path), code, "", "", "", "", *("" for _ in codes)]
