"""The index of patients, and what filters on visits and duplicates go by."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.exc import DBAPIError

from retina_desktop.domain.record_errors import RecordsUnavailableError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the index empty: opening the records fills it."""
    _create_indexed_patient()
    _create_entry()
    _create_word()
    if op.get_context().dialect.name == "postgresql":
        _create_trigrams_postgresql()
    else:
        op.execute(
            "CREATE VIRTUAL TABLE search_word_text USING fts5(word, content='', columnsize=0,"
            " tokenize='trigram')"
        )
    op.create_index(op.f("ix_patient_birth_date"), "patient", ["birth_date"], unique=False)
    op.create_index(
        op.f("ix_analysis_tier_analysis_image_id"), "analysis", ["tier", "image_id"]
    )
    op.create_index(op.f("ix_reading_referral"), "reading", ["referral"], unique=False)
    _widen_indexes()


def _widen_indexes() -> None:
    """Let lists of visits be answered from indexes alone: an analysis' row is long."""
    for table, narrow, wide, columns in (
        (
            "examination",
            "ix_examination_patient_id",
            "ix_examination_visits",
            ["patient_id", "visit_date", "handed_over"],
        ),
        ("image", "ix_image_examination_id", "ix_image_shown", ["examination_id", "withdrawn"]),
        ("analysis", "ix_analysis_image_id", "ix_analysis_newest", ["image_id", "tier"]),
    ):
        op.create_index(op.f(wide), table, columns, unique=False)
        op.drop_index(op.f(narrow), table_name=table)
    op.create_index(
        op.f("ix_reading_state"),
        "reading",
        ["examination_id", "signed_at", "referral", "version"],
        unique=False,
    )


def _number(name: str, *, autoincrement: bool = True) -> sa.Column[int]:
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, autoincrement=autoincrement, nullable=False)


def _word() -> sa.Column[str]:
    kind = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
    return sa.Column("word", kind, nullable=False)


def _create_indexed_patient() -> None:
    op.create_table(
        "search_patient",
        _number("patient_id", autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("folding", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["patient.id"],
            name=op.f("fk_search_patient_patient_id_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_search_patient")),
    )


def _create_entry() -> None:
    op.create_table(
        "search_entry",
        _word(),
        _number("patient_id", autoincrement=False),
        sa.ForeignKeyConstraint(
            ["patient_id"],
            ["search_patient.patient_id"],
            name=op.f("fk_search_entry_patient_id_search_patient"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("word", "patient_id", name=op.f("pk_search_entry")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_search_entry_patient_id_search_entry_word"),
        "search_entry",
        ["patient_id", "word"],
        unique=False,
    )


def _create_word() -> None:
    op.create_table(
        "search_word",
        _number("id"),
        _word(),
        sa.Column("sound", sa.String(255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_word")),
        sa.UniqueConstraint("word", name=op.f("uq_search_word_word")),
    )
    op.create_index(op.f("ix_search_word_sound"), "search_word", ["sound"], unique=False)


def _create_trigrams_postgresql() -> None:
    try:
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    except DBAPIError as error:
        raise RecordsUnavailableError(
            "The database server does not let this user add the extension pg_trgm, which the "
            "search needs; ask its administrator to run CREATE EXTENSION pg_trgm."
        ) from error
    op.execute("CREATE INDEX search_word_text ON search_word USING gin (word gin_trgm_ops)")
