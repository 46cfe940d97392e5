"""Ready-made analyses for tests of what is done with them."""

import dataclasses

import numpy as np

from retina_desktop.domain.analyses import ActivationMaps, Analysis, ModelIdentity
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import (
    FieldOfView,
    Laterality,
    LateralityAssessment,
    LateralitySource,
)
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.referral import refer_photograph
from retina_desktop.services.screening import AnalysedPhotograph

CODES = ("Disease_Risk", "DR", "ARMD", "RP")
WIDTH, HEIGHT = 64, 48


def make_analysis(*, sha256="ab" * 32, dr=0.9, gradable=True) -> Analysis:
    """Return an analysis in which DR has probability `dr`, and RP is not assessed."""
    findings = (
        Finding("Disease_Risk", dr, 0.5, LabelStatus.EVALUATED),
        Finding("DR", dr, 0.5, LabelStatus.EVALUATED),
        Finding("ARMD", 0.01, 0.2, LabelStatus.DEMONSTRATION),
        Finding("RP", None, None, LabelStatus.NOT_ASSESSED),
    )
    quality = ImageQuality(is_fundus=True, gradable=gradable, score=0.75)
    values = np.zeros((len(CODES), 4, 4), np.float32)
    values[:, 1, 2] = 3.0
    field = FieldOfView(31.5, 23.5, 24.0)
    return Analysis(
        sha256=sha256,
        width=WIDTH,
        height=HEIGHT,
        quality=quality,
        laterality=LateralityAssessment(Laterality.RIGHT, LateralitySource.IMAGE, 0.9),
        referral=refer_photograph(findings, quality),
        findings=findings,
        model=ModelIdentity("test-model", "1.0.0", "onnx", "CPUExecutionProvider"),
        maps=ActivationMaps(CODES, values, 7.5, -0.5, 48.0, field),
        field_of_view=field,
        timings_ms={"total": 1.0},
    )


def outside_range(*suspected, codes=CODES, gradable=True) -> Analysis:
    """Return an analysis outside its model's range, with suspicions that are not relied on."""
    inside = make_analysis(gradable=gradable)
    findings = tuple(Finding(code, None, None, LabelStatus.NOT_ASSESSED) for code in codes)
    check = RangeCheck(9.5, 4.0, suspected)
    return dataclasses.replace(
        inside,
        findings=findings,
        maps=None,
        range_check=check,
        referral=refer_photograph(findings, inside.quality, check),
    )


def make_photograph(**changes) -> AnalysedPhotograph:
    """Return an analysed photograph, black but for what `make_analysis` says of it."""
    return AnalysedPhotograph(make_analysis(**changes), np.zeros((HEIGHT, WIDTH, 3), np.uint8))
