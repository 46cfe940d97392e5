"""What is asked of the clinic's patients, and the lines that answer it."""

from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.patients import Patient
from retina_desktop.domain.plain_text import clean_line
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier

LARGEST_PAGE = 500


@dataclass(frozen=True, slots=True)
class PatientQuery:
    """Everything given must hold; nothing given lists all, the newest first.

    ``words`` are parts of a name in any order and script, or a record number. The dates (both
    inclusive), ``label`` (reported by a model, or graded present by a reader), ``referral``
    (the reader's, else the model's) and ``unsigned`` speak of one and the same visit.
    """

    words: str = ""
    birth_date: date | None = None
    visited_from: date | None = None
    visited_to: date | None = None
    label: str | None = None
    referral: ReferralTier | None = None
    unsigned: bool = False
    limit: int = 50
    offset: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", clean_line(self.words, field="words", limit=200))
        if not 1 <= self.limit <= LARGEST_PAGE or self.offset < 0:
            raise ValueError(f"a page has 1 to {LARGEST_PAGE} lines and begins at 0 or later")
        if self.visited_from and self.visited_to and self.visited_from > self.visited_to:
            raise InvalidEntryError(
                "visited_to", "The range of visits ends before it begins; swap the dates."
            )

    @property
    def asks_for_visits(self) -> bool:
        """Whether only patients with a visit of some kind are wanted."""
        return bool(
            self.visited_from or self.visited_to or self.label or self.referral or self.unsigned
        )


@dataclass(frozen=True, slots=True)
class PatientHit:
    """One line of an answer.

    ``tier`` is of the newest visit that has one. ``also_known_as`` holds the names and numbers
    of patients merged into this one by which it was found. ``similar`` marks a name that only
    resembles the words.
    """

    patient: Patient
    visits: int
    last_visit: date | None
    unsigned_visits: int
    tier: ReferralTier | None
    also_known_as: tuple[str, ...] = ()
    similar: bool = False


@dataclass(frozen=True, slots=True)
class PatientPage:
    """One page of an answer, best match first; ``more`` tells whether others follow."""

    hits: tuple[PatientHit, ...]
    more: bool
