"""How likely two records are of one person, and why, in words."""

from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.patients import Patient, Sex

LIKELY = 0.6  # from here on a pair is worth a person's look
SURE_NAME = 0.99  # similarity of names that differ in case, accents, script or order alone


@dataclass(frozen=True, slots=True)
class Likeness:
    """A score in [0, 1] (an ordering, no probability) and its reasons as short clauses."""

    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SimilarPatient:
    """A patient who may be the one asked about."""

    patient: Patient
    likeness: Likeness

    @property
    def reason(self) -> str:
        """The reasons as one line."""
        return "; ".join(self.likeness.reasons)


@dataclass(frozen=True, slots=True)
class DuplicatePair:
    """Two patients who may be one, the earlier entered first."""

    first: Patient
    second: Patient
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Traits:
    """What two records are compared by; texts are folded (`services.name_folding`)."""

    name: str
    number: str
    contacts: frozenset[str]
    birth_date: date | None
    sex: Sex


def likeness(one: Traits, other: Traits, *, names: float) -> Likeness:
    """Weigh two records; `names` is the similarity of their names in [0, 1].

    The weights are chosen so that a birth date and a similar name make a likely pair, while
    neither alone does, and different sexes speak against.
    """
    score, reasons = _name_score(names)
    for points, reason in (
        _birth_score(one.birth_date, other.birth_date),
        (0.35, "the same telephone or address") if one.contacts & other.contacts else (0.0, ""),
        (0.45, "record numbers that differ in blanks, signs or zeros alone")
        if one.number == other.number
        else (0.0, ""),
    ):
        score += points
        if reason:
            reasons.append(reason)
    stated = {one.sex, other.sex} - {Sex.NOT_STATED}
    if len(stated) > 1:
        score -= 0.25
        reasons.append("but different sexes")
    return Likeness(round(min(max(score, 0.0), 1.0), 3), tuple(reasons))


def _name_score(names: float) -> tuple[float, list[str]]:
    if names >= SURE_NAME:
        return 0.4, ["the same name"]
    if names >= 0.75:
        return 0.4 * (names - 0.5) / 0.5, ["similar names"]
    return -0.3, ["but different names"]


def _birth_score(one: date | None, other: date | None) -> tuple[float, str]:
    if one is None or other is None:
        return 0.1, ""
    if one == other:
        return 0.45, "the same birth date"
    if (one.year, one.month, one.day) == (other.year, other.day, other.month):
        return 0.4, "birth dates with day and month swapped"
    digits = zip(one.isoformat(), other.isoformat(), strict=True)
    if sum(a != b for a, b in digits) == 1:
        return 0.25, "birth dates that differ in one digit"
    return -0.35, "but different birth dates"
