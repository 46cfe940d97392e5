"""The fitted last layer, operating point and range on disk, between evaluation and export."""

import hashlib
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np

from retina_desktop.domain.manifests import Calibration
from retina_desktop.ml.validated_range import RANGE_NAME, range_from_bytes, range_to_bytes
from training.files import write_atomically
from training.results import ResultsUnreadableError
from training.retinoblastoma.crossed import OperatingPoint
from training.retinoblastoma.evaluation import Fitted
from training.retinoblastoma.head import LinearHead
from training.retinoblastoma.results import (
    RESULTS_NAME,
    RetinoblastomaResult,
    result_to_bytes,
    write_result,
)

HEAD_NAME = "head.npz"


def write_evaluation(folder: Path, result: RetinoblastomaResult, fitted: Fitted) -> None:
    """Write head, range and results into the work folder, each in one step.

    The head comes first and knows the others by their hash: whatever interrupts this, a new
    head never goes with the figures of an old one.
    """
    feature_range = range_to_bytes(fitted.feature_range)
    point = fitted.point
    buffer = BytesIO()
    np.savez(
        buffer,
        weight=fitted.head.weight,
        bias=fitted.head.bias,
        point=np.array(
            [
                point.strength,
                point.calibration.slope,
                point.calibration.offset,
                point.threshold,
                fitted.range_threshold,
                point.copies,
            ]
        ),
        goes_with=np.array(_seal(result_to_bytes(result), feature_range)),
    )
    write_atomically(folder / HEAD_NAME, buffer.getvalue())
    write_atomically(folder / RANGE_NAME, feature_range)
    write_result(folder, result)


def read_fitted(folder: Path) -> Fitted:
    """Read the head and the range that `write_evaluation` wrote.

    Raises
    ------
    ResultsUnreadableError
        If something is missing or damaged, or the head was fitted in another evaluation than
        the range or the results. A head that does not say, from an earlier version, is taken.
    """
    try:
        range_bytes = (folder / RANGE_NAME).read_bytes()
        seal = _seal((folder / RESULTS_NAME).read_bytes(), range_bytes)
        with np.load(BytesIO((folder / HEAD_NAME).read_bytes()), allow_pickle=False) as stored:
            head = LinearHead(stored["weight"], float(stored["bias"]))
            # Earlier versions did not store the copies.
            strength, slope, offset, threshold, far, *copies = stored["point"].tolist()
            goes_with = str(stored["goes_with"]) if "goes_with" in stored else seal
        feature_range = range_from_bytes(range_bytes)
    except (OSError, EOFError, KeyError, ValueError, BadZipFile) as error:
        raise ResultsUnreadableError(
            "The fitted layer cannot be read: run retinoblastoma evaluate first."
        ) from error
    if goes_with != seal:
        raise ResultsUnreadableError(
            "The fitted layer and the measured results are of different evaluations: run "
            "retinoblastoma evaluate again."
        )
    calibration = Calibration(slope, offset)
    point = OperatingPoint(strength, calibration, threshold, int(copies[0]) if copies else 0)
    return Fitted(head, point, feature_range, far)


def _seal(result: bytes, feature_range: bytes) -> str:
    parts = (hashlib.sha256(part).hexdigest() for part in (result, feature_range))
    return " ".join(parts)
