"""A model bundle's manifest: everything the program must know of a model but its weights.

Plain frozen dataclasses; `retina_desktop.ml.bundles` reads them from ``manifest.json`` with
pydantic (unknown keys are refused) and checks every hash. The schema is told field by field
in ``models/README.md``.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import date

from retina_desktop.domain.findings import LabelStatus

MANIFEST_SCHEMA = 1  # what a manifest without newer fields says, so that older programs read it
RANGE_SCHEMA = 2  # what one with a validated range says: a program that knew none would answer
NEWEST_SCHEMA = RANGE_SCHEMA  # without its caution
TWOFOLD_PREFIX = (
    "twofold_"  # before a network's name: two of them in one, a photograph seen twice
)
LARGEST_INPUT = 2048  # pixels; more would take gigabytes for one photograph

# Ids, codes and paths become names of files, also on systems that do not tell A from a.
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_VERSION = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9}){0,3}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_PATH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*")
_SHA256 = re.compile(r"[0-9a-f]{64}")


def half_of(architecture: str) -> str:
    """Return what a network in two halves is made of; any other is made of itself."""
    return architecture.removeprefix(TWOFOLD_PREFIX)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling of one label's logit: ``sigmoid(slope * logit + offset)``."""

    slope: float = 1.0
    offset: float = 0.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.slope) and self.slope > 0.0):
            raise ValueError(f"a slope must be positive, got {self.slope!r}")
        if not math.isfinite(self.offset):
            raise ValueError(f"an offset must be finite, got {self.offset!r}")


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One output of the network, in output order."""

    code: str
    status: LabelStatus
    threshold: float | None = None  # on the calibrated probability; None when not assessed
    calibration: Calibration = Calibration()

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise ValueError(f"{self.code!r} is no label code")
        if (self.threshold is None) != (self.status is LabelStatus.NOT_ASSESSED):
            raise ValueError(
                f"{self.code}: a threshold belongs to assessed labels, and only there"
            )
        if self.threshold is not None and not 0.0 < self.threshold < 1.0:
            raise ValueError(f"{self.code}: a threshold lies between 0 and 1")


@dataclass(frozen=True, slots=True)
class PreprocessingStep:
    """A named step of `retina_desktop.imaging` with its parameters."""

    name: str
    parameters: dict[str, float | int | str | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BundleFile:
    """A file of the bundle and the hash it must have."""

    path: str  # relative to the bundle's folder, no parent parts
    sha256: str
    bytes: int

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"{self.path!r} is no plain path inside the bundle's folder")
        if not _SHA256.fullmatch(self.sha256):
            raise ValueError(f"{self.path}: the SHA-256 must be 64 lower-case hex digits")
        if self.bytes < 0:
            raise ValueError(f"{self.path}: a size cannot be negative")


@dataclass(frozen=True, slots=True)
class ValidatedRange:
    """What photographs the model's answers were validated on, in its own features.

    A photograph farther than ``threshold`` (`retina_desktop.ml.validated_range` tells the
    distance and the file) is outside the range: nothing of the model's answer is relied on.
    """

    file: str  # relative; listed among the bundle's files
    threshold: float  # on the distance, calibrated on validation photographs

    def __post_init__(self) -> None:
        if not (math.isfinite(self.threshold) and self.threshold > 0.0):
            raise ValueError(f"a range's threshold must be positive, got {self.threshold!r}")


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured figure with its 95 % interval.

    ``label`` and ``source`` are empty for a figure over all of them.
    """

    name: str  # "auroc", "average_precision", "sensitivity", "specificity", "ece", ...
    value: float
    low: float | None = None
    high: float | None = None
    label: str = ""
    source: str = ""
    positives: int | None = None
    negatives: int | None = None


@dataclass(frozen=True, slots=True)
class DataSource:
    """A set of photographs the model was trained or tested on."""

    name: str
    licence: str
    photographs: int
    used_for: str  # "training", "validation", "test", or several, comma-separated


@dataclass(frozen=True, slots=True)
class ModelManifest:
    """What a bundle says of itself."""

    schema: int
    id: str
    version: str
    name: str
    architecture: str  # timm's name, `TWOFOLD_PREFIX` before it where the network is two in one
    input_size: int  # pixels, square
    preprocessing: tuple[PreprocessingStep, ...]
    labels: tuple[LabelEntry, ...]
    graph: str  # the ONNX file, relative
    weights: str  # the safetensors file, relative; the graph's tensors live in it too
    files: tuple[BundleFile, ...]
    intended_use: str
    limits: tuple[str, ...]
    created_on: str  # ISO date
    licence: str
    software_version: str
    data_sources: tuple[DataSource, ...] = ()
    metrics: tuple[Metric, ...] = ()
    validated_range: ValidatedRange | None = None  # from schema 2 on

    def __post_init__(self) -> None:
        if self.validated_range is not None and self.schema < RANGE_SCHEMA:
            raise ValueError(f"a validated range needs manifest schema {RANGE_SCHEMA}")
        if not _ID.fullmatch(self.id):
            raise ValueError(f"{self.id!r} is no model id: a-z, 0-9, - and _")
        if not _VERSION.fullmatch(self.version):
            raise ValueError(f"{self.version!r} is no version: numbers and dots")
        if not 1 <= self.input_size <= LARGEST_INPUT:
            raise ValueError(f"an input size lies between 1 and {LARGEST_INPUT} pixels")
        if not self.labels:
            raise ValueError("a model has at least one label")
        _refuse_twins("label", [entry.code for entry in self.labels])
        _refuse_twins("file", [file.path for file in self.files])
        date.fromisoformat(self.created_on)

    @property
    def codes(self) -> tuple[str, ...]:
        """The labels' codes in output order."""
        return tuple(entry.code for entry in self.labels)

    @property
    def release(self) -> tuple[int, ...]:
        """The version as numbers, which compare as versions do."""
        return tuple(int(part) for part in self.version.split("."))


def _refuse_twins(what: str, names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise ValueError(f"the {what} {name!r} is listed twice")
        seen.add(name.lower())
