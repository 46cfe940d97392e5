"""A model bundle's manifest: everything the program must know of a model but its weights.

Plain frozen dataclasses; `retina_desktop.ml.bundles` reads them from ``manifest.json`` with
pydantic (unknown keys are refused) and checks every hash. The schema is told field by field
in ``models/README.md``.
"""

from dataclasses import dataclass, field

from retina_desktop.domain.findings import LabelStatus

MANIFEST_SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling of one label's logit: ``sigmoid(slope * logit + offset)``."""

    slope: float = 1.0
    offset: float = 0.0


@dataclass(frozen=True, slots=True)
class LabelEntry:
    """One output of the network, in output order."""

    code: str
    status: LabelStatus
    threshold: float | None = None  # on the calibrated probability; None when not assessed
    calibration: Calibration = Calibration()

    def __post_init__(self) -> None:
        if (self.threshold is None) != (self.status is LabelStatus.NOT_ASSESSED):
            raise ValueError(
                f"{self.code}: a threshold belongs to assessed labels, and only there"
            )


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
    architecture: str  # timm's name
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

    @property
    def codes(self) -> tuple[str, ...]:
        """The labels' codes in output order."""
        return tuple(entry.code for entry in self.labels)
