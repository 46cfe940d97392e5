"""What is typed and cannot be stored yet: kept beside the records, so that a crash loses none.

A half-typed acuity ("6/") and an addendum not yet added are texts of one user at one form;
they go into the records' (encrypted) drafts, never into the visit.
"""

from collections.abc import Mapping
from dataclasses import replace

from retina_desktop.domain.clinic_settings import FormDraft
from retina_desktop.domain.visit_drafts import DetailsEntry, VisitDraft
from retina_desktop.gui.examination.state import ExaminationState

Unfinished = Mapping[str, str]  # text by field


def form_of(examination_id: int) -> str:
    """Return the name under which a visit's unfinished texts are kept."""
    return f"examination.{examination_id}"


def unfinished_of(state: ExaminationState) -> dict[str, str]:
    """Return what of `state` cannot be stored in the visit itself."""
    texts: dict[str, str] = {}
    if state.draft is not None:
        for field in state.field_problems:
            if (text := _text_of(state.draft.details, field)) is not None:
                texts[field] = text
    if state.addendum_text.strip():
        texts["addendum"] = state.addendum_text
    return texts


def unfinished_from(kept: FormDraft | None) -> dict[str, str]:
    """Return the texts of a kept draft; what is no text is left out."""
    content = kept.content if kept else {}
    return {field: text for field, text in content.items() if isinstance(text, str)}


def with_unfinished(draft: VisitDraft, texts: Unfinished) -> VisitDraft:
    """Return the draft with the unfinished texts where they stood."""
    details = draft.details
    for field, text in texts.items():
        if field == "operator":
            details = replace(details, operator=text)
        elif field == "reason":
            details = replace(details, reason=text)
        elif field == "right.acuity":
            details = replace(details, right=replace(details.right, acuity=text))
        elif field == "right.pressure":
            details = replace(details, right=replace(details.right, pressure=text))
        elif field == "left.acuity":
            details = replace(details, left=replace(details.left, acuity=text))
        elif field == "left.pressure":
            details = replace(details, left=replace(details.left, pressure=text))
    return replace(draft, details=details)


def _text_of(details: DetailsEntry, field: str) -> str | None:
    return {
        "operator": details.operator,
        "reason": details.reason,
        "right.acuity": details.right.acuity,
        "right.pressure": details.right.pressure,
        "left.acuity": details.left.acuity,
        "left.pressure": details.left.pressure,
    }.get(field)
