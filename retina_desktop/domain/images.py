"""Fundus images as values: pixels, whose eye, and where the field of view lies."""

import math
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

RgbImage = NDArray[np.uint8]  # (H, W, 3), sRGB
GrayImage = NDArray[np.uint8]  # (H, W)
Mask = NDArray[np.bool_]  # (H, W), True inside


class Laterality(StrEnum):
    """Which eye; stored as DICOM's R and L, shown as OD and OS."""

    RIGHT = "R"
    LEFT = "L"

    @property
    def shown(self) -> str:
        """``OD`` or ``OS``, as eye clinics write it."""
        return "OD" if self is Laterality.RIGHT else "OS"


class LateralitySource(StrEnum):
    """Who said which eye it is; in falling order of trust."""

    USER = "user"
    DICOM = "dicom"
    IMAGE = "image"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class LateralityAssessment:
    """The eye in force, who said so, and whether the picture disagrees.

    ``confidence`` in [0, 1] is the picture's own suggestion's when ``source`` is IMAGE and 1
    when a person or the camera said it. ``warning`` is a sentence when the picture, with high
    confidence, shows the other eye; empty otherwise.
    """

    value: Laterality | None
    source: LateralitySource
    confidence: float
    warning: str = ""


@dataclass(frozen=True, slots=True)
class DicomFacts:
    """What a DICOM header says of the photograph; never logged, never an error's text.

    ``native_name`` is the name in the patient's own script where the header has it beside the
    alphabetic one.
    """

    patient_id: str = ""
    patient_name: str = ""
    birth_date: date | None = None
    sex: str = ""
    laterality: Laterality | None = None
    acquired_on: date | None = None
    manufacturer: str = ""
    sop_instance_uid: str = ""
    native_name: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FundusImage:
    """A decoded photograph.

    ``pixels`` may be smaller than the original by ``scale`` (pixels.width / width, at most 1)
    when only the model needs them; ``width`` and ``height`` are the original's, after EXIF
    orientation. ``sha256`` is of the file's bytes as they came.
    """

    pixels: RgbImage
    width: int
    height: int
    sha256: str
    source_format: str  # "JPEG", "PNG", "TIFF", "BMP", "WEBP", "DICOM"
    dicom: DicomFacts | None = None

    @property
    def scale(self) -> float:
        """Decoded pixels per original pixel, in (0, 1]."""
        return float(self.pixels.shape[1]) / self.width


@dataclass(frozen=True, slots=True)
class FieldOfView:
    """The camera's circle, in pixels of the image it was found in (floats, pixel centres).

    ``radius`` belongs to the whole circle, also where the sensor cut it off (above and below
    on most cameras). ``completeness`` is the share of the circle's area inside the picture.
    Black bars that a file holds above, below or beside a cut circle are no field: it ends at
    ``left``, ``top``, ``right`` and ``bottom`` (first and last pixel that shows the retina).
    """

    center_x: float
    center_y: float
    radius: float
    completeness: float = 1.0
    left: float = -math.inf
    top: float = -math.inf
    right: float = math.inf
    bottom: float = math.inf

    def scaled(self, factor: float) -> "FieldOfView":
        """Return the same circle in an image ``factor`` times as large."""

        def place(position: float) -> float:
            return (position + 0.5) * factor - 0.5

        return FieldOfView(
            place(self.center_x),
            place(self.center_y),
            self.radius * factor,
            self.completeness,
            *(place(limit) for limit in (self.left, self.top, self.right, self.bottom)),
        )


@dataclass(frozen=True, slots=True, eq=False)
class FieldCrop:
    """The square around a field of view, resized for a model, with the way back.

    A crop pixel centre ``(u, v)`` lies in the image at
    ``(left + (u + 0.5) * pitch - 0.5, top + (v + 0.5) * pitch - 0.5)``.
    ``inside`` is True where the crop shows the field (inside circle and picture).
    """

    pixels: RgbImage  # (size, size, 3); black outside the field of view
    inside: Mask = field(repr=False)
    left: float
    top: float
    pitch: float  # image pixels per crop pixel

    @property
    def size(self) -> int:
        """Side of the square in crop pixels."""
        return int(self.pixels.shape[0])
