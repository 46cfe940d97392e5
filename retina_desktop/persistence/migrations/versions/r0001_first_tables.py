"""The first tables: patients, examinations, images, analyses, readings, addenda, audit."""

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_CORRECTIONS = ("uncorrected", "corrected", "pinhole", "not stated")
_TONOMETRIES = ("goldmann", "non-contact", "rebound", "other", "not stated")


def upgrade() -> None:
    """Create every table, and the head that an empty audit trail has."""
    _create_audit_entry()
    _create_audit_head()
    _create_patient()
    _create_examination()
    _create_addendum()
    _create_image()
    _create_reading()
    _create_analysis()
    _create_own_finding()
    _create_thumbnail()
    _create_decision()
    _create_heatmap()
    _create_present_finding()
    head = sa.table("audit_head", *map(sa.column, ("id", "sequence", "hash", "seal")))
    op.bulk_insert(head, [{"id": 1, "sequence": 0, "hash": "0" * 64, "seal": ""}])


def _number(name: str, *, autoincrement: bool = True, nullable: bool = False) -> sa.Column[int]:
    # SQLite numbers rows by itself only for exactly INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    if autoincrement:
        return sa.Column(name, kind, nullable=nullable)
    return sa.Column(name, kind, nullable=nullable, autoincrement=False)


def _choice(name: str, *values: str, nullable: bool = False) -> sa.Column[str]:
    kind = sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=32)
    return sa.Column(name, kind, nullable=nullable)


def _line(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(255), nullable=nullable)


def _hash(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(64), nullable=nullable)


def _text(name: str, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=nullable)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, sa.DateTime(), nullable=nullable)


def _create_audit_entry() -> None:
    op.create_table(
        "audit_entry",
        _number("sequence", autoincrement=False),
        _moment("made_at"),
        _line("made_by"),
        _line("workstation"),
        _line("action"),
        _line("record_kind"),
        _number("record_id"),
        _text("details"),
        _hash("record_digest"),
        _hash("previous_hash"),
        _hash("hash"),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit_entry")),
    )
    op.create_index(
        op.f("ix_audit_entry_record_kind_audit_entry_record_id"),
        "audit_entry",
        ["record_kind", "record_id"],
        unique=False,
    )


def _create_audit_head() -> None:
    op.create_table(
        "audit_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        _number("sequence"),
        _hash("hash"),
        _hash("seal"),
        sa.CheckConstraint("id = 1", name=op.f("ck_audit_head_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_head")),
    )


def _create_patient() -> None:
    op.create_table(
        "patient",
        _number("id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _line("record_number"),
        _line("name"),
        sa.Column("birth_date", sa.Date(), nullable=True),
        _choice("sex", "F", "M", "O", "U"),
        _text("contact"),
        _text("notes"),
        _choice("diabetes", "yes", "no", "unknown"),
        _choice("hypertension", "yes", "no", "unknown"),
        _text("risk_factors"),
        _moment("created_at"),
        _line("created_by"),
        _moment("changed_at"),
        _line("changed_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patient")),
        sa.UniqueConstraint("record_number", name=op.f("uq_patient_record_number")),
        sqlite_autoincrement=True,
    )


def _create_examination() -> None:
    op.create_table(
        "examination",
        _number("id"),
        _number("patient_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("visit_date", sa.Date(), nullable=False),
        _line("operator"),
        _text("reason"),
        _line("right_acuity", nullable=True),
        _choice("right_correction", *_CORRECTIONS, nullable=True),
        sa.Column("right_mmhg", sa.Double(), nullable=True),
        _choice("right_tonometry", *_TONOMETRIES, nullable=True),
        _line("left_acuity", nullable=True),
        _choice("left_correction", *_CORRECTIONS, nullable=True),
        sa.Column("left_mmhg", sa.Double(), nullable=True),
        _choice("left_tonometry", *_TONOMETRIES, nullable=True),
        sa.Column("handed_over", sa.Boolean(), nullable=False),
        _moment("created_at"),
        _line("created_by"),
        _moment("changed_at"),
        _line("changed_by"),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patient.id"], name=op.f("fk_examination_patient_id_patient")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_examination")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_examination_patient_id"), "examination", ["patient_id"], unique=False
    )
    op.create_index(
        op.f("ix_examination_visit_date"), "examination", ["visit_date"], unique=False
    )


