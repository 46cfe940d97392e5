"""All that the search for patients shows, as one value."""

from dataclasses import dataclass, replace
from datetime import date

from retina_desktop.domain.patient_search import PatientHit, PatientPage, PatientQuery
from retina_desktop.domain.referral_tiers import ReferralTier

PAGE = 50


@dataclass(frozen=True, slots=True)
class SearchFilters:
    """What narrows the list besides the words."""

    birth_date: date | None = None
    visited_from: date | None = None
    visited_to: date | None = None
    label: str | None = None
    referral: ReferralTier | None = None
    unsigned: bool = False

    @property
    def any(self) -> bool:
        """Whether anything is narrowed at all."""
        return self != SearchFilters()


@dataclass(frozen=True, slots=True)
class SearchState:
    """What was asked, what was answered, and whether an answer is still to come."""

    words: str = ""
    filters: SearchFilters = SearchFilters()
    hits: tuple[PatientHit, ...] = ()
    more: bool = False
    searching: bool = False
    answered: bool = False  # the list is an answer, be it empty
    error: str = ""
    selected_id: int | None = None

    def query(self, *, offset: int = 0, limit: int = PAGE) -> PatientQuery:
        """Return the question; an InvalidEntryError tells what cannot be asked."""
        asked = self.filters
        return PatientQuery(
            words=self.words,
            birth_date=asked.birth_date,
            visited_from=asked.visited_from,
            visited_to=asked.visited_to,
            label=asked.label,
            referral=asked.referral,
            unsigned=asked.unsigned,
            limit=limit,
            offset=offset,
        )

    def with_page(self, page: PatientPage, *, begins: bool) -> "SearchState":
        """Return the state with a page's hits, in place of the old ones or after them.

        A patient who moved between two pages, since somebody saved meanwhile, stays once.
        """
        hits = page.hits
        if not begins:
            known = {hit.patient.id for hit in self.hits}
            hits = (*self.hits, *(hit for hit in hits if hit.patient.id not in known))
        return replace(
            self, hits=hits, more=page.more, searching=False, answered=True, error=""
        )
