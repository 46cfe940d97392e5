"""All that the worklist shows, as one value."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.services.worklist import Worklist, WorklistLine

_DONE = ExaminationState.SIGNED
_READABLE = (ExaminationState.TO_BE_READ, ExaminationState.ANALYSED)


@dataclass(frozen=True, slots=True)
class WorklistState:
    """A day's list; ``shown_state`` narrows it, None shows all.

    ``worklist`` is None until the first answer. ``busy`` says in words what runs, with
    ``progress`` in [0, 1]; ``notice`` is the outcome of what ran last. ``why_not_analyse`` says
    why the model cannot look at anything, "" when it can.
    """

    day: date
    worklist: Worklist | None = None
    shown_state: ExaminationState | None = None
    selected_id: int | None = None
    loading: bool = False
    error: str = ""
    busy: str = ""
    progress: float = 0.0
    notice: str = ""
    why_not_analyse: str = ""

    @property
    def lines(self) -> tuple[WorklistLine, ...]:
        """The lines that pass the filter, in the order of `all_lines`."""
        return tuple(
            line for line in self.all_lines if self.shown_state in (None, line.visit.state)
        )

    @property
    def all_lines(self) -> tuple[WorklistLine, ...]:
        """Every line of the day: urgent first, what is signed and done at the end."""
        lines = self.worklist.lines if self.worklist else ()
        return tuple(sorted(lines, key=lambda line: line.visit.state is _DONE))

    @property
    def counts(self) -> Mapping[ExaminationState, int]:
        """How many examinations there are in each state."""
        return Counter(line.visit.state for line in self.all_lines)

    @property
    def captured(self) -> tuple[WorklistLine, ...]:
        """The visits with photographs that no model has looked at, the signed ones left out."""
        return tuple(
            line
            for line in self.all_lines
            if line.visit.state is not _DONE and line.visit.analysed_images < line.visit.images
        )

    @property
    def selected(self) -> WorklistLine | None:
        """The marked line, if it is shown."""
        return next((line for line in self.lines if line.visit.id == self.selected_id), None)

    def next_to_read(self) -> WorklistLine | None:
        """Return the most urgent examination that waits for a reader, None when none does.

        Those handed over come before those only analysed; the list's order decides else.
        After the marked one comes the next, so that one passed over is not offered again
        before the others.
        """
        waiting = [
            line for state in _READABLE for line in self.all_lines if line.visit.state is state
        ]
        ids = [line.visit.id for line in waiting]
        if self.selected_id in ids and len(ids) > 1:
            return waiting[(ids.index(self.selected_id) + 1) % len(ids)]
        return waiting[0] if waiting else None

    def with_worklist(self, worklist: Worklist) -> "WorklistState":
        """Return the state with an answer; the mark stays while its examination is there."""
        state = replace(self, worklist=worklist, loading=False, error="")
        ids = [line.visit.id for line in state.lines]
        if state.selected_id not in ids:
            state = replace(state, selected_id=ids[0] if ids else None)
        return state
