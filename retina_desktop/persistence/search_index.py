"""Keeping the index of patients in step with their rows, in the same transaction."""

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, delete, exists, or_, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.persistence.database import Database
from retina_desktop.persistence.row_insertion import insert_rows, table_of
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.search_tables import (
    WORD_TEXT,
    IndexedPatientRow,
    SearchEntryRow,
    SearchWordRow,
)
from retina_desktop.persistence.tables import PatientRow
from retina_desktop.services.name_folding import (
    FOLDING,
    folded_name,
    folded_number,
    name_words,
    number_words,
    sound_of,
)

log = logging.getLogger(__name__)

KEY = "#"  # begins what is no word but a key that duplicates share
_AT_ONCE = 400  # values in one statement
_PAGE = 2000  # patients indexed in one transaction
_PHONE = re.compile(r"\d(?:[\s()./-]*\d){6,}")
_PHONE_DIGITS = 9  # without a country's prefix
_ADDRESS = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+")


@dataclass(frozen=True, slots=True)
class _Indexed:
    patient_id: int
    version: int
    name: str
    words: frozenset[str]  # of the name: what the dictionary holds
    entries: frozenset[str]  # all of them


def index_patient(session: Session, patient: Patient) -> None:
    """Bring the index in step with `patient`, whose row was just written."""
    new = _indexed(patient)
    key = SearchEntryRow.patient_id == patient.id
    old = set(session.scalars(select(SearchEntryRow.word).where(key)))
    connection = session.connection()
    connection.execute(
        delete(table_of(IndexedPatientRow)).where(IndexedPatientRow.patient_id == patient.id)
    )
    insert_rows(session, IndexedPatientRow, [_state(new)])
    insert_rows(session, SearchEntryRow, _entries(new))
    _add_words(session, new.words - old)
    _drop_unused(session, old - new.entries)


def unindex_patient(session: Session, patient_id: int) -> None:
    """Take a patient out of the index, before the row is deleted."""
    key = SearchEntryRow.patient_id == patient_id
    old = set(session.scalars(select(SearchEntryRow.word).where(key)))
    session.execute(delete(SearchEntryRow).where(key))
    session.execute(delete(IndexedPatientRow).where(IndexedPatientRow.patient_id == patient_id))
    _drop_unused(session, old)


def bring_index_in_step(database: Database) -> int:
    """Index what is not indexed as it is now; return how many patients that were.

    A few are indexed one by one. Where it is all of them (a new index, another folding), the
    index is made anew, page by page, each a transaction of its own: an interrupted start goes
    on where it stopped.
    """
    with database.read() as session:
        stale = list(session.scalars(_stale()))
    for begin in range(0, len(stale), _PAGE):
        with database.write() as session:
            _index_page(session, stale[begin : begin + _PAGE])
    if stale:
        log.info("search index: %d patients indexed", len(stale))
        if not database.is_postgresql:
            with database.write() as session:
                session.execute(
                    text(f"INSERT INTO {WORD_TEXT}({WORD_TEXT}) VALUES ('optimize')")  # noqa: S608 - a constant's name
                )
    return len(stale)


def index_is_in_step(session: Session) -> bool:
    """Whether every patient is in the index, with exactly the words of the row as it is."""
    if session.scalar(_stale().limit(1)) is not None:
        return False
    after = 0
    while rows := list(
        session.scalars(
            select(PatientRow).where(PatientRow.id > after).order_by(PatientRow.id).limit(_PAGE)
        )
    ):
        after = rows[-1].id
        found: dict[int, set[str]] = {row.id: set() for row in rows}
        between = SearchEntryRow.patient_id.between(rows[0].id, after)
        for patient_id, word in session.execute(
            select(SearchEntryRow.patient_id, SearchEntryRow.word).where(between)
        ):
            found.setdefault(patient_id, set()).add(word)
        if any(found[row.id] != _indexed(patient_of(row)).entries for row in rows):
            return False
        session.expunge_all()
    return True


def rebuild_index(database: Database) -> int:
    """Make the index anew from the patients; return how many there are."""
    with database.write() as session:
        for row in (SearchEntryRow, IndexedPatientRow):
            session.execute(delete(row))
        _drop_all_words(session)
    return bring_index_in_step(database)


def duplicate_keys(details: PatientDetails) -> frozenset[str]:
    """Return what another record of the same person is likely to share: number, contact."""
    keys = {f"n{folded_number(details.record_number)}"}
    for phone in _PHONE.findall(details.contact):
        keys.add("c" + re.sub(r"\D", "", phone)[-_PHONE_DIGITS:])
    keys |= {f"c{address.casefold()}" for address in _ADDRESS.findall(details.contact)}
    sounds = sorted(sound_of(word) or word for word in folded_name(details.name).split())
    keys.add("s" + " ".join(sounds))
    return frozenset((KEY + key)[:255] for key in keys)


