"""Patients by words, best match first: whole words, beginnings, inner parts, typing errors.

Each stage is one walk along the index in the order of its words, so that a first page costs
the same however many patients follow. What few patients match is put in order by how well.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from rapidfuzz.distance import OSA
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from retina_desktop.persistence.search_tables import IndexedPatientRow, SearchEntryRow
from retina_desktop.persistence.word_matching import (
    LAST,
    words_beginning,
    words_like,
    words_with,
)
from retina_desktop.services.name_folding import QueryWord, sound_of

_SORTED = 200  # matches up to which the best are told from the good
_COUNTED = 2000  # of each word, to begin with the one that fewest patients have
_PAGE = 200
_FEW = 10  # exact matches below which similar names are looked for
_SOUNDS_ALIKE = 1.5  # wrong letters that an equal sound counts as


@dataclass(frozen=True, slots=True)
class Match:
    """A patient by the words; ``similar`` when a letter had to be forgiven."""

    patient_id: int
    similar: bool


@dataclass(frozen=True, slots=True)
class _Kept:
    """What one typed word stands for in a stage: beginnings, and whole words."""

    beginnings: tuple[str, ...] = ()
    words: tuple[str, ...] = ()

    def on(self, word: Any) -> ColumnElement[bool]:  # noqa: ANN401 - a column of an alias
        ranges = [and_(word >= part, word < part + LAST) for part in self.beginnings]
        return or_(*ranges, *([word.in_(self.words)] if self.words else []))


def patients_matching(session: Session, words: Sequence[QueryWord]) -> Iterator[Match]:
    """Yield the patients who have every word, each once, best match first."""
    seen: set[int] = set()
    for stage in _plain_stages(session, words):
        for patient_id in _of_stage(session, stage, words):
            if patient_id not in seen:
                seen.add(patient_id)
                yield Match(patient_id, similar=False)
    if len(seen) >= _FEW:
        return
    stage = [_similar(session, word) for word in words]
    for patient_id in _of_stage(session, stage, words):
        if patient_id not in seen:
            seen.add(patient_id)
            yield Match(patient_id, similar=True)


def _plain_stages(session: Session, words: Sequence[QueryWord]) -> Iterator[list[_Kept]]:
    yield [_Kept(beginnings=word.forms[:1]) for word in words]
    if any(len(word.forms) > 1 for word in words):
        yield [_Kept(beginnings=word.forms[-1:]) for word in words]
    inner = [_inner(session, word) for word in words]
    if any(kept.words for kept in inner):
        yield inner


def _inner(session: Session, word: QueryWord) -> _Kept:
    parts = dict.fromkeys(chain.from_iterable(words_with(session, f) for f in word.forms))
    return _as_words(session, word, list(parts))


def _similar(session: Session, word: QueryWord) -> _Kept:
    inner = _inner(session, word)
    more = words_like(session, word)
    return _Kept(inner.beginnings, tuple(dict.fromkeys((*inner.words, *more))))


def _as_words(session: Session, word: QueryWord, more: list[str]) -> _Kept:
    """Return beginnings by name too: a list is one walk, with a range it is two."""
    beginning = words_beginning(session, word.forms[-1])
    if beginning is None or _is_number(word):
        return _Kept(word.forms[-1:], tuple(more))  # numbers are in no dictionary
    return _Kept(words=tuple(dict.fromkeys((*beginning, *more))) or word.forms[-1:])


def _is_number(word: QueryWord) -> bool:
    return any(c.isdigit() for c in word.forms[-1])


def _of_stage(
    session: Session, stage: Sequence[_Kept], words: Sequence[QueryWord]
) -> Iterator[int]:
    walk = _walk(session, stage)
    first = list(islice(walk, _SORTED + 1))
    if len(first) <= _SORTED:
        yield from _best_first(session, first, words)
        return
    yield from first
    yield from walk


def _walk(session: Session, stage: Sequence[_Kept]) -> Iterator[int]:
    """Yield who has all the words, along the rarest of them; a patient may repeat."""
    first, *others = _rarest_first(session, stage)
    entry = aliased(SearchEntryRow)
    statement = select(entry.patient_id).where(first.on(entry.word))
    for kept in others:
        other = aliased(SearchEntryRow)
        has = select(other.word).where(
            other.patient_id == entry.patient_id, kept.on(other.word)
        )
        statement = statement.where(has.exists())
    statement = statement.order_by(entry.word, entry.patient_id)
    result = session.execute(statement.execution_options(yield_per=_PAGE))
    try:
        for (patient_id,) in result:
            yield patient_id
    finally:
        result.close()


def _rarest_first(session: Session, stage: Sequence[_Kept]) -> list[_Kept]:
    if len(stage) < 2:
        return list(stage)
    counts = []
    for kept in stage:
        some = select(SearchEntryRow.patient_id).where(kept.on(SearchEntryRow.word))
        counts.append(
            session.scalar(select(func.count()).select_from(some.limit(_COUNTED).subquery()))
        )
    order = sorted(range(len(stage)), key=lambda place: (counts[place] or 0, place))
    return [stage[place] for place in order]


def _best_first(
    session: Session, patient_ids: Sequence[int], words: Sequence[QueryWord]
) -> list[int]:
    """Return these patients by wrong letters, then beginnings, then the length of the name.

    Numbers say nothing of how well a name fits: they leave the order as it is.
    """
    ids = list(dict.fromkeys(patient_ids))
    named = [word for word in words if not _is_number(word)]
    if not named:
        return ids
    rows = session.execute(
        select(IndexedPatientRow.patient_id, IndexedPatientRow.name).where(
            IndexedPatientRow.patient_id.in_(ids)
        )
    )
    ranks = {patient_id: (_distance(name, named), len(name)) for patient_id, name in rows}
    return sorted(ids, key=lambda patient_id: (*ranks[patient_id], patient_id))


def _distance(name: str, words: Sequence[QueryWord]) -> float:
    kept = name.split()
    return sum(min((_apart(word, has) for has in kept), default=9.0) for word in words)


def _apart(word: QueryWord, kept: str) -> float:
    """Return the wrong letters between a typed and a kept word; parts count less than one."""
    typed = word.forms[-1]
    if typed == kept:
        return 0.0
    if kept.startswith(typed):
        return 0.25
    if typed in kept:
        return 0.5
    wrong = float(OSA.distance(typed, kept))
    if word.sound and word.sound == sound_of(kept):
        return min(wrong, _SOUNDS_ALIKE) + wrong / 100
    return wrong
