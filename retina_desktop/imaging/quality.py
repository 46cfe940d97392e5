"""Judge whether a picture is a fundus photograph, can be graded, and what is wrong with it."""

import math
from typing import Final

import numpy as np

from retina_desktop.domain.images import FieldCrop, FieldOfView
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.imaging.quality_features import FEATURE_NAMES, measure_quality
from retina_desktop.imaging.quality_model import Judgement, fitted_model

# Probabilities fixed by training/quality_gate.py: the first keeps 99.5 % of the photographs of
# every source when their patients are left out, at the second good and spoiled are as likely.
FUNDUS_FROM: Final = 0.5
GRADABLE_FROM: Final = 0.5
# A reason is named from this probability on; of an ungradable photograph the likeliest always.
REASON_FROM: Final = 0.6
# Share of the circle within the picture. Cameras which cut the circle above and below leave
# 0.7 or more.
FIELD_COMPLETE_FROM: Final = 0.55
_RECTANGLE_SHARE: Final = 0.995
# Without a camera's frame only the vessels tell a retina from a sunset: the least "line_dark"
# (logarithm of dark ridges' strength). Rendered evening skies lie at -6.7 in the median; of 88
# frameless photographs of four sources that can be graded, 85 lie above.
VESSELS_FROM: Final = -5.8
_NOT_FUNDUS: Final = ImageQuality(
    is_fundus=False, gradable=False, score=0.0, reasons=(QualityReason.NOT_FUNDUS,)
)


def assess_quality(crop: FieldCrop, field: FieldOfView) -> ImageQuality:
    """Judge a photograph.

    Parameters
    ----------
    crop : FieldCrop
        The square around the field, of any size; 224 px or more show all that is measured.
    field : FieldOfView
        The circle the crop was cut by.

    Returns
    -------
    ImageQuality
        ``score`` is the probability that the photograph can be graded, gradable from
        `GRADABLE_FROM` on, and 0 for what is no fundus photograph. Reasons come likeliest
        first.
    """
    features = measure_quality(crop)
    if features is None:
        return _NOT_FUNDUS
    judgement = fitted_model().judge(features)
    vessels = features[FEATURE_NAMES.index("line_dark")]
    if judgement.fundus < FUNDUS_FROM or (_is_frameless(crop) and vessels < VESSELS_FROM):
        return _NOT_FUNDUS
    gradable = judgement.gradable >= GRADABLE_FROM
    reasons = _reasons(judgement, gradable=gradable)
    if _is_cut_off(crop, field):
        reasons = (*reasons, QualityReason.FIELD_CUT_OFF)
    return ImageQuality(
        is_fundus=True, gradable=gradable, score=judgement.gradable, reasons=reasons
    )


def _reasons(judgement: Judgement, *, gradable: bool) -> tuple[QualityReason, ...]:
    ranked = sorted(judgement.reasons, key=judgement.reasons.__getitem__, reverse=True)
    named = tuple(reason for reason in ranked if judgement.reasons[reason] >= REASON_FROM)
    return named if named or gradable else (ranked[0],)


def _is_cut_off(crop: FieldCrop, field: FieldOfView) -> bool:
    """Tell a circle of which too much is missing; a picture without a frame is none."""
    if _is_frameless(crop):
        return False
    shown = int(np.count_nonzero(crop.inside))
    share = shown * crop.pitch**2 / (math.pi * field.radius**2)
    return min(share, field.completeness) < FIELD_COMPLETE_FROM


def _is_frameless(crop: FieldCrop) -> bool:
    """Whether the picture fills a rectangle: no camera's circle was found in it."""
    rows = int(np.count_nonzero(crop.inside.any(axis=1)))
    columns = int(np.count_nonzero(crop.inside.any(axis=0)))
    return int(np.count_nonzero(crop.inside)) >= _RECTANGLE_SHARE * rows * columns
