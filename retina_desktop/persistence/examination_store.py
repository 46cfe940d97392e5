"""Examinations and their photographs in the database."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.examinations import (
    Examination,
    ExaminationDetails,
    ExaminationSummary,
    StoredImage,
    urgency_of,
)
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    ConflictError,
    FieldChange,
    RecordNotFoundError,
    StoredImageMissingError,
)
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.analysis_store import insert_analysis
from retina_desktop.persistence.audited_database import AuditedDatabase, AuditedWrite
from retina_desktop.persistence.examination_summaries import select_summaries
from retina_desktop.persistence.families import families
from retina_desktop.persistence.patient_store import existing, refuse_merged
from retina_desktop.persistence.row_insertion import insert_row, insert_rows
from retina_desktop.persistence.rows_to_records import (
    examination_columns,
    examination_of,
    image_of,
)
from retina_desktop.persistence.tables import (
    ExaminationRow,
    ImageRow,
    PatientRow,
    ReadingRow,
    ThumbnailRow,
)
from retina_desktop.services.records_ports import ImageStore, NewPhotograph

_AT_ONCE = 500  # ids in one statement


class SqlExaminationStore:
    """Implements `services.records_ports.ExaminationStore`."""

    def __init__(self, database: AuditedDatabase, images: ImageStore) -> None:
        self._database = database
        self._images = images

    def add(
        self,
        patient_id: int,
        details: ExaminationDetails,
        *,
        photographs: Sequence[NewPhotograph] = (),
        by: Stamp,
    ) -> Examination:
        """Keep a new examination with its photographs and analyses, all or nothing."""
        with self._database.write(by) as work:
            examination = insert_examination(work, patient_id, details)
            for photograph in photographs:
                self.insert_photograph(work, examination.id, photograph)
        return examination

    def get(self, examination_id: int) -> Examination:
        """Return an examination."""
        with self._database.read() as session:
            return examination_of(_existing(session.get(ExaminationRow, examination_id)))

    def update(
        self,
        examination_id: int,
        details: ExaminationDetails,
        *,
        expected_version: int,
        by: Stamp,
    ) -> Examination:
        """Replace an examination's details; may raise a ConflictError."""
        with self._database.write(by) as work:
            row = lock_examination(work.session, examination_id)
            stored = examination_of(row)
            changes = _differences(stored.details, details)
            if stored.version != expected_version:
                raise ConflictError(
                    record="examination",
                    stored_version=stored.version,
                    changed_by=stored.changed_by,
                    changes=changes,
                )
            if not changes:
                return stored
            for column, value in examination_columns(details).items():
                setattr(row, column, value)
            return _changed(work, row, AuditAction.EXAMINATION_CHANGED)

    def set_handed_over(
        self, examination_id: int, *, handed_over: bool, by: Stamp
    ) -> Examination:
        """Ask for a reader, or take that back."""
        with self._database.write(by) as work:
            row = lock_examination(work.session, examination_id)
            if row.handed_over == handed_over:
                return examination_of(row)
            row.handed_over = handed_over
            return _changed(work, row, AuditAction.EXAMINATION_HANDED_OVER)

    def add_photograph(
        self, examination_id: int, photograph: NewPhotograph, *, by: Stamp
    ) -> StoredImage:
        """Add a photograph whose bytes are in the image store."""
        with self._database.write(by) as work:
            lock_examination(work.session, examination_id)
            return self.insert_photograph(work, examination_id, photograph)

    def images(
        self, examination_id: int, *, withdrawn: bool = False
    ) -> tuple[StoredImage, ...]:
        """Return the photographs in the order added; with the withdrawn ones when asked."""
        with self._database.read() as session:
            _existing(session.get(ExaminationRow, examination_id))
            return images_of(session, examination_id, withdrawn=withdrawn)

    def image(self, image_id: int) -> StoredImage:
        """Return a photograph's record."""
        with self._database.read() as session:
            return image_of(_existing_image(session.get(ImageRow, image_id)))

    def set_laterality(
        self,
        image_id: int,
        laterality: Laterality | None,
        *,
        by: Stamp,
        source: LateralitySource = LateralitySource.USER,
    ) -> StoredImage:
        """Correct the eye of a photograph, on a person's word unless `source` says whose."""
        source = source if laterality else LateralitySource.NONE
        with self._database.write(by) as work:
            row = _lock_image(work.session, image_id)
            if (row.laterality, row.laterality_source) == (laterality, source):
                return image_of(row)
            row.laterality, row.laterality_source = laterality, source
            return _changed_image(work, row, AuditAction.IMAGE_CHANGED)

    def set_withdrawn(self, image_id: int, *, withdrawn: bool, by: Stamp) -> StoredImage:
        """Withdraw a photograph added by mistake, or bring it back."""
        action = AuditAction.IMAGE_WITHDRAWN if withdrawn else AuditAction.IMAGE_BROUGHT_BACK
        with self._database.write(by) as work:
            row = _lock_image(work.session, image_id)
            if row.withdrawn == withdrawn:
                return image_of(row)
            row.withdrawn = withdrawn
            return _changed_image(work, row, action)

    def thumbnails(self, image_ids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the small JPEGs of these images; unknown ids are left out."""
        found: dict[int, bytes] = {}
        with self._database.read() as session:
            for begin in range(0, len(image_ids), _AT_ONCE):
                some = image_ids[begin : begin + _AT_ONCE]
                statement = select(ThumbnailRow.image_id, ThumbnailRow.jpeg).where(
                    ThumbnailRow.image_id.in_(some)
                )
                found.update(session.execute(statement).all())
        return found

    def of_patient(self, patient_id: int) -> tuple[ExaminationSummary, ...]:
        """Return a patient's visits, with those of who was merged, newest first."""
        with self._database.read() as session:
            family = families(session).of(patient_id)
            found = select_summaries(session, ExaminationRow.patient_id.in_(family))
        return tuple(sorted(found, key=lambda s: (s.visit_date, s.id), reverse=True))

    def worklist(self, day: date) -> tuple[ExaminationSummary, ...]:
        """Return a day's visits, urgent first."""
        with self._database.read() as session:
            found = select_summaries(session, ExaminationRow.visit_date == day)
        return tuple(sorted(found, key=urgency_of))

    def insert_photograph(
        self, work: AuditedWrite, examination_id: int, photograph: NewPhotograph
    ) -> StoredImage:
        """Add a photograph within a write at work; a StoredImageMissingError without file."""
        new = photograph.image
        # Looked for while others are kept out: what reconciles files sets none aside now. One
        # that a starting workstation set aside, between its storing and this, is brought back.
        if not (self._images.has(new.sha256) or self._images.bring_back(new.sha256)):
            raise StoredImageMissingError(
                "The photograph's file is not in the image store; add the photograph again."
            )
        columns: dict[str, Any] = {
            "examination_id": examination_id,
            "version": 1,
            "sha256": new.sha256,
            "size_bytes": new.size_bytes,
            "width": new.width,
            "height": new.height,
            "source_format": new.source_format,
            "thumbnail_sha256": new.thumbnail_sha256,
            "laterality": new.laterality,
            "laterality_source": new.laterality_source,
            "original_name": new.original_name,
            "added_at": work.by.at,
            "added_by": work.by.user,
            "withdrawn": False,
        }
        image = StoredImage(id=insert_row(work.session, ImageRow, columns), **columns)
        thumbnail = {"image_id": image.id, "jpeg": new.thumbnail}
        insert_rows(work.session, ThumbnailRow, [thumbnail])
        work.note(AuditAction.IMAGE_ADDED, RecordKind.IMAGE, image.id, record=image)
        if photograph.analysis is not None:
            insert_analysis(work, image.id, image.sha256, photograph.analysis)
        return image


def insert_examination(
    work: AuditedWrite, patient_id: int, details: ExaminationDetails
) -> Examination:
    """Add an examination within a write at work; a RecordNotFoundError without patient."""
    _check_patient(work.session, patient_id)
    columns: dict[str, Any] = {
        "patient_id": patient_id,
        "version": 1,
        "handed_over": False,
        "created_at": work.by.at,
        "created_by": work.by.user,
        "changed_at": work.by.at,
        "changed_by": work.by.user,
    }
    key = insert_row(work.session, ExaminationRow, columns | examination_columns(details))
    examination = Examination(id=key, details=details, **columns)
    _note(work, AuditAction.EXAMINATION_ADDED, examination)
    return examination


_MERGED_INTO = select(PatientRow.merged_into).where(PatientRow.id == bindparam("patient_id"))


def _check_patient(session: Session, patient_id: int) -> None:
    """Refuse a patient who is not there, or merged; one column is read where all is well."""
    found = session.connection().execute(_MERGED_INTO, {"patient_id": patient_id}).first()
    if found is None or found.merged_into is not None:
        refuse_merged(session, existing(session.get(PatientRow, patient_id)))


def lock_examination(session: Session, examination_id: int) -> ExaminationRow:
    """Return the row, held against other writers; an AlreadySignedError when locked."""
    row = _existing(session.get(ExaminationRow, examination_id, with_for_update=True))
    reading = session.get(ReadingRow, examination_id)
    if reading is not None and reading.signed_at is not None:
        raise AlreadySignedError(
            "This examination is signed and locked; write an addendum instead."
        )
    return row


def images_of(
    session: Session, examination_id: int, *, withdrawn: bool = False
) -> tuple[StoredImage, ...]:
    """Return an examination's photographs in the order added."""
    statement = (
        select(ImageRow).where(ImageRow.examination_id == examination_id).order_by(ImageRow.id)
    )
    if not withdrawn:
        statement = statement.where(ImageRow.withdrawn.is_(False))
    return tuple(image_of(row) for row in session.scalars(statement))


def _existing(row: ExaminationRow | None) -> ExaminationRow:
    if row is None:
        raise RecordNotFoundError("There is no such examination in the records.")
    return row


def _existing_image(row: ImageRow | None) -> ImageRow:
    if row is None:
        raise RecordNotFoundError("There is no such photograph in the records.")
    return row


def _lock_image(session: Session, image_id: int) -> ImageRow:
    row = _existing_image(session.get(ImageRow, image_id))
    lock_examination(session, row.examination_id)
    session.refresh(row)  # as it is now that the examination is held
    return row


def _changed(work: AuditedWrite, row: ExaminationRow, action: AuditAction) -> Examination:
    row.version += 1
    row.changed_at, row.changed_by = work.by.at, work.by.user
    work.session.flush()
    examination = examination_of(row)
    _note(work, action, examination)
    return examination


def _changed_image(work: AuditedWrite, row: ImageRow, action: AuditAction) -> StoredImage:
    row.version += 1
    work.session.flush()
    image = image_of(row)
    work.note(action, RecordKind.IMAGE, row.id, record=image)
    return image


def _note(work: AuditedWrite, action: AuditAction, examination: Examination) -> None:
    work.note(action, RecordKind.EXAMINATION, examination.id, record=examination)


def _differences(
    stored: ExaminationDetails, yours: ExaminationDetails
) -> tuple[FieldChange, ...]:
    return tuple(
        FieldChange(field.name, str(old), str(new))
        for field in fields(ExaminationDetails)
        if (old := getattr(stored, field.name)) != (new := getattr(yours, field.name))
    )
