"""What was measured, as values and as JSON: the only source of the card's figures."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.manifests import Calibration, Metric, PreprocessingStep
from training.files import write_atomically
from training.results import ResultsUnreadableError

RESULTS_SCHEMA = 1
RESULTS_NAME = "retinoblastoma.json"
AUDIT_NAME = "shortcuts.json"


@dataclass(frozen=True, slots=True)
class SourceCount:
    """How many photographs of a source took part; ``patients`` as far as they are known."""

    name: str
    licence: str
    kind: str
    photographs: int
    patients: int
    patients_known: bool


@dataclass(frozen=True, slots=True)
class PatientsFound:
    """Of the patients with a tumour, left out in turn."""

    patients: int
    any_photograph: int  # patients of whom at least one photograph was called
    every_photograph: int
    photographs: int
    missed: int


@dataclass(frozen=True, slots=True)
class OutsideShare:
    """How many photographs of a source lie outside of the validated range."""

    source: str
    seen: str  # "left out", "negatives of training" or "never seen"
    photographs: int
    outside: int
    called: int  # with a retinoblastoma, whatever the range says


@dataclass(frozen=True, slots=True)
class RangeFacts:
    """How the validated range was fitted."""

    components: int
    percentile: float
    threshold: float
    photographs: int


@dataclass(frozen=True, slots=True)
class HeadFacts:
    """How the last layer was fitted and where its operating point lies."""

    strength: float
    fold_strengths: tuple[float, ...]
    copies: int  # varied copies of each photograph that teach
    sensitivity: float  # aimed at on the inner folds
    folds: int
    calibration: Calibration
    threshold: float
    fold_copies: tuple[
        int, ...
    ] = ()  # as `copies`, chosen in each fold; results of before: all


@dataclass(frozen=True, slots=True)
class Pretraining:
    """What the network learned from before it was frozen."""

    weights: str  # the file's SHA-256, first half
    architecture: str
    outputs: int
    words: str


@dataclass(frozen=True, slots=True)
class PointingFacts:
    """Tumours' photographs whose heatmap is hottest in the field's brightest part."""

    photographs: int
    hits: int
    share: float  # of the field that is called the brightest: what chance would hit


@dataclass(frozen=True, slots=True)
class RetinoblastomaResult:
    """Everything that card and manifest say in figures, but for the audit."""

    schema: int
    seed: int
    input_size: int
    pretraining: Pretraining
    stored_as: str  # the weights' format; every figure is of weights stored so
    steps: tuple[PreprocessingStep, ...]
    sources: tuple[SourceCount, ...]
    duplicate_pairs: int
    without_field: int
    head: HeadFacts
    metrics: tuple[Metric, ...]  # ``source`` is the kind of negatives, "" for all of them
    patients: PatientsFound
    range: RangeFacts
    outside: tuple[OutsideShare, ...]
    pointing: PointingFacts | None = None  # results of before lack it


@dataclass(frozen=True, slots=True)
class Experiment:
    """The same cross-validation on other pictures or through another network."""

    what: str  # what was shown
    network: str  # its architecture, or "" where only numbers were given
    steps: tuple[str, ...]  # names of the preprocessing steps
    central: bool  # whether only the part that all cameras show was used
    metrics: tuple[Metric, ...]  # AUROC, each kind of negatives in ``source``
    asked: bool = False  # of what learned from whole pictures, and nothing from these


@dataclass(frozen=True, slots=True)
class Audit:
    """What a model that lives on shortcuts would do as well, and what each step is worth."""

    schema: int
    shortcuts: tuple[Experiment, ...]
    steps: tuple[Experiment, ...]


_RESULT = TypeAdapter(RetinoblastomaResult)
_AUDIT = TypeAdapter(Audit)


def result_to_bytes(result: RetinoblastomaResult) -> bytes:
    """Return the result as `write_result` writes it, to the byte."""
    return _RESULT.dump_json(result, indent=2) + b"\n"


def write_result(folder: Path, result: RetinoblastomaResult) -> None:
    """Write the result into the work folder, in one step."""
    write_atomically(folder / RESULTS_NAME, result_to_bytes(result))


def read_result(folder: Path) -> RetinoblastomaResult:
    """Read what `write_result` wrote.

    Raises
    ------
    ResultsUnreadableError
        If there is none, or of another version.
    """
    try:
        result = _RESULT.validate_json((folder / RESULTS_NAME).read_bytes())
    except (OSError, ValidationError) as error:
        raise ResultsUnreadableError(
            "The measured results cannot be read: run retinoblastoma evaluate first."
        ) from error
    if result.schema != RESULTS_SCHEMA:
        raise ResultsUnreadableError("The measured results are of another version.")
    return result


def write_audit(folder: Path, audit: Audit) -> None:
    """Write the audit into the work folder, in one step."""
    write_atomically(folder / AUDIT_NAME, _AUDIT.dump_json(audit, indent=2) + b"\n")


def read_audit(folder: Path) -> Audit | None:
    """Read what `write_audit` wrote; None where no audit was made.

    Raises
    ------
    ResultsUnreadableError
        If it is damaged or of another version.
    """
    try:
        content = (folder / AUDIT_NAME).read_bytes()
    except FileNotFoundError:
        return None
    try:
        audit = _AUDIT.validate_json(content)
    except ValidationError as error:
        raise ResultsUnreadableError(
            "The audit cannot be read: run retinoblastoma audit again."
        ) from error
    return audit