def _create_addendum() -> None:
    op.create_table(
        "addendum",
        _number("id"),
        _number("examination_id"),
        _text("content"),
        _moment("added_at"),
        _line("added_by"),
        _line("shown_name"),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["examination.id"],
            name=op.f("fk_addendum_examination_id_examination"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_addendum")),
        sqlite_autoincrement=True,
    )
    op.create_index(
        op.f("ix_addendum_examination_id"), "addendum", ["examination_id"], unique=False
    )


def _create_image() -> None:
    op.create_table(
        "image",
        _number("id"),
        _number("examination_id"),
        sa.Column("version", sa.Integer(), nullable=False),
        _hash("sha256"),
        _number("size_bytes"),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        _line("source_format"),
        _hash("thumbnail_sha256"),
        _choice("laterality", "R", "L", nullable=True),
        _choice("laterality_source", "user", "dicom", "image", "none"),
        _line("original_name"),
        _moment("added_at"),
        _line("added_by"),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["examination.id"],
            name=op.f("fk_image_examination_id_examination"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_image_examination_id"), "image", ["examination_id"], unique=False)
    op.create_index(op.f("ix_image_sha256"), "image", ["sha256"], unique=False)


def _create_reading() -> None:
    op.create_table(
        "reading",
        _number("examination_id", autoincrement=False),
        sa.Column("version", sa.Integer(), nullable=False),
        _text("comment"),
        _choice("referral", "urgent", "soon", "reimage", "routine", "none", nullable=True),
        _text("referral_note"),
        _moment("saved_at"),
        _line("saved_by"),
        _moment("signed_at", nullable=True),
        _line("signed_by", nullable=True),
        _line("signed_name", nullable=True),
        _hash("signed_sha256", nullable=True),
        sa.CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)"
            " AND (signed_at IS NULL) = (signed_name IS NULL)"
            " AND (signed_at IS NULL) = (signed_sha256 IS NULL)",
            name=op.f("ck_reading_signature_whole"),
        ),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["examination.id"],
            name=op.f("fk_reading_examination_id_examination"),
        ),
        sa.PrimaryKeyConstraint("examination_id", name=op.f("pk_reading")),
    )


def _create_analysis() -> None:
    op.create_table(
        "analysis",
        _number("id"),
        _number("image_id"),
        _line("model_id"),
        _line("model_version"),
        _choice("tier", "urgent", "soon", "reimage", "routine", "none"),
        _text("content"),
        _moment("created_at"),
        _line("created_by"),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_analysis_image_id_image")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_analysis")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_analysis_image_id"), "analysis", ["image_id"], unique=False)


def _create_own_finding() -> None:
    op.create_table(
        "own_finding",
        _number("examination_id", autoincrement=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        _choice("eye", "R", "L", nullable=True),
        _line("name"),
        _choice("severity", "not stated", "mild", "moderate", "severe"),
        _text("note"),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["reading.examination_id"],
            name=op.f("fk_own_finding_examination_id_reading"),
        ),
        sa.PrimaryKeyConstraint("examination_id", "position", name=op.f("pk_own_finding")),
    )


def _create_thumbnail() -> None:
    op.create_table(
        "thumbnail",
        _number("image_id", autoincrement=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image.id"], name=op.f("fk_thumbnail_image_id_image")
        ),
        sa.PrimaryKeyConstraint("image_id", name=op.f("pk_thumbnail")),
    )


def _create_decision() -> None:
    op.create_table(
        "decision",
        _number("examination_id", autoincrement=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        _choice("eye", "R", "L", nullable=True),
        _line("label"),
        _choice("grade", "present", "absent", "questionable", "cannot grade"),
        _choice("agreement", "agree", "disagree", "unsure", nullable=True),
        _text("reason"),
        _choice(
            "ungradable",
            "media opacity",
            "small pupil",
            "out of focus",
            "poor illumination",
            "field incomplete",
            "artefact",
            "other",
            nullable=True,
        ),
        _choice("severity", "not stated", "mild", "moderate", "severe"),
        _number("analysis_id", nullable=True),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_decision_analysis_id_analysis")
        ),
        sa.ForeignKeyConstraint(
            ["examination_id"],
            ["reading.examination_id"],
            name=op.f("fk_decision_examination_id_reading"),
        ),
        sa.PrimaryKeyConstraint("examination_id", "position", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_analysis_id"), "decision", ["analysis_id"], unique=False)
    op.create_index(
        op.f("ix_decision_label_decision_grade"), "decision", ["label", "grade"], unique=False
    )


def _create_heatmap() -> None:
    op.create_table(
        "heatmap",
        _number("analysis_id", autoincrement=False),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["analysis_id"], ["analysis.id"], name=op.f("fk_heatmap_analysis_id_analysis")
        ),
        sa.PrimaryKeyConstraint("analysis_id", name=op.f("pk_heatmap")),
    )


def _create_present_finding() -> None:
    op.create_table(
        "present_finding",
        _number("analysis_id", autoincrement=False),
        _line("label"),
        sa.ForeignKeyConstraint(
            ["analysis_id"],
            ["analysis.id"],
            name=op.f("fk_present_finding_analysis_id_analysis"),
        ),
        sa.PrimaryKeyConstraint("analysis_id", "label", name=op.f("pk_present_finding")),
    )
    op.create_index(
        op.f("ix_present_finding_label_present_finding_analysis_id"),
        "present_finding",
        ["label", "analysis_id"],
        unique=False,
    )
