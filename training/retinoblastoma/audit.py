"""The audit of one network after the other, kept together."""

from training.retinoblastoma.collection import Collection
from training.retinoblastoma.features import FrozenNetwork
from training.retinoblastoma.results import RESULTS_SCHEMA, Audit
from training.retinoblastoma.shortcuts import (
    WHOLE,
    Trial,
    numbers_experiments,
    shortcut_experiments,
    step_experiments,
)


def audit_numbers(collection: Collection, trial: Trial) -> Audit:
    """Try the shortcuts that need no network."""
    return Audit(RESULTS_SCHEMA, tuple(numbers_experiments(collection, trial)), ())


def audit_network(
    audit: Audit, reader: FrozenNetwork, collection: Collection, trial: Trial
) -> Audit:
    """Return `audit` with what `reader` shows, in place of what it showed before."""
    shown = tuple(shortcut_experiments(reader, collection, trial))
    steps = tuple(step_experiments(reader, collection, trial))
    every_step = tuple(e for e in shown if e.what == WHOLE and e.central)
    own = reader.architecture
    return Audit(
        RESULTS_SCHEMA,
        (*(e for e in audit.shortcuts if e.network != own), *shown),
        (*(e for e in audit.steps if e.network != own), *steps, *every_step),
    )
