"""What is done to a visit's draft beside the reading: photographs come, go and change eyes."""

from dataclasses import replace

from retina_desktop.domain.examinations import StoredImage
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.reading_steps import moved_to_eye
from retina_desktop.domain.undo import History, Step
from retina_desktop.domain.visit_drafts import PhotographDraft, VisitDraft


def with_eye(draft: VisitDraft, image_id: int, eye: Laterality | None) -> VisitDraft:
    """Return the draft in which a photograph shows `eye`.

    What the reader said goes along when no other photograph in force shows the old eye.
    """
    photograph = draft.photograph(image_id)
    if photograph is None or photograph.eye is eye:
        return draft
    old = photograph.eye
    draft = draft.with_photograph(replace(photograph, eye=eye))
    if any(p.eye is old and not p.withdrawn for p in draft.photographs):
        return draft
    return replace(draft, reading=moved_to_eye(draft.reading, old, eye))


def with_eye_told(draft: VisitDraft, image_id: int, eye: Laterality) -> VisitDraft:
    """Return the draft in which a photograph whose eye nobody knew shows `eye`."""
    photograph = draft.photograph(image_id)
    if photograph is None or photograph.eye is not None:
        return draft
    return with_eye(draft, image_id, eye)


def with_withdrawn(draft: VisitDraft, image_id: int, *, withdrawn: bool) -> VisitDraft:
    """Return the draft in which a photograph is withdrawn or brought back."""
    photograph = draft.photograph(image_id)
    if photograph is None:
        return draft
    return draft.with_photograph(replace(photograph, withdrawn=withdrawn))


def with_addition(
    history: History[VisitDraft], image: StoredImage, label: str
) -> History[VisitDraft]:
    """Return the history with a photograph just kept; undoing the step withdraws it.

    Nothing stored is deleted, so every state before has the photograph, withdrawn.
    """
    before = history.mapped(lambda draft: _added(draft, image, withdrawn=True))
    present = _added(history.present, image, withdrawn=image.withdrawn)
    if present == before.present:
        return before
    return History(present, (*before.past, Step(label, before.present)))


def _added(draft: VisitDraft, image: StoredImage, *, withdrawn: bool) -> VisitDraft:
    return draft.with_photograph(PhotographDraft(image.id, image.laterality, withdrawn))
