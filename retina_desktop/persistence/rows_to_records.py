"""From rows to the domain's values, and from values to columns."""

import json
from typing import Any, TypedDict

from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.decisions import (
    Addendum,
    Decision,
    OwnFinding,
    Reading,
    Signature,
    StoredReading,
)
from retina_desktop.domain.examinations import Examination, ExaminationDetails, StoredImage
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    Tonometry,
    VisualAcuity,
)
from retina_desktop.domain.patients import Patient, PatientDetails
from retina_desktop.domain.stored_analyses import AnalysisContent, StoredAnalysis
from retina_desktop.persistence.analysis_documents import read_content, write_content
from retina_desktop.persistence.tables import (
    AddendumRow,
    AnalysisRow,
    DecisionRow,
    ExaminationRow,
    ImageRow,
    OwnFindingRow,
    PatientRow,
    ReadingRow,
)


class _EyeColumns(TypedDict):
    acuity: str | None
    correction: Correction | None
    mmhg: float | None
    tonometry: Tonometry | None


def patient_of(row: PatientRow) -> Patient:
    """Return the patient of a row."""
    details = PatientDetails(
        record_number=row.record_number,
        name=row.name,
        birth_date=row.birth_date,
        sex=row.sex,
        contact=row.contact,
        notes=row.notes,
        diabetes=row.diabetes,
        hypertension=row.hypertension,
        risk_factors=tuple(json.loads(row.risk_factors)),
    )
    return Patient(
        id=row.id,
        version=row.version,
        details=details,
        created_at=row.created_at,
        created_by=row.created_by,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        merged_into=row.merged_into,
    )


def patient_columns(details: PatientDetails) -> dict[str, Any]:
    """Return the columns of `details`; `Any` because each has a type of its own."""
    return {
        "record_number": details.record_number,
        "name": details.name,
        "birth_date": details.birth_date,
        "sex": details.sex,
        "contact": details.contact,
        "notes": details.notes,
        "diabetes": details.diabetes,
        "hypertension": details.hypertension,
        "risk_factors": canonical_json(details.risk_factors),
    }


def examination_of(row: ExaminationRow) -> Examination:
    """Return the examination of a row."""
    details = ExaminationDetails(
        visit_date=row.visit_date,
        operator=row.operator,
        reason=row.reason,
        right=_eye_of(
            row.right_acuity, row.right_correction, row.right_mmhg, row.right_tonometry
        ),
        left=_eye_of(row.left_acuity, row.left_correction, row.left_mmhg, row.left_tonometry),
    )
    return Examination(
        id=row.id,
        patient_id=row.patient_id,
        version=row.version,
        details=details,
        created_at=row.created_at,
        created_by=row.created_by,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
        handed_over=row.handed_over,
    )


def examination_columns(details: ExaminationDetails) -> dict[str, Any]:
    """Return the columns of `details`."""
    columns: dict[str, Any] = {
        "visit_date": details.visit_date,
        "operator": details.operator,
        "reason": details.reason,
    }
    for side, eye in (("right", details.right), ("left", details.left)):
        columns |= {f"{side}_{name}": value for name, value in _eye_columns(eye).items()}
    return columns


def image_of(row: ImageRow) -> StoredImage:
    """Return the image of a row."""
    return StoredImage(
        id=row.id,
        examination_id=row.examination_id,
        version=row.version,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        width=row.width,
        height=row.height,
        source_format=row.source_format,
        thumbnail_sha256=row.thumbnail_sha256,
        laterality=row.laterality,
        laterality_source=row.laterality_source,
        original_name=row.original_name,
        added_at=row.added_at,
        added_by=row.added_by,
        withdrawn=row.withdrawn,
    )


def analysis_of(row: AnalysisRow) -> StoredAnalysis:
    """Return the analysis of a row.

    Raises
    ------
    RecordsDamagedError
        If its document is not what the program wrote.
    """
    return StoredAnalysis(
        id=row.id,
        image_id=row.image_id,
        content=read_content(row.content),
        created_at=row.created_at,
        created_by=row.created_by,
    )


