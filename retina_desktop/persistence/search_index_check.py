"""Whether the search finds everybody: the index against the patients it was made of."""

from collections.abc import Iterator

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from retina_desktop.domain.errors import RetinaError
from retina_desktop.persistence.search_index import index_is_in_step
from retina_desktop.persistence.search_tables import (
    IndexedPatientRow,
    SearchEntryRow,
    SearchWordRow,
)
from retina_desktop.persistence.tables import PatientRow
from retina_desktop.services.name_folding import folded_name, name_words, sound_of

_PAGE = 400  # rows, or words, in one statement
_LONGEST_SOUND = 255  # characters that the dictionary keeps of it


def search_index_is_whole(session: Session) -> bool:
    """Whether the index, its names and its dictionary are those of the patients.

    False also where a row cannot be read: the records' own check tells which.
    """
    try:
        return (
            index_is_in_step(session)
            and all(_names_agree(session, page) for page in _patients(session))
            and all(_words_agree(session, page) for page in _words(session))
        )
    except (RetinaError, ValueError, LookupError, TypeError, AttributeError):
        return False


def _patients(session: Session) -> Iterator[dict[int, str]]:
    after = 0
    statement = select(PatientRow.id, PatientRow.name).order_by(PatientRow.id).limit(_PAGE)
    while rows := session.execute(statement.where(PatientRow.id > after)).all():
        yield {int(number): str(name) for number, name in rows}
        after = rows[-1][0]


def _names_agree(session: Session, names: dict[int, str]) -> bool:
    indexed = select(IndexedPatientRow.patient_id, IndexedPatientRow.name).where(
        IndexedPatientRow.patient_id.in_(names)
    )
    found = {int(number): str(name) for number, name in session.execute(indexed)}
    if found != {number: folded_name(name) for number, name in names.items()}:
        return False
    words = sorted({word for name in names.values() for word in name_words(name)})
    for begin in range(0, len(words), _PAGE):
        some = words[begin : begin + _PAGE]
        known = session.scalars(select(SearchWordRow.word).where(SearchWordRow.word.in_(some)))
        if set(known) != set(some):
            return False
    return True


def _words(session: Session) -> Iterator[list[SearchWordRow]]:
    after: int | None = None
    statement = select(SearchWordRow).order_by(SearchWordRow.id).limit(_PAGE)
    while True:
        further = statement if after is None else statement.where(SearchWordRow.id > after)
        page = list(session.scalars(further))
        if not page:
            return
        yield page
        after = page[-1].id
        session.expunge_all()


def _words_agree(session: Session, page: list[SearchWordRow]) -> bool:
    used = select(SearchWordRow.id).where(
        SearchWordRow.id.between(page[0].id, page[-1].id),
        exists().where(SearchEntryRow.word == SearchWordRow.word),
    )
    return len(set(session.scalars(used))) == len(page) and all(
        row.sound == sound_of(row.word)[:_LONGEST_SOUND] for row in page
    )
