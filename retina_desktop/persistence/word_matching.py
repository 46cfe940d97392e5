"""Which kept words a typed word may mean: inside of words, mistyped, or sounding alike."""

from collections.abc import Sequence

from rapidfuzz import process
from rapidfuzz.distance import OSA
from sqlalchemy import Select, bindparam, func, select, text
from sqlalchemy.orm import Session

from retina_desktop.persistence.search_tables import WORD_TEXT, SearchWordRow
from retina_desktop.services.name_folding import QueryWord

MOST_WORDS = 300  # that one typed word may mean; a part that is in more says too little
LAST = "\U0010ffff"  # sorts behind everything that continues a word
_MOST_CANDIDATES = 20_000
_MOST_SIMILAR = 60
_LONG_WORD = 6  # letters from which two of them may be wrong
_SOUND_LETTERS = 3  # fewer consonants say too little
_PG_SIMILARITY = 0.15


def words_beginning(session: Session, beginning: str) -> list[str] | None:
    """Return the words that begin so; None where there are too many to name."""
    found = list(
        session.scalars(
            select(SearchWordRow.word)
            .where(SearchWordRow.word >= beginning, SearchWordRow.word < beginning + LAST)
            .limit(MOST_WORDS + 1)
        )
    )
    return None if len(found) > MOST_WORDS else found


def words_with(session: Session, part: str) -> list[str]:
    """Return words that hold `part` of at least three letters; at most `MOST_WORDS`."""
    if len(part) < 3:
        return []
    if session.connection().dialect.name == "postgresql":
        statement = select(SearchWordRow.word).where(SearchWordRow.word.like(f"%{part}%"))
    else:
        statement = _matching().params(wanted=f'"{part}"')
    return list(session.scalars(statement.limit(MOST_WORDS)))


def words_like(session: Session, word: QueryWord) -> list[str]:
    """Return words with one or two wrong letters, then those that sound alike; best first."""
    if not word.forgiving:
        return []
    latin = word.forms[-1]
    wrong = 2 if len(latin) >= _LONG_WORD else 1
    near = process.extract(
        latin,
        _candidates(session, latin, wrong),
        scorer=OSA.distance,
        score_cutoff=wrong,
        limit=_MOST_SIMILAR,
    )
    found = dict.fromkeys(kept for kept, _distance, _place in near)
    if len(word.sound) >= _SOUND_LETTERS:
        alike = select(SearchWordRow.word).where(SearchWordRow.sound == word.sound)
        found |= dict.fromkeys(session.scalars(alike.limit(_MOST_SIMILAR)))
    return list(found)


def _candidates(session: Session, word: str, wrong: int) -> Sequence[str]:
    """Return the words of about this length that share three neighbouring letters."""
    if session.connection().dialect.name == "postgresql":
        session.execute(text(f"SET LOCAL pg_trgm.similarity_threshold = {_PG_SIMILARITY}"))
        statement = select(SearchWordRow.word).where(SearchWordRow.word.op("%")(word))
    else:
        padded = f" {word} "
        trigrams = {padded[start : start + 3] for start in range(len(padded) - 2)}
        wanted = " OR ".join(f'"{trigram}"' for trigram in sorted(trigrams))
        statement = _matching().params(wanted=wanted)
    length = func.length(SearchWordRow.word)
    return list(
        session.scalars(
            statement.where(length.between(len(word) - wrong, len(word) + wrong)).limit(
                _MOST_CANDIDATES
            )
        )
    )


def _matching() -> Select[str]:
    """Select the words whose trigrams match ``:wanted`` in SQLite's FTS5."""
    ids = text(f"SELECT rowid AS id FROM {WORD_TEXT} WHERE {WORD_TEXT} MATCH :wanted")  # noqa: S608
    ids = ids.bindparams(bindparam("wanted"))
    matched = ids.columns(SearchWordRow.id).subquery("matched")
    return select(SearchWordRow.word).join(matched, matched.c.id == SearchWordRow.id)
