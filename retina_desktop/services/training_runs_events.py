"""The course of a training, read from the lines that it appends while it goes.

A line may be half-written, damaged or of another program: it is passed over. A run that was
killed goes on from its last saved state, and tells the steps after it once more.
"""

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

_PACE_OVER = 12  # the newest events, which tell how quickly the rest will go


@dataclass(frozen=True, slots=True)
class Point:
    """A value after so many epochs."""

    epochs: float
    value: float


@dataclass(frozen=True, slots=True)
class Course:
    """How a run went so far; `asked` is the share of what its teachers answer first."""

    loss: tuple[Point, ...] = ()  # mean of the epoch so far
    auroc: tuple[Point, ...] = ()  # on validation, after each epoch
    epoch: int = 0  # that runs, counted from 1
    of_epochs: int | None = None
    share: float = 0.0  # of the whole run, in [0, 1]
    elapsed_s: float = 0.0  # of training, stops left out
    ended: bool = False
    stopped: bool = False  # it was asked to stop, and saved its state
    asked: float = 0.0  # in [0, 1]
    pace: tuple[Point, ...] = ()  # elapsed seconds (as `epochs`) and share, the newest

    @property
    def is_asking(self) -> bool:
        """Whether teachers answer still, and the run itself has not begun."""
        return not self.epoch and 0.0 < self.asked < 1.0

    @property
    def best(self) -> Point | None:
        """The epoch with the best validation; the first of equals, as the run keeps it."""
        return max(self.auroc, key=lambda p: (p.value, -p.epochs), default=None)

    @property
    def remaining_s(self) -> float | None:
        """Seconds until the end at the newest pace; None while that cannot be told."""
        if self.ended or len(self.pace) < 2:
            return None
        first, last = self.pace[0], self.pace[-1]
        gained, took = last.value - first.value, last.epochs - first.epochs
        if gained <= 0.0 or took <= 0.0:
            return None
        return (1.0 - last.value) * took / gained


class EventReader:
    """Reads what was appended since the last look; starts anew where the file did."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._offset, self._begun = 0, b""
        self.course = Course()

    def read(self) -> Course:
        """Return the course up to the last whole line; what cannot be read adds nothing."""
        try:
            with self.path.open("rb") as stream:
                if stream.seek(0, 2) < self._offset:  # another file has this name now
                    self._offset, self._begun, self.course = 0, b"", Course()
                stream.seek(self._offset)
                content = stream.read()
        except OSError:
            return self.course
        self._offset += len(content)
        *lines, self._begun = (self._begun + content).split(b"\n")
        self.course = followed(self.course, filter(None, map(parse_event, lines)))
        return self.course


def parse_event(line: bytes) -> Mapping[str, Any] | None:
    """Return one line's event, None where it is none."""
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str):
        return None
    return event


def followed(course: Course, events: Iterable[Mapping[str, Any]]) -> Course:
    """Return `course` with `events` behind it."""
    for event in events:
        course = _after(course, event)
    return course


def _after(course: Course, event: Mapping[str, Any]) -> Course:
    kind, place = event["event"], _place(event)
    if kind == "teachers":
        share = _number(event.get("share"))
        return course if share is None else replace(course, asked=min(max(share, 0.0), 1.0))
    if kind == "step" and place is not None:
        course = replace(course, loss=_added(course.loss, place, event.get("loss")))
    elif kind == "epoch" and place is not None:
        course = replace(
            course,
            loss=_added(course.loss, place, event.get("loss")),
            auroc=_added(course.auroc, place, event.get("val_auroc")),
            of_epochs=_whole(event.get("of")) or course.of_epochs,
        )
    elif kind not in ("end", "stopped"):
        return course
    share, elapsed = _number(event.get("share")), _number(event.get("elapsed_s"))
    ended = kind == "end"
    share = 1.0 if ended else course.share if share is None else min(max(share, 0.0), 1.0)
    elapsed = course.elapsed_s if elapsed is None else max(elapsed, 0.0)
    pace = [p for p in course.pace if p.epochs < elapsed and p.value <= share]
    return replace(
        course,
        epoch=_whole(event.get("epoch")) or course.epoch,
        share=share,
        elapsed_s=elapsed,
        ended=ended,
        stopped=kind == "stopped",
        pace=tuple([*pace, Point(elapsed, share)][-_PACE_OVER:]),
    )


def _place(event: Mapping[str, Any]) -> float | None:
    """Return after how many epochs the event was told."""
    epoch = _whole(event.get("epoch"))
    if epoch is None:
        return None
    step, steps = _number(event.get("step")), _number(event.get("of_steps"))
    if event["event"] == "epoch":
        return float(epoch)
    if step is None or steps is None or steps <= 0.0:
        return None
    return epoch - 1 + min(max(step / steps, 0.0), 1.0)


def _added(points: tuple[Point, ...], place: float, value: object) -> tuple[Point, ...]:
    number = _number(value)
    if number is None:
        return points
    kept = len(points)
    while kept and points[kept - 1].epochs >= place:  # steps that are told once more
        kept -= 1
    return (*points[:kept], Point(place, number))


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**6
    return value if is_count and isinstance(value, int) else None
