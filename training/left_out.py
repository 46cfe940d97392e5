"""Cameras never seen: a run that left sources out is measured on all their photographs.

None of them was trained on or chosen by, so that training's, validation's and the test's
photographs of such a source all may judge. Calibration and thresholds come from the
validation of the sources that the run did see.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.errors import RetinaError
from training.evaluate import answers_of
from training.figures import measure
from training.files import write_atomically
from training.metrics import RESAMPLES
from training.prepared import PreparedData
from training.results import EvaluationResult, LeftOutRun
from training.splits import Part

LEFT_OUT_NAME = "left_out.json"
_ADAPTER = TypeAdapter(LeftOutRun)


class LeftOutUnreadableError(RetinaError):
    """Figures on sources never seen cannot be used."""


@dataclass(frozen=True, slots=True, eq=False)
class NeverSeen:
    """The split of a run that left sources out.

    ``seen`` holds the left-out sources' photographs in no part; ``rows`` are those that may
    judge, and ``set_aside`` counts the others.
    """

    seen: PreparedData
    rows: NDArray[np.int64]
    set_aside: int


def separate(data: PreparedData, sources: Sequence[str]) -> NeverSeen:
    """Take the photographs of `sources` out of all parts, as the run did.

    A photograph whose patient or picture the run met under another source may not judge.

    Raises
    ------
    LeftOutUnreadableError
        If a source has no photograph.
    """
    check_left_out(data, sources)
    names = np.array([image.source for image in data.images])
    left_out = np.isin(names, sorted(sources))
    parts = np.array(data.parts)
    met = ~left_out & np.isin(parts, [Part.TRAINING, Part.VALIDATION])
    strange = ~np.isin(data.groups, data.groups[met]) & (parts != Part.SET_ASIDE)
    seen = replace(
        data,
        parts=tuple(
            Part.SET_ASIDE if out else part
            for part, out in zip(data.parts, left_out.tolist(), strict=True)
        ),
    )
    return NeverSeen(seen, np.flatnonzero(left_out & strange), int((left_out & ~strange).sum()))


def check_left_out(data: PreparedData, sources: Sequence[str]) -> None:
    """Check that every source to be left out is there; a misspelt one would not be left out.

    Raises
    ------
    LeftOutUnreadableError
        If a source has no photograph.
    """
    there = {image.source for image in data.images}
    missing = sorted(set(sources) - there)
    if missing:
        raise LeftOutUnreadableError(
            f"The data hold no photograph of {', '.join(missing)}, to be left out; their "
            f"sources are {', '.join(sorted(there))}."
        )


def measure_never_seen(
    never: NeverSeen,
    logits: NDArray[np.float32],
    result: EvaluationResult,
    *,
    resamples: int = RESAMPLES,
) -> LeftOutRun:
    """Measure the run on the sources that it left out.

    Parameters
    ----------
    never : NeverSeen
        Of `separate`.
    logits : NDArray[np.float32]
        Shape ``(len(never.rows), labels)``.
    result : EvaluationResult
        Of the same run, on the sources that it saw: its calibration and thresholds count.
    """
    answers = answers_of(never.seen, never.rows, logits, result.labels)
    metrics = measure(answers, seed=result.run.seed, resamples=resamples)
    return LeftOutRun(
        photographs=dict(sorted(Counter(answers.sources).items())),
        architecture=result.run.architecture,
        input_size=result.run.input_size,
        initial=result.run.initial,
        epochs_run=result.run.epochs_run,
        set_aside=never.set_aside,
        metrics=tuple(metric for metric in metrics if metric.source),
    )


def write_left_out(path: Path, found: LeftOutRun) -> None:
    """Write `found` as JSON, in one step."""
    write_atomically(path, _ADAPTER.dump_json(found, indent=2) + b"\n")


def read_left_out(path: Path) -> LeftOutRun:
    """Read what `write_left_out` wrote.

    Raises
    ------
    LeftOutUnreadableError
        If the file is missing or damaged.
    """
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise LeftOutUnreadableError(
            f"{path.name} of {path.parent.name} cannot be read: evaluate a run that left "
            "sources out (sampling.leave_out) first."
        ) from error
