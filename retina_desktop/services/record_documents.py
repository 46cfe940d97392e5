"""A record as JSON for other programs; the schemas are in ``resources/schemas``.

Names of fields are those of the domain's values. Moments and days are ISO 8601 (moments with
their zone), enums their stored words, an eye ``R`` or ``L``; a number that is not finite is
null.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime
from enum import Enum

from retina_desktop.domain.audit import AuditEntry, AuditHead
from retina_desktop.domain.decisions import Addendum, StoredReading
from retina_desktop.domain.examinations import Examination, StoredImage
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.reports import StoredReport
from retina_desktop.domain.stored_analyses import StoredAnalysis

EXAMINATION_SCHEMA, PATIENT_SCHEMA = (
    "retina-desktop examination",
    "retina-desktop patient record",
)
DOCUMENT_VERSION = 1


@dataclass(frozen=True, slots=True)
class ExaminationParts:
    """One visit with everything that hangs on it; withdrawn photographs are marked so."""

    examination: Examination
    images: tuple[StoredImage, ...]
    analyses: tuple[StoredAnalysis, ...]
    reading: StoredReading | None
    addenda: tuple[Addendum, ...]
    reports: tuple[StoredReport, ...]


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of an archive; ``about`` names the record, as ``image:12`` or ``report:3``."""

    path: str
    about: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class ExaminationDocument:
    """One examination for another program."""

    schema: str
    version: int
    exported_at: datetime
    software_version: str
    audit_head: AuditHead
    patient: Patient
    visit: ExaminationParts


@dataclass(frozen=True, slots=True)
class PatientDocument:
    """A patient's whole record; ``missing`` names photographs whose file is lost or damaged."""

    schema: str
    version: int
    exported_at: datetime
    software_version: str
    audit_head: AuditHead
    patient: Patient
    visits: tuple[ExaminationParts, ...]
    audit: tuple[AuditEntry, ...]
    files: tuple[ExportedFile, ...]
    missing: tuple[str, ...]


def document_bytes(value: object) -> bytes:
    """Return a document as JSON in UTF-8, every field by its name."""
    return json.dumps(as_json(value), indent=1, ensure_ascii=False, allow_nan=False).encode()


def as_json(value: object) -> object:
    """Return a value of dataclasses and plain types as what JSON knows."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: as_json(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [as_json(item) for item in value]
    return value
