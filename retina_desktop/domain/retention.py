"""How long records are kept: the rule of a clinic, and the first day on which one may go."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from retina_desktop.domain.record_errors import InvalidEntryError

_MOST_YEARS = 100


class DeletionReason(StrEnum):
    """Why a record is deleted; a fixed word, because the audit trail outlives the record."""

    RETENTION_OVER = "retention over"
    PATIENT_ASKED = "patient asked"
    ENTERED_BY_MISTAKE = "entered by mistake"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """Years after the last visit, and the age before which nobody's record goes.

    The defaults are the longest common ones; a clinic sets what its law says.
    """

    years_after_last_visit: int = 10
    until_age: int = 25

    def __post_init__(self) -> None:
        for field in ("years_after_last_visit", "until_age"):
            if not 0 <= getattr(self, field) <= _MOST_YEARS:
                raise InvalidEntryError(field, f"Name 0 to {_MOST_YEARS} years.")


DEFAULT_RULE = RetentionRule()


@dataclass(frozen=True, slots=True)
class Retention:
    """Until when a record is kept, and why; it may be deleted from ``until`` on."""

    until: date
    why: str

    def over_on(self, day: date) -> bool:
        """Whether the record may be deleted on `day`."""
        return day >= self.until


def retention_of(
    rule: RetentionRule, *, birth_date: date | None, first_day: date, last_day: date
) -> Retention:
    """Return until when a record is kept.

    Parameters
    ----------
    rule : RetentionRule
        The clinic's.
    birth_date : date or None
        Where it is not known, the patient is taken for a newborn of `first_day`: kept the
        longest that the rule can mean.
    first_day, last_day : date
        Of the visits; both the day of entry where there is none.
    """
    after_visit = years_after(last_day, rule.years_after_last_visit)
    of_age = years_after(birth_date or first_day, rule.until_age)
    if of_age > after_visit:
        unknown = "" if birth_date else ", as the birth date is not known"
        return Retention(
            of_age, f"kept until the patient is {rule.until_age} years old{unknown}"
        )
    return Retention(
        after_visit, f"kept for {rule.years_after_last_visit} years after the last visit"
    )


def years_after(day: date, years: int) -> date:
    """Return the same day `years` later; 1 March for a 29 February that is not there."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 3, 1)
