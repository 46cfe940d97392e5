"""What was measured of one run, as a value and as JSON: the only source of a card's figures."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration, DataSource, Metric
from training.files import write_atomically

RESULTS_SCHEMA = 1


class ResultsUnreadableError(RetinaError):
    """The file of measured results is missing or is none."""


@dataclass(frozen=True, slots=True)
class SourceResult:
    """How many photographs of a source served what."""

    name: str
    licence: str
    training: int
    validation: int
    test: int


@dataclass(frozen=True, slots=True)
class LabelResult:
    """One label: how far it may be trusted and where its operating point lies.

    ``fitted_on`` photographs (validation) with ``fitted_positives`` among them decided the
    calibration and the threshold; ``natural`` tells whether they were drawn as they come.
    All three are empty for a label that was not fitted, also for one that was ``kept``.
    """

    code: str
    status: LabelStatus
    training_positives: int
    validation_positives: int
    test_positives: int
    calibration: Calibration
    threshold: float | None
    fitted_on: int = 0
    fitted_positives: int = 0
    natural: bool = False
    kept: bool = False  # as the model came with it; the threshold may have been raised


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How the weights came about."""

    architecture: str
    input_size: int
    initial: str
    epochs_planned: int
    epochs_run: float  # a run within a time ends inside an epoch
    best_epoch: int  # counted from 1
    best_validation_auroc: float
    photographs_an_epoch: int
    early_size: int
    early_share: float
    batch: int
    peak_rate: float
    mixed_precision: bool
    learning: str  # loss, optimizer and schedule in words
    seed: int
    duplicate_pairs: int
    members: int = 1  # runs whose answers are averaged; such an ensemble is no bundle
    varied: str = ""  # how photographs were varied, as a sentence; results of before lack it
    halves: tuple[str, ...] = ()  # of a joined network: how each was trained, in words
    started_from: str = ""  # a bundle's name and version
    earlier_sources: tuple[DataSource, ...] = ()  # that the bundle was made from
    learned: bool = True  # False: the first weights were judged as they came

    @property
    def kept(self) -> str:
        """Which weights were kept, in words; a run within a time ends inside an epoch."""
        at_the_end = self.best_epoch > self.epochs_run
        return (
            "the weights at the end"
            if at_the_end
            else f"the weights of epoch {self.best_epoch}"
        )


@dataclass(frozen=True, slots=True)
class PairsSummary:
    """The mean AUROC over pairs of source and label; None where no pair has enough.

    ``pairs_one_size`` counts those that have enough photographs of one original size, too.
    """

    mean_auroc: float | None
    pairs: int
    without_field: int  # test photographs in which the application found no field of view
    pairs_one_size: int = 0


@dataclass(frozen=True, slots=True)
class LeftOutRun:
    """What another run, of the same kind, says of sources that it never saw.

    Calibration and thresholds come from the validation of the sources it did see.
    ``initial`` is where its weights began: a file of weights may have seen the sources.
    ``set_aside`` counts their photographs that show a patient or picture which the run met
    under another source; the figures leave them out.
    """

    photographs: dict[str, int]  # measured, by source
    architecture: str
    input_size: int
    initial: str
    epochs_run: float
    set_aside: int
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class EvaluationResult:
    """Everything the card and the manifest say in figures.

    ``set_aside`` counts the test photographs that were left out because training or
    validation shows the same eye; None where nobody looked for them. ``left_out`` holds what
    other runs of the same kind say of sources that they never saw; ``averaged_views`` what
    the mean over several views of each photograph would give (see `training.views`); ``before``
    how a model that was only calibrated here calls by the thresholds it came with.
    """

    schema: int
    run: RunFacts
    sources: tuple[SourceResult, ...]
    labels: tuple[LabelResult, ...]
    metrics: tuple[Metric, ...]
    summary: PairsSummary
    set_aside: int | None = None
    left_out: tuple[LeftOutRun, ...] = ()
    averaged_views: tuple[Metric, ...] = ()
    before: tuple[Metric, ...] = ()


_ADAPTER = TypeAdapter(EvaluationResult)


def write_results(path: Path, result: EvaluationResult) -> None:
    """Write `result` as JSON, in one step."""
    write_atomically(path, _ADAPTER.dump_json(result, indent=2) + b"\n")


def read_results(path: Path) -> EvaluationResult:
    """Read what `write_results` wrote.

    Raises
    ------
    ResultsUnreadableError
        If the file is missing, damaged or of another schema.
    """
    try:
        result = _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ResultsUnreadableError(
            "The measured results cannot be read: run evaluate first."
        ) from error
    if result.schema != RESULTS_SCHEMA:
        raise ResultsUnreadableError("The measured results are of another version.")
    return result
