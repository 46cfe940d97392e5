"""An analysis as the text of one column: JSON with the findings as short rows.

``findings`` are lists ``[label, probability, threshold, status]``: 29 of them make one
analysis, and there are millions of analyses.
"""

import json

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.examinations import AdviceMark
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import FieldOfView, LateralityAssessment
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.referral import Referral
from retina_desktop.domain.stored_analyses import AnalysisContent, ModelProvenance

SCHEMA = 1


def write_content(content: AnalysisContent) -> str:
    """Return `content` as the text to store."""
    document: dict[str, object] = {
        "schema": SCHEMA,
        "image_sha256": content.image_sha256,
        "size": [content.width, content.height],
        "model": content.model,
        "software_version": content.software_version,
        "quality": content.quality,
        "laterality": content.laterality,
        "referral": content.referral,
        "findings": [
            [finding.label, finding.probability, finding.threshold, finding.status]
            for finding in content.findings
        ],
        "field_of_view": content.field_of_view,
        "maps_sha256": content.maps_sha256,
    }
    if content.range_check is not None:  # analyses without one read as they did before it
        document["range_check"] = content.range_check
    if content.mark is not AdviceMark.NONE:  # follows from the rest; here for lists to find
        document["mark"] = content.mark
    return canonical_json(document)


def mark_pattern(mark: AdviceMark) -> str:
    """Return what a stored text with `mark` is LIKE in SQL."""
    return f'%"mark":"{mark.value}"%'


def read_content(text: str) -> AnalysisContent:
    """Return what `write_content` wrote.

    Raises
    ------
    RecordsDamagedError
        If it did not.
    """
    try:
        document = json.loads(text)
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']!r}")
        width, height = document["size"]
        return AnalysisContent(
            image_sha256=str(document["image_sha256"]),
            width=int(width),
            height=int(height),
            model=_MODEL.validate_python(document["model"]),
            software_version=str(document["software_version"]),
            quality=_QUALITY.validate_python(document["quality"]),
            laterality=_LATERALITY.validate_python(document["laterality"]),
            referral=_REFERRAL.validate_python(document["referral"]),
            findings=tuple(
                Finding(str(label), probability, threshold, LabelStatus(status))
                for label, probability, threshold, status in document["findings"]
            ),
            field_of_view=_FIELD.validate_python(document["field_of_view"]),
            maps_sha256=str(document["maps_sha256"]),
            range_check=_RANGE.validate_python(document.get("range_check")),
        )
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        raise RecordsDamagedError(
            "A stored analysis is damaged; restore the last backup."
        ) from error


_MODEL = TypeAdapter(ModelProvenance)
_QUALITY = TypeAdapter(ImageQuality)
_LATERALITY = TypeAdapter(LateralityAssessment)
_REFERRAL = TypeAdapter(Referral)
_FIELD = TypeAdapter(FieldOfView | None)
_RANGE = TypeAdapter(RangeCheck | None)
