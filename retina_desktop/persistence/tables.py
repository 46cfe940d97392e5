"""The records' tables; rows stay inside `persistence`."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Date, ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from retina_desktop.domain.decisions import Agreement, Grade, Severity, UngradableReason
from retina_desktop.domain.eye_measurements import Correction, Tonometry
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.persistence.columns import (
    Base,
    Hash,
    Line,
    LongText,
    PrimaryKey,
    RowId,
    stored_enum,
)

# A deleted record's number must never name another one: the audit trail remembers it.
_NEVER_REUSED = {"sqlite_autoincrement": True}


class PatientRow(Base):
    """A patient of this clinic."""

    __tablename__ = "patient"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[PrimaryKey]
    version: Mapped[int]
    record_number: Mapped[Line] = mapped_column(unique=True)
    name: Mapped[Line]
    birth_date: Mapped[date | None] = mapped_column(Date, index=True)
    sex: Mapped[Sex] = mapped_column(stored_enum(Sex, "sex"))
    contact: Mapped[LongText]
    notes: Mapped[LongText]
    diabetes: Mapped[Condition] = mapped_column(stored_enum(Condition, "diabetes"))
    hypertension: Mapped[Condition] = mapped_column(stored_enum(Condition, "hypertension"))
    risk_factors: Mapped[LongText]  # JSON list
    created_at: Mapped[datetime]
    created_by: Mapped[Line]
    changed_at: Mapped[datetime]
    changed_by: Mapped[Line]
    merged_into: Mapped[int | None] = mapped_column(RowId, ForeignKey("patient.id"), index=True)


class ExaminationRow(Base):
    """One visit."""

    __tablename__ = "examination"
    # The indexes named by hand hold all that lists of visits need: no row is read for them.
    __table_args__ = (
        Index("ix_examination_visits", "patient_id", "visit_date", "handed_over"),
        _NEVER_REUSED,
    )

    id: Mapped[PrimaryKey]
    patient_id: Mapped[int] = mapped_column(RowId, ForeignKey("patient.id"))
    version: Mapped[int]
    visit_date: Mapped[date] = mapped_column(Date, index=True)
    operator: Mapped[Line]
    reason: Mapped[LongText]
    right_acuity: Mapped[Line | None]
    right_correction: Mapped[Correction | None] = mapped_column(
        stored_enum(Correction, "right_correction")
    )
    right_mmhg: Mapped[float | None]
    right_tonometry: Mapped[Tonometry | None] = mapped_column(
        stored_enum(Tonometry, "right_tonometry")
    )
    left_acuity: Mapped[Line | None]
    left_correction: Mapped[Correction | None] = mapped_column(
        stored_enum(Correction, "left_correction")
    )
    left_mmhg: Mapped[float | None]
    left_tonometry: Mapped[Tonometry | None] = mapped_column(
        stored_enum(Tonometry, "left_tonometry")
    )
    handed_over: Mapped[bool]
    created_at: Mapped[datetime]
    created_by: Mapped[Line]
    changed_at: Mapped[datetime]
    changed_by: Mapped[Line]


class ImageRow(Base):
    """A photograph; its bytes lie in the image store under their hash."""

    __tablename__ = "image"
    __table_args__ = (
        Index("ix_image_shown", "examination_id", "withdrawn"),
        _NEVER_REUSED,
    )

    id: Mapped[PrimaryKey]
    examination_id: Mapped[int] = mapped_column(RowId, ForeignKey("examination.id"))
    version: Mapped[int]
    sha256: Mapped[Hash] = mapped_column(index=True)
    size_bytes: Mapped[int] = mapped_column(RowId)
    width: Mapped[int]
    height: Mapped[int]
    source_format: Mapped[Line]
    thumbnail_sha256: Mapped[Hash]
    laterality: Mapped[Laterality | None] = mapped_column(stored_enum(Laterality, "laterality"))
    laterality_source: Mapped[LateralitySource] = mapped_column(
        stored_enum(LateralitySource, "laterality_source")
    )
    original_name: Mapped[Line]
    added_at: Mapped[datetime]
    added_by: Mapped[Line]
    withdrawn: Mapped[bool]


class ThumbnailRow(Base):
    """A small JPEG, apart so that lists of images stay small."""

    __tablename__ = "thumbnail"

    image_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("image.id"), primary_key=True, autoincrement=False
    )
    jpeg: Mapped[bytes] = mapped_column(LargeBinary)


class AnalysisRow(Base):
    """What a model said; ``content`` is the whole of it, the columns are for lists."""

    __tablename__ = "analysis"
    __table_args__ = (
        Index("ix_analysis_newest", "image_id", "tier"),
        Index(None, "tier", "image_id"),
        _NEVER_REUSED,
    )

    id: Mapped[PrimaryKey]
    image_id: Mapped[int] = mapped_column(RowId, ForeignKey("image.id"))
    model_id: Mapped[Line]
    model_version: Mapped[Line]
    tier: Mapped[ReferralTier] = mapped_column(stored_enum(ReferralTier, "tier"))
    content: Mapped[LongText]  # see analysis_documents
    created_at: Mapped[datetime]
    created_by: Mapped[Line]


class PresentFindingRow(Base):
    """A label that an analysis reports as present; for searching by label."""

    __tablename__ = "present_finding"
    __table_args__ = (Index(None, "label", "analysis_id"),)

    analysis_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("analysis.id"), primary_key=True, autoincrement=False
    )
    label: Mapped[Line] = mapped_column(primary_key=True)


class HeatmapRow(Base):
    """All maps of an analysis (`domain.compact_heatmaps`)."""

    __tablename__ = "heatmap"

    analysis_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("analysis.id"), primary_key=True, autoincrement=False
    )
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class ReadingRow(Base):
    """The reader's word on an examination; the signature's columns are filled together."""

    __tablename__ = "reading"
    __table_args__ = (
        Index("ix_reading_state", "examination_id", "signed_at", "referral", "version"),
        CheckConstraint(
            "(signed_at IS NULL) = (signed_by IS NULL)"
            " AND (signed_at IS NULL) = (signed_name IS NULL)"
            " AND (signed_at IS NULL) = (signed_sha256 IS NULL)",
            name="signature_whole",
        ),
    )

    examination_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("examination.id"), primary_key=True, autoincrement=False
    )
    version: Mapped[int]
    comment: Mapped[LongText]
    referral: Mapped[ReferralTier | None] = mapped_column(
        stored_enum(ReferralTier, "referral"), index=True
    )
    referral_note: Mapped[LongText]
    saved_at: Mapped[datetime]
    saved_by: Mapped[Line]
    signed_at: Mapped[datetime | None]
    signed_by: Mapped[Line | None]
    signed_name: Mapped[Line | None]
    signed_sha256: Mapped[Hash | None]


class DecisionRow(Base):
    """The reader's word on one label in one eye."""

    __tablename__ = "decision"
    __table_args__ = (Index(None, "label", "grade"),)

    examination_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("reading.examination_id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    eye: Mapped[Laterality | None] = mapped_column(stored_enum(Laterality, "eye"))
    label: Mapped[Line]
    grade: Mapped[Grade] = mapped_column(stored_enum(Grade, "grade"))
    agreement: Mapped[Agreement | None] = mapped_column(stored_enum(Agreement, "agreement"))
    reason: Mapped[LongText]
    ungradable: Mapped[UngradableReason | None] = mapped_column(
        stored_enum(UngradableReason, "ungradable")
    )
    severity: Mapped[Severity] = mapped_column(stored_enum(Severity, "severity"))
    analysis_id: Mapped[int | None] = mapped_column(
        RowId, ForeignKey("analysis.id"), index=True
    )


class OwnFindingRow(Base):
    """Something the reader found that no label says."""

    __tablename__ = "own_finding"

    examination_id: Mapped[int] = mapped_column(
        RowId, ForeignKey("reading.examination_id"), primary_key=True, autoincrement=False
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    eye: Mapped[Laterality | None] = mapped_column(stored_enum(Laterality, "eye"))
    name: Mapped[Line]
    severity: Mapped[Severity] = mapped_column(stored_enum(Severity, "severity"))
    note: Mapped[LongText]


class AddendumRow(Base):
    """What was added after signing."""

    __tablename__ = "addendum"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[PrimaryKey]
    examination_id: Mapped[int] = mapped_column(RowId, ForeignKey("examination.id"), index=True)
    content: Mapped[LongText]
    added_at: Mapped[datetime]
    added_by: Mapped[Line]
    shown_name: Mapped[Line]


class ReportRow(Base):
    """A printed report; its bytes lie in the store of files under their hash."""

    __tablename__ = "report"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[PrimaryKey]
    number: Mapped[Line] = mapped_column(unique=True)  # as printed, and in the QR code
    examination_id: Mapped[int] = mapped_column(RowId, ForeignKey("examination.id"), index=True)
    template: Mapped[Line]
    paper: Mapped[Line]
    language: Mapped[Line]
    draft: Mapped[bool]
    audit_sequence: Mapped[int] = mapped_column(RowId)
    audit_hash: Mapped[Hash]
    pdf_sha256: Mapped[Hash] = mapped_column(index=True)
    size_bytes: Mapped[int] = mapped_column(RowId)
    made_at: Mapped[datetime]
    made_by: Mapped[Line]
    shown_name: Mapped[Line]


class UserRow(Base):
    """Somebody who can log in; the password's key is in the key vault."""

    __tablename__ = "app_user"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[PrimaryKey]
    version: Mapped[int]
    name: Mapped[Line] = mapped_column(unique=True)
    shown_name: Mapped[Line]
    roles: Mapped[LongText]  # JSON list
    active: Mapped[bool]
    signature: Mapped[bytes | None] = mapped_column(LargeBinary)  # PNG
    created_at: Mapped[datetime]
    created_by: Mapped[Line]
    changed_at: Mapped[datetime]
    changed_by: Mapped[Line]


class SettingRow(Base):
    """What the whole clinic has set: its name and logo, the backup's plan, retention."""

    __tablename__ = "setting"
    __table_args__ = (_NEVER_REUSED,)

    id: Mapped[PrimaryKey]
    version: Mapped[int]
    name: Mapped[Line] = mapped_column(unique=True)
    value: Mapped[LongText]  # JSON
    changed_at: Mapped[datetime]
    changed_by: Mapped[Line]


class FormDraftRow(Base):
    """What a user has typed into a form and not yet saved; no record, so not audited."""

    __tablename__ = "form_draft"

    user: Mapped[Line] = mapped_column(primary_key=True)
    form: Mapped[Line] = mapped_column(primary_key=True)
    content: Mapped[LongText]  # JSON
    saved_at: Mapped[datetime]


class AuditEntryRow(Base):
    """One link of the audit chain."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index(None, "record_kind", "record_id"),)

    sequence: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    made_at: Mapped[datetime]
    made_by: Mapped[Line]
    workstation: Mapped[Line]
    action: Mapped[Line]
    record_kind: Mapped[Line]
    record_id: Mapped[int] = mapped_column(RowId)
    details: Mapped[LongText]  # JSON object
    record_digest: Mapped[Hash]
    previous_hash: Mapped[Hash]
    hash: Mapped[Hash]


class AuditHeadRow(Base):
    """The one row that says where the chain ends."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="one_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(RowId)
    hash: Mapped[Hash]
    seal: Mapped[Hash]
