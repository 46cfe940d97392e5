"""Undo and redo as a value: the present state, what led to it, and what was undone.

Nothing here knows what a state is: it may be any immutable value. A step is named by what was
done ("referral"), so that a menu can say "Undo: referral".
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

T = TypeVar("T")
MOST_STEPS = 200  # a visit has some dozens; older ones are let go


@dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """What was done, and the state on its other side (before it, or after it when undone)."""

    label: str
    state: T


@dataclass(frozen=True, slots=True)
class History(Generic[T]):
    """The present state with the steps around it; the newest step of each side is last."""

    present: T
    past: tuple[Step[T], ...] = ()
    future: tuple[Step[T], ...] = ()
    open_run: str = ""  # the label that the next change may continue

    @property
    def undo_label(self) -> str:
        """What `undone` takes back; empty when there is nothing."""
        return self.past[-1].label if self.past else ""

    @property
    def redo_label(self) -> str:
        """What `redone` does again; empty when there is nothing."""
        return self.future[-1].label if self.future else ""

    def changed(self, state: T, label: str, *, continues: bool = False) -> "History[T]":
        """Return the history after a change; an equal state changes nothing.

        Parameters
        ----------
        state : T
            The new present.
        label : str
            What was done, in few words.
        continues : bool
            True while somebody types: as long as the same label follows without a `sealed`
            between, it is one step.
        """
        if state == self.present:
            return self
        if continues and self.past and self.open_run == label:
            return replace(self, present=state, future=())
        past = (*self.past, Step(label, self.present))[-MOST_STEPS:]
        return History(state, past, (), label if continues else "")

    def sealed(self) -> "History[T]":
        """Return the history in which the next change is a step of its own."""
        return replace(self, open_run="") if self.open_run else self

    def undone(self) -> "History[T]":
        """Return the history one step back; itself when there is nothing to undo."""
        if not self.past:
            return self
        step = self.past[-1]
        future = (*self.future, Step(step.label, self.present))
        return History(step.state, self.past[:-1], future)

    def redone(self) -> "History[T]":
        """Return the history one step forward; itself when there is nothing to redo."""
        if not self.future:
            return self
        step = self.future[-1]
        past = (*self.past, Step(step.label, self.present))
        return History(step.state, past, self.future[:-1])

    def mapped(self, change: Callable[[T], T]) -> "History[T]":
        """Return the history with `change` done to every state: for what is not undoable."""
        return replace(
            self,
            present=change(self.present),
            past=tuple(Step(step.label, change(step.state)) for step in self.past),
            future=tuple(Step(step.label, change(step.state)) for step in self.future),
        )