def analysis_columns(content: AnalysisContent) -> dict[str, Any]:
    """Return the columns of an analysis."""
    return {
        "model_id": content.model.id,
        "model_version": content.model.version,
        "tier": content.referral.tier,
        "content": write_content(content),
    }


def reading_of(
    row: ReadingRow, decisions: list[DecisionRow], own_findings: list[OwnFindingRow]
) -> StoredReading:
    """Return the reading of its rows, both lists by position."""
    reading = Reading(
        decisions=tuple(_decision_of(decision) for decision in decisions),
        own_findings=tuple(
            OwnFinding(eye=own.eye, name=own.name, severity=own.severity, note=own.note)
            for own in own_findings
        ),
        comment=row.comment,
        referral=row.referral,
        referral_note=row.referral_note,
    )
    return StoredReading(
        examination_id=row.examination_id,
        version=row.version,
        reading=reading,
        saved_at=row.saved_at,
        saved_by=row.saved_by,
        signature=_signature_of(row),
    )


def decision_row(examination_id: int, position: int, decision: Decision) -> DecisionRow:
    """Return the row of a decision."""
    return DecisionRow(
        examination_id=examination_id,
        position=position,
        **decision_columns(decision),
    )


def own_finding_row(examination_id: int, position: int, own: OwnFinding) -> OwnFindingRow:
    """Return the row of an own finding."""
    return OwnFindingRow(
        examination_id=examination_id, position=position, **own_finding_columns(own)
    )


def decision_columns(decision: Decision) -> dict[str, Any]:
    """Return the columns of a decision."""
    return {
        "eye": decision.eye,
        "label": decision.label,
        "grade": decision.grade,
        "agreement": decision.agreement,
        "reason": decision.reason,
        "ungradable": decision.ungradable,
        "severity": decision.severity,
        "analysis_id": decision.analysis_id,
    }


def own_finding_columns(own: OwnFinding) -> dict[str, Any]:
    """Return the columns of an own finding."""
    return {"eye": own.eye, "name": own.name, "severity": own.severity, "note": own.note}


def reading_columns(reading: Reading) -> dict[str, Any]:
    """Return the columns of a reading's own row."""
    return {
        "comment": reading.comment,
        "referral": reading.referral,
        "referral_note": reading.referral_note,
    }


def addendum_of(row: AddendumRow) -> Addendum:
    """Return the addendum of a row."""
    return Addendum(
        id=row.id,
        examination_id=row.examination_id,
        text=row.content,
        at=row.added_at,
        user=row.added_by,
        shown_name=row.shown_name,
    )


def _decision_of(row: DecisionRow) -> Decision:
    return Decision(
        eye=row.eye,
        label=row.label,
        grade=row.grade,
        agreement=row.agreement,
        reason=row.reason,
        ungradable=row.ungradable,
        severity=row.severity,
        analysis_id=row.analysis_id,
    )


def _signature_of(row: ReadingRow) -> Signature | None:
    if (
        row.signed_at is None
        or row.signed_by is None
        or row.signed_name is None
        or row.signed_sha256 is None
    ):
        return None
    return Signature(
        user=row.signed_by,
        shown_name=row.signed_name,
        at=row.signed_at,
        content_sha256=row.signed_sha256,
    )


def _eye_of(
    acuity: str | None,
    correction: Correction | None,
    mmhg: float | None,
    tonometry: Tonometry | None,
) -> EyeMeasurements:
    return EyeMeasurements(
        VisualAcuity(acuity, correction or Correction.NOT_STATED)
        if acuity is not None
        else None,
        IntraocularPressure(mmhg, tonometry or Tonometry.NOT_STATED)
        if mmhg is not None
        else None,
    )


def _eye_columns(eye: EyeMeasurements) -> _EyeColumns:
    return {
        "acuity": eye.acuity.entry if eye.acuity else None,
        "correction": eye.acuity.correction if eye.acuity else None,
        "mmhg": eye.pressure.mmhg if eye.pressure else None,
        "tonometry": eye.pressure.method if eye.pressure else None,
    }
