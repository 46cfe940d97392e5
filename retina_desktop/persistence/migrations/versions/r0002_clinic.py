"""What a clinic needs around patients: users, settings, reports, drafts, merging."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables, and let a patient be merged into another."""
    with op.batch_alter_table("patient") as patient:
        patient.add_column(_number("merged_into", nullable=True))
        patient.create_foreign_key(
            op.f("fk_patient_merged_into_patient"), "patient", ["merged_into"], ["id"]
        )
        patient.create_index(op.f("ix_patient_merged_into"), ["merged_into"], unique=False)
    _create_report()
    _create_user()
    _create_setting()
    _create_form_draft()


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    # SQLite numbers rows by itself only for exactly INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column(name, kind, nullable=nullable)


def _line(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=False)


def _moment(name: str) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(), nullable=False)


def _create_report() -> None:
    op.create_table(
        "report",
        _number("id"),
        _line("number"),
        _number("examination_id"),
        _line("template"),
        _line("paper"),
        _line("language"),
        sa.Column("draft", sa.Boolean(), nullable=False),
        _number("audit_sequence"),
        sa.Column("audit_hash", sa.String(64), nullable=False),
        sa.Column("pdf_sha256", sa.String(64), nullable=False),
        _number("size_bytes"),
        _moment("made_at"),
        _line("made_by"),
        _line("shown_name"),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["examination.id"],
            name=op.f("fk_report_examination_id_examination"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
        sa.UniqueConstraint("number", name=op.f("uq_report_number")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_report_examination_id"), "report", ["examination_id"], unique=False
    )
    op.create_index(op.f("ix_report_pdf_sha256"), "report", ["pdf_sha256"], unique=False)


def _create_user() -> None:
    op.create_table(
        "app_user",
        _number("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _line("name"),
        _line("shown_name"),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        _moment("created_at"),
        _line("created_by"),
        _moment("changed_at"),
        _line("changed_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_app_user")),
        sa.UniqueConstraint("name", name=op.f("uq_app_user_name")),
        sqlite_autoincrement=True,
    )


def _create_setting() -> None:
    op.create_table(
        "setting",
        _number("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _line("name"),
        sa.Column("value", sa.Text(), nullable=False),
        _moment("changed_at"),
        _line("changed_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_setting")),
        sa.UniqueConstraint("name", name=op.f("uq_setting_name")),
        sqlite_autoincrement=True,
    )


def _create_form_draft() -> None:
    op.create_table(
        "form_draft",
        _line("user"),
        _line("form"),
        sa.Column("content", sa.Text(), nullable=False),
        _moment("saved_at"),
        sa.PrimaryKeyConstraint("user", "form", name=op.f("pk_form_draft")),
    )
