"""Two people changed one patient: which fields differ, who changed what, and what is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum

from retina_desktop.domain.patients import Patient, PatientDetails


class Keep(StrEnum):
    """Whose entry is kept in a field."""

    THEIRS = "theirs"
    MINE = "mine"


@dataclass(frozen=True, slots=True)
class FieldConflict:
    """A field in which the records and the form differ.

    ``keep`` is set where only one side changed it, and None where both did: a person decides.
    """

    field: str
    theirs: object
    mine: object
    keep: Keep | None

    @property
    def both_changed(self) -> bool:
        """Whether nobody but the reader of both can decide; stays so once decided."""
        return self.keep is None


@dataclass(frozen=True, slots=True)
class Conflict:
    """All differing fields, and what was chosen."""

    stored: Patient
    mine: PatientDetails
    fields: tuple[FieldConflict, ...]
    chosen: Mapping[str, Keep]

    @property
    def undecided(self) -> tuple[str, ...]:
        """The fields that still need a decision."""
        return tuple(f.field for f in self.fields if f.field not in self.chosen)

    def choose(self, field: str, keep: Keep) -> "Conflict":
        """Return the conflict with one more decision."""
        return replace(self, chosen={**self.chosen, field: keep})

    def merged(self) -> PatientDetails:
        """Return the details with every decision carried out; undecided stay theirs."""
        kept = {
            conflict.field: conflict.mine
            for conflict in self.fields
            if self.chosen.get(conflict.field) is Keep.MINE
        }
        return replace(self.stored.details, **kept)  # type: ignore[arg-type]  # by field names


def conflict_between(base: PatientDetails, stored: Patient, mine: PatientDetails) -> Conflict:
    """Return where `stored` and `mine` differ, both having started from `base`."""
    found = []
    for field in fields(PatientDetails):
        before, theirs, yours = (
            getattr(details, field.name) for details in (base, stored.details, mine)
        )
        if theirs == yours:
            continue
        keep = None
        if theirs == before:
            keep = Keep.MINE
        elif yours == before:
            keep = Keep.THEIRS
        found.append(FieldConflict(field.name, theirs, yours, keep))
    chosen = {conflict.field: conflict.keep for conflict in found if conflict.keep is not None}
    return Conflict(stored, mine, tuple(found), chosen)
