"""The index of patients: made of their rows alone, so it can be made anew at any time."""

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from retina_desktop.persistence.columns import Base, Line, LongText, PrimaryKey, RowId

# Words are compared byte by byte, so that a beginning is a range; PostgreSQL needs to be told.
SearchWord = String(255).with_variant(String(255, collation="C"), "postgresql")

# SQLite's FTS5 table of trigrams (PostgreSQL has an index of this name): each word of
# search_word between two blanks, so that a beginning and an end are trigrams too.
WORD_TEXT = "search_word_text"


class IndexedPatientRow(Base):
    """Which state of a patient the index holds."""

    __tablename__ = "search_patient"

    patient_id: Mapped[int] = mapped_column(
        RowId,
        ForeignKey("patient.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )
    version: Mapped[int]
    folding: Mapped[int]  # `name_folding.FOLDING` when it was written
    name: Mapped[LongText]  # folded, words in their order


class SearchEntryRow(Base):
    """A patient under one of the words; words beginning with ``#`` are keys of duplicates."""

    __tablename__ = "search_entry"
    __table_args__ = (Index(None, "patient_id", "word"), {"sqlite_with_rowid": False})

    word: Mapped[str] = mapped_column(SearchWord, primary_key=True)
    patient_id: Mapped[int] = mapped_column(
        RowId,
        ForeignKey("search_patient.patient_id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
    )


class SearchWordRow(Base):
    """Every word of a name once, with its sound; trigrams of it are indexed."""

    __tablename__ = "search_word"

    id: Mapped[PrimaryKey]
    word: Mapped[str] = mapped_column(SearchWord, unique=True)
    sound: Mapped[Line] = mapped_column(index=True)