def _stale() -> Select[int]:
    indexed = IndexedPatientRow
    return (
        select(PatientRow.id)
        .outerjoin(indexed, indexed.patient_id == PatientRow.id)
        .where(
            or_(
                indexed.patient_id.is_(None),
                indexed.version != PatientRow.version,
                indexed.folding != FOLDING,
            )
        )
        .order_by(PatientRow.id)
    )


def _indexed(patient: Patient) -> _Indexed:
    details = patient.details
    words = name_words(details.name)
    entries = words | number_words(details.record_number) | duplicate_keys(details)
    return _Indexed(
        patient.id, patient.version, folded_name(details.name), words, frozenset(entries)
    )


def _index_page(session: Session, patient_ids: Sequence[int]) -> None:
    between = PatientRow.id.in_(patient_ids)
    pages = [
        _indexed(patient_of(row)) for row in session.scalars(select(PatientRow).where(between))
    ]
    session.expunge_all()
    old = set(
        session.scalars(
            select(SearchEntryRow.word)
            .where(SearchEntryRow.patient_id.in_(patient_ids))
            .distinct()
        )
    )
    for row in (SearchEntryRow, IndexedPatientRow):
        session.execute(delete(row).where(row.patient_id.in_(patient_ids)))
    insert_rows(session, IndexedPatientRow, [_state(new) for new in pages])
    insert_rows(session, SearchEntryRow, [entry for new in pages for entry in _entries(new)])
    _add_words(session, {word for new in pages for word in new.words})
    _drop_unused(session, old)


def _state(new: _Indexed) -> dict[str, object]:
    return {
        "patient_id": new.patient_id,
        "version": new.version,
        "folding": FOLDING,
        "name": new.name,
    }


def _entries(new: _Indexed) -> list[dict[str, object]]:
    return [{"word": word, "patient_id": new.patient_id} for word in sorted(new.entries)]


def _add_words(session: Session, words: Iterable[str]) -> None:
    """Add to the dictionary what it lacks."""
    wanted = sorted(words)
    known: set[str] = set()
    for some in _batches(wanted):
        known |= set(session.scalars(_words(some)))
    missing = [
        {"word": word, "sound": sound_of(word)[:255]} for word in wanted if word not in known
    ]
    if not missing:
        return
    table = table_of(SearchWordRow)
    if session.connection().dialect.name == "postgresql":
        session.connection().execute(postgresql.insert(table).on_conflict_do_nothing(), missing)
        return
    session.connection().execute(sqlite.insert(table).on_conflict_do_nothing(), missing)
    for some in _batches([str(row["word"]) for row in missing]):
        session.execute(
            text(
                f"INSERT INTO {WORD_TEXT}(rowid, word)"  # noqa: S608 - a constant's name
                " SELECT id, ' ' || word || ' ' FROM search_word"
                f" WHERE word IN ({','.join(f':w{n}' for n in range(len(some)))})"
            ),
            {f"w{n}": word for n, word in enumerate(some)},
        )


def _drop_unused(session: Session, words: Iterable[str]) -> None:
    """Take out of the dictionary what no patient is called any more."""
    for some in _batches(sorted(words)):
        used = exists().where(SearchEntryRow.word == SearchWordRow.word)
        gone = session.execute(
            select(SearchWordRow.id, SearchWordRow.word).where(
                SearchWordRow.word.in_(some), ~used
            )
        ).all()
        for word_id, word in gone:
            if session.connection().dialect.name != "postgresql":
                session.execute(
                    text(
                        f"INSERT INTO {WORD_TEXT}({WORD_TEXT}, rowid, word)"  # noqa: S608 - a constant's name
                        " VALUES ('delete', :id, ' ' || :word || ' ')"
                    ),
                    {"id": word_id, "word": word},
                )
            session.execute(delete(SearchWordRow).where(SearchWordRow.id == word_id))


def _drop_all_words(session: Session) -> None:
    session.execute(delete(SearchWordRow))
    if session.connection().dialect.name != "postgresql":
        session.execute(text(f"INSERT INTO {WORD_TEXT}({WORD_TEXT}) VALUES ('delete-all')"))  # noqa: S608 - a constant's name


def _words(some: Sequence[str]) -> Select[str]:
    return select(SearchWordRow.word).where(SearchWordRow.word.in_(some))


def _batches(items: Sequence[str]) -> Iterable[Sequence[str]]:
    return (items[begin : begin + _AT_ONCE] for begin in range(0, len(items), _AT_ONCE))
