"""Medians of runs taken in turns, so that a noisy moment hits both sides."""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what, target and measured, as ratios."""

    what: str
    target: str
    measured: str
    met: bool


def medians(*runs: Callable[[], object], repeat: int) -> list[float]:
    """Return each run's median in seconds; the runs take turns, after one warm-up each."""
    times: list[list[float]] = [[] for _ in runs]
    for run in runs:
        run()
    for _ in range(repeat):
        for own, run in zip(times, runs, strict=True):
            began = time.perf_counter()
            run()
            own.append(time.perf_counter() - began)
    return [statistics.median(own) for own in times]


def table(rows: list[Row]) -> str:
    """Return the rows as Markdown."""
    lines = ["| what | target | measured | met |", "|---|---|---|---|"]
    lines += [
        f"| {r.what} | {r.target} | {r.measured} | {'yes' if r.met else 'no'} |" for r in rows
    ]
    return "\n".join(lines)
