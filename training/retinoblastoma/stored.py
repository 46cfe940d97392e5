"""The fitted last layer, operating point and range on disk, between evaluation and export."""

from pathlib import Path

import numpy as np

from retina_desktop.domain.manifests import Calibration
from retina_desktop.ml.validated_range import RANGE_NAME, range_from_bytes, range_to_bytes
from training.files import write_atomically
from training.results import ResultsUnreadableError
from training.retinoblastoma.crossed import OperatingPoint
from training.retinoblastoma.evaluation import Fitted
from training.retinoblastoma.head import LinearHead

HEAD_NAME = "head.npz"


def write_fitted(folder: Path, fitted: Fitted) -> None:
    """Write head and range into the work folder."""
    point = fitted.point
    np.savez(
        folder / HEAD_NAME,
        weight=fitted.head.weight,
        bias=fitted.head.bias,
        point=np.array(
            [
                point.strength,
                point.calibration.slope,
                point.calibration.offset,
                point.threshold,
                fitted.range_threshold,
            ]
        ),
    )
    write_atomically(folder / RANGE_NAME, range_to_bytes(fitted.feature_range))


def read_fitted(folder: Path) -> Fitted:
    """Read what `write_fitted` wrote.

    Raises
    ------
    ResultsUnreadableError
        If it is missing or damaged.
    """
    try:
        with np.load(folder / HEAD_NAME, allow_pickle=False) as stored:
            head = LinearHead(stored["weight"], float(stored["bias"]))
            strength, slope, offset, threshold, far = stored["point"].tolist()
        feature_range = range_from_bytes((folder / RANGE_NAME).read_bytes())
    except (OSError, KeyError, ValueError) as error:
        raise ResultsUnreadableError(
            "The fitted layer cannot be read: run retinoblastoma evaluate first."
        ) from error
    point = OperatingPoint(strength, Calibration(slope, offset), threshold)
    return Fitted(head, point, feature_range, far)
