"""All that the screening screen shows, as one frozen value, and how it may change."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.images import Laterality, RgbImage
    from retina_desktop.domain.model_choice import ModelChoice
    from retina_desktop.domain.referral import Referral
    from retina_desktop.gui.services_port import LoadedModel


class PhotographStatus(StrEnum):
    """Where a photograph is on its way to an answer."""

    WAITING = "waiting"
    ANALYSING = "analysing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


UNFINISHED = frozenset({PhotographStatus.WAITING, PhotographStatus.ANALYSING})


@dataclass(frozen=True, slots=True, eq=False)
class Photograph:
    """One row of the list.

    ``analysis`` stays while a photograph is analysed again. ``error`` is the sentence shown
    beside it when it failed. ``laterality`` is the user's word; ``label`` the finding chosen
    for its heatmap, None for the automatic choice.
    """

    id: int
    path: Path
    status: PhotographStatus = PhotographStatus.WAITING
    progress: float = 0.0
    error: str = ""
    analysis: "Analysis | None" = None
    thumbnail: "RgbImage | None" = None  # square, uint8, made in the worker
    laterality: "Laterality | None" = None
    label: str | None = None

    @property
    def is_unfinished(self) -> bool:
        """Whether it waits or runs."""
        return self.status in UNFINISHED


@dataclass(frozen=True, slots=True, eq=False)
class ScreeningState:
    """The list, the choice, the models; ``patient`` is set when several were analysed.

    ``model`` is the one in force, ``other`` another that was loaded because somebody chose it;
    ``asked`` names the one that answers now, None for the one in force.
    """

    photographs: tuple[Photograph, ...] = ()
    selected_id: int | None = None
    searching: bool = False
    model: "LoadedModel | None" = None
    model_error: str = ""
    other: "LoadedModel | None" = None
    asked: str | None = None
    loading: str | None = None  # chosen, and not loaded yet
    patient: "Referral | None" = None

    @property
    def selected(self) -> Photograph | None:
        """The photograph on screen."""
        return self.find(self.selected_id)

    @property
    def choices(self) -> "tuple[ModelChoice, ...]":
        """The installed models."""
        return () if self.model is None else self.model.choices

    @property
    def asked_model(self) -> "LoadedModel | None":
        """The model that answers now."""
        return self.model if self.asked is None else self.other

    @property
    def finished_count(self) -> int:
        """Photographs that are analysed, failed or cancelled."""
        return sum(not photograph.is_unfinished for photograph in self.photographs)

    @property
    def busy(self) -> bool:
        """Whether anything waits or runs."""
        return self.searching or any(p.is_unfinished for p in self.photographs)

    @property
    def progress(self) -> float:
        """Share of the whole list that is done, in [0, 1]; running ones count in part."""
        if not self.photographs:
            return 0.0
        running = sum(
            p.progress for p in self.photographs if p.status is PhotographStatus.ANALYSING
        )
        return (self.finished_count + running) / len(self.photographs)

    def find(self, photograph_id: int | None) -> Photograph | None:
        """Return the photograph with that id, None when it was removed."""
        return next((p for p in self.photographs if p.id == photograph_id), None)

    def neighbour(self, step: int) -> int | None:
        """Return the id `step` places from the selected one, kept inside the list."""
        ids = [p.id for p in self.photographs]
        if self.selected_id not in ids:
            return ids[0] if ids else None
        place = ids.index(self.selected_id) + step
        return ids[min(max(place, 0), len(ids) - 1)]

    def next_waiting(self) -> Photograph | None:
        """Return who is analysed next: the one on screen, then by place in the list."""
        chosen = self.selected
        if chosen is not None and chosen.status is PhotographStatus.WAITING:
            return chosen
        waiting = (p for p in self.photographs if p.status is PhotographStatus.WAITING)
        return next(waiting, None)

    def with_added(self, photographs: Iterable[Photograph]) -> "ScreeningState":
        """Return the state with `photographs` at the end; the first is shown if none was."""
        every = (*self.photographs, *photographs)
        selected = self.selected_id
        if selected is None and every:
            selected = every[0].id
        return replace(self, photographs=every, selected_id=selected)

    def with_changed(
        self, photograph_id: int, change: Callable[[Photograph], Photograph]
    ) -> "ScreeningState":
        """Return the state with one photograph changed; the same state when it is gone."""
        if self.find(photograph_id) is None:
            return self
        changed = tuple(change(p) if p.id == photograph_id else p for p in self.photographs)
        return replace(self, photographs=changed)

    def without(self, photograph_id: int) -> "ScreeningState":
        """Return the state without one photograph; its neighbour is shown instead."""
        remaining = tuple(p for p in self.photographs if p.id != photograph_id)
        selected = self.selected_id
        if selected == photograph_id:
            place = [p.id for p in self.photographs].index(photograph_id)
            selected = remaining[min(place, len(remaining) - 1)].id if remaining else None
        return replace(self, photographs=remaining, selected_id=selected)
