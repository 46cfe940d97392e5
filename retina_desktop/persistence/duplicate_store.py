"""Likely doubles among the patients, by keys that doubles share: never all against all."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from heapq import nlargest
from itertools import combinations, product

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from retina_desktop.domain.patient_duplicates import (
    LIKELY,
    DuplicatePair,
    Likeness,
    SimilarPatient,
    Traits,
    likeness,
)
from retina_desktop.domain.patients import Patient, PatientDetails, Sex
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.families import families
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.search_index import KEY, duplicate_keys
from retina_desktop.persistence.search_tables import IndexedPatientRow, SearchEntryRow
from retina_desktop.persistence.tables import PatientRow
from retina_desktop.services.name_folding import folded_name, sound_of

_LARGEST_GROUP = 60  # who share more than a common placeholder are told apart by the name too
_QUITE_OTHER = 55  # per cent of letters in common, below which no word will be alike
_AT_ONCE = 400
_PAGE = 5000


@dataclass(frozen=True, slots=True)
class _Known:
    """One patient as far as they are compared."""

    traits: Traits
    sounds: frozenset[str]


class SqlDuplicateStore:
    """Implements `services.patient_duplicates.DuplicateStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def pairs(self, *, limit: int) -> tuple[DuplicatePair, ...]:
        """Return the likeliest pairs, the likeliest first."""
        with self._database.read() as session:
            known = _everybody(session)
            compared: dict[tuple[int, int], Likeness] = {}
            for group in (*_by_keys(session, known), *_by_birth_date(known)):
                for pair in group:
                    ordered = (min(pair), max(pair))
                    if ordered not in compared:
                        found = _compare(known[ordered[0]], known[ordered[1]])
                        if found.score >= LIKELY:
                            compared[ordered] = found
            best = nlargest(limit, compared.items(), key=lambda item: (item[1].score, item[0]))
            wanted = {patient_id for pair, _found in best for patient_id in pair}
            patients = _patients(session, sorted(wanted))
        return tuple(DuplicatePair(patients[a], patients[b], found) for (a, b), found in best)

    def similar_to(self, details: PatientDetails, *, limit: int) -> tuple[SimilarPatient, ...]:
        """Return who may be the person of `details`, the likeliest first."""
        keys = duplicate_keys(details)
        asked = _known(folded_name(details.name), details.birth_date, details.sex, keys)
        with self._database.read() as session:
            ids = _candidates(session, details.birth_date, keys)
            merged = families(session)
            found: dict[int, Likeness] = {}
            for patient_id, known in _some(session, ids):
                like = _compare(asked, known)
                kept = merged.kept(patient_id)
                if like.score >= LIKELY and (
                    kept not in found or found[kept].score < like.score
                ):
                    found[kept] = like
            best = nlargest(limit, found.items(), key=lambda item: (item[1].score, -item[0]))
            patients = _patients(session, [patient_id for patient_id, _like in best])
        return tuple(SimilarPatient(patients[key], like) for key, like in best)


def _everybody(session: Session) -> dict[int, _Known]:
    rows = session.execute(
        select(PatientRow.id, PatientRow.birth_date, PatientRow.sex, IndexedPatientRow.name)
        .join(IndexedPatientRow, IndexedPatientRow.patient_id == PatientRow.id)
        .where(PatientRow.merged_into.is_(None))
        .order_by(PatientRow.id)
        .execution_options(yield_per=_PAGE)
    )
    keys = _keys(session)
    return {
        patient_id: _known(name, born, sex, keys.get(patient_id, ()))
        for patient_id, born, sex, name in rows
    }


def _keys(session: Session) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    entry = SearchEntryRow
    rows = session.execute(
        select(entry.patient_id, entry.word)
        .where(entry.word >= KEY, entry.word < chr(ord(KEY) + 1))
        .execution_options(yield_per=_PAGE)
    )
    for patient_id, key in rows:
        found.setdefault(patient_id, []).append(key)
    return found


def _known(name: str, born: date | None, sex: Sex, keys: Iterable[str]) -> _Known:
    number = next((key for key in sorted(keys) if key.startswith(f"{KEY}n")), "")
    contacts = frozenset(key for key in keys if key.startswith(f"{KEY}c"))
    sounds = frozenset(sound_of(word) or word for word in name.split())
    return _Known(Traits(name, number, contacts, born, sex), sounds)


def _compare(one: _Known, other: _Known) -> Likeness:
    return likeness(one.traits, other.traits, names=_names(one, other))


def _names(one: _Known, two: _Known) -> float:
    """Return the similarity of two names whatever the order of their words, in [0, 1]."""
    # Most pairs share a birth date alone: one quick look in C spares them the careful one.
    plainly_apart = fuzz.token_sort_ratio(one.traits.name, two.traits.name) < _QUITE_OTHER
    if plainly_apart and not one.sounds & two.sounds:
        return 0.0
    first, second = sorted(one.traits.name.split()), sorted(two.traits.name.split())
    if first == second:
        return 1.0
    if one.sounds == two.sounds:
        return 0.95
    fewer, more = sorted((first, second), key=len)
    pairs = sorted(
        (
            (JaroWinkler.similarity(word, has), place, other)
            for place, word in enumerate(fewer)
            for other, has in enumerate(more)
        ),
        reverse=True,
    )
    scores: dict[int, float] = {}
    taken: set[int] = set()
    for score, place, other in pairs:  # each word stands for one of the other name's
        if place not in scores and other not in taken:
            scores[place] = score
            taken.add(other)
    if not scores:
        return 0.0
    # A middle name left out is common; a word more than that makes it less likely.
    missing = max(len(more) - len(fewer) - 1, 0)
    return (
        min(scores.values())
        * 0.9**missing
        * (1.0 if len(fewer) > 1 or len(more) == 1 else 0.85)
    )


def _by_keys(session: Session, known: dict[int, _Known]) -> Iterator[Iterable[tuple[int, int]]]:
    entry = SearchEntryRow
    shared = (
        select(entry.word)
        .where(entry.word >= KEY, entry.word < chr(ord(KEY) + 1))
        .group_by(entry.word)
        .having(func.count() > 1)
    )
    groups: dict[str, list[int]] = {}
    for word, patient_id in session.execute(
        select(entry.word, entry.patient_id).where(entry.word.in_(shared))
    ):
        if patient_id in known:
            groups.setdefault(word, []).append(patient_id)
    for word, group in groups.items():
        if word.startswith(f"{KEY}s"):
            yield _namesakes(group, known)
        elif len(group) <= _LARGEST_GROUP:
            yield combinations(group, 2)


def _namesakes(group: Sequence[int], known: dict[int, _Known]) -> Iterator[tuple[int, int]]:
    """Yield the namesakes born about one day; of a common name there are thousands."""
    if len(group) <= _LARGEST_GROUP:
        yield from combinations(group, 2)
        return
    by_year: dict[int, list[int]] = {}
    for patient_id in group:
        born = known[patient_id].traits.birth_date
        if born is not None:
            by_year.setdefault(born.year, []).append(patient_id)
    for year in by_year.values():
        if len(year) <= _LARGEST_GROUP:
            yield from combinations(year, 2)


def _by_birth_date(known: dict[int, _Known]) -> Iterator[Iterable[tuple[int, int]]]:
    days: dict[date, list[int]] = {}
    for patient_id, one in known.items():
        if one.traits.birth_date is not None:
            days.setdefault(one.traits.birth_date, []).append(patient_id)
    for day, group in days.items():
        yield _alike(group, known)
        swapped = _swapped(day)
        if swapped is not None and swapped > day and swapped in days:
            others = days[swapped]
            if len(group) * len(others) <= _LARGEST_GROUP**2:
                yield product(group, others)


def _alike(group: Sequence[int], known: dict[int, _Known]) -> Iterator[tuple[int, int]]:
    """Yield the pairs of a day; on the first of January only those who share a sound."""
    if len(group) <= _LARGEST_GROUP:
        yield from combinations(group, 2)
        return
    by_sound: dict[str, list[int]] = {}
    for patient_id in group:
        for sound in known[patient_id].sounds:
            by_sound.setdefault(sound, []).append(patient_id)
    for alike in by_sound.values():
        if len(alike) <= _LARGEST_GROUP:
            yield from combinations(alike, 2)


def _swapped(day: date) -> date | None:
    if day.day > 12 or day.day == day.month:
        return None
    return date(day.year, day.day, day.month)


def _candidates(session: Session, born: date | None, keys: frozenset[str]) -> list[int]:
    entry = SearchEntryRow
    found = set(
        session.scalars(
            select(entry.patient_id).where(entry.word.in_(sorted(keys))).limit(_PAGE)
        )
    )
    days = [day for day in (born, _swapped(born) if born else None) if day]
    if days:
        found |= set(
            session.scalars(
                select(PatientRow.id).where(PatientRow.birth_date.in_(days)).limit(_PAGE)
            )
        )
    return sorted(found)


def _some(session: Session, ids: Sequence[int]) -> Iterator[tuple[int, _Known]]:
    for begin in range(0, len(ids), _AT_ONCE):
        some = ids[begin : begin + _AT_ONCE]
        entries: dict[int, list[str]] = {}
        for patient_id, key in session.execute(
            select(SearchEntryRow.patient_id, SearchEntryRow.word).where(
                SearchEntryRow.patient_id.in_(some),
                SearchEntryRow.word >= KEY,
                SearchEntryRow.word < chr(ord(KEY) + 1),
            )
        ):
            entries.setdefault(patient_id, []).append(key)
        for patient_id, born, sex, name in session.execute(
            select(PatientRow.id, PatientRow.birth_date, PatientRow.sex, IndexedPatientRow.name)
            .join(IndexedPatientRow, IndexedPatientRow.patient_id == PatientRow.id)
            .where(PatientRow.id.in_(some))
        ):
            yield patient_id, _known(name, born, sex, entries.get(patient_id, ()))


def _patients(session: Session, ids: Sequence[int]) -> dict[int, Patient]:
    found: dict[int, Patient] = {}
    for begin in range(0, len(ids), _AT_ONCE):
        rows = session.scalars(
            select(PatientRow).where(PatientRow.id.in_(ids[begin : begin + _AT_ONCE]))
        )
        found.update({row.id: patient_of(row) for row in rows})
    return found
