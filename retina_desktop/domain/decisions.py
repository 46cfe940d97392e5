"""The reader's word on an examination: decisions, findings, referral, signature, addenda."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum

from retina_desktop.domain.examinations import Examination, StoredImage
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.plain_text import clean_line, clean_text
from retina_desktop.domain.record_errors import FieldChange, InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier


class Grade(StrEnum):
    """What the reader sees of a label in an eye."""

    PRESENT = "present"
    ABSENT = "absent"
    QUESTIONABLE = "questionable"
    CANNOT_GRADE = "cannot grade"


class Agreement(StrEnum):
    """How the reader's word stands to the model's."""

    AGREE = "agree"
    DISAGREE = "disagree"
    UNSURE = "unsure"


class UngradableReason(StrEnum):
    """Why an eye cannot be graded for a label."""

    MEDIA_OPACITY = "media opacity"
    SMALL_PUPIL = "small pupil"
    OUT_OF_FOCUS = "out of focus"
    POOR_ILLUMINATION = "poor illumination"
    FIELD_INCOMPLETE = "field incomplete"
    ARTEFACT = "artefact"
    OTHER = "other"


class Severity(StrEnum):
    """How far a finding has gone, where the reader says so."""

    NOT_STATED = "not stated"
    MILD = "mild"
    MODERATE = "moderate"
    SEVERE = "severe"


@dataclass(frozen=True, slots=True)
class Decision:
    """The reader's word on one label in one eye.

    ``agreement`` is None where the model did not assess the label. ``analysis_id`` names the
    analysis the reader saw. ``ungradable`` is given exactly when the grade is *cannot grade*.
    """

    eye: Laterality | None
    label: str
    grade: Grade
    agreement: Agreement | None = None
    reason: str = ""
    ungradable: UngradableReason | None = None
    severity: Severity = Severity.NOT_STATED
    analysis_id: int | None = None

    def __post_init__(self) -> None:
        label = clean_line(self.label, field="label", limit=40, required=True)
        object.__setattr__(self, "label", label)
        reason = clean_text(self.reason, field="reason", limit=2000)
        object.__setattr__(self, "reason", reason)
        if (self.grade is Grade.CANNOT_GRADE) != (self.ungradable is not None):
            raise InvalidEntryError(
                "ungradable", "Say why the eye cannot be graded, and only when it cannot."
            )


@dataclass(frozen=True, slots=True)
class OwnFinding:
    """Something the reader sees and no decision on a label says."""

    eye: Laterality | None
    name: str
    severity: Severity = Severity.NOT_STATED
    note: str = ""

    def __post_init__(self) -> None:
        name = clean_line(self.name, field="finding", limit=200, required=True)
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "note", clean_text(self.note, field="note", limit=2000))


@dataclass(frozen=True, slots=True)
class Reading:
    """All a reader says of an examination; a draft until it is signed.

    At most one decision per eye and label; both lists keep the reader's order.
    """

    decisions: tuple[Decision, ...] = ()
    own_findings: tuple[OwnFinding, ...] = ()
    comment: str = ""
    referral: ReferralTier | None = None
    referral_note: str = ""

    def __post_init__(self) -> None:
        comment = clean_text(self.comment, field="comment", limit=20_000)
        object.__setattr__(self, "comment", comment)
        note = clean_text(self.referral_note, field="referral_note", limit=2000)
        object.__setattr__(self, "referral_note", note)
        places = [(decision.eye, decision.label) for decision in self.decisions]
        if len(set(places)) != len(places):
            raise ValueError("two decisions on one label of one eye")

    def decision(self, eye: Laterality | None, label: str) -> Decision | None:
        """Return the decision on `label` in `eye`, None where there is none."""
        return next((d for d in self.decisions if (d.eye, d.label) == (eye, label)), None)


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed what, when; ``content_sha256`` is of `SignedContent`."""

    user: str
    shown_name: str
    at: datetime
    content_sha256: str


@dataclass(frozen=True, slots=True)
class SignedContent:
    """What a signature covers: the visit, its photographs (not withdrawn), the reading."""

    examination: Examination
    images: tuple[StoredImage, ...]
    reading: Reading


@dataclass(frozen=True, slots=True)
class StoredReading:
    """A reading as stored; once ``signature`` is there, nothing of it changes."""

    examination_id: int
    version: int
    reading: Reading
    saved_at: datetime
    saved_by: str
    signature: Signature | None = None


@dataclass(frozen=True, slots=True)
class Addendum:
    """What was added to a signed examination; itself never changed."""

    id: int
    examination_id: int
    text: str
    at: datetime
    user: str
    shown_name: str


def agreement_with(finding: Finding | None, grade: Grade) -> Agreement | None:
    """Return how `grade` stands to the model's finding; None where the model said nothing.

    A questionable grade is *unsure*; an eye that cannot be graded neither agrees nor disagrees.
    """
    if finding is None or finding.is_positive is None or grade is Grade.CANNOT_GRADE:
        return None
    if grade is Grade.QUESTIONABLE:
        return Agreement.UNSURE
    agrees = finding.is_positive == (grade is Grade.PRESENT)
    return Agreement.AGREE if agrees else Agreement.DISAGREE


def missing_before_signing(
    reading: Reading, positives: Iterable[tuple[Laterality | None, Sequence[Finding]]]
) -> tuple[str, ...]:
    """Return, in sentences, what a reader has still to do before signing; empty when nothing.

    Parameters
    ----------
    reading : Reading
        The draft.
    positives : iterable of (eye, findings)
        Per photograph in force: its eye and what the newest model reports as present there.
        Each must have a decision (the collective label ``Disease_Risk`` need not).
    """
    missing: dict[str, None] = {}
    for eye, findings in positives:
        shown = eye.shown if eye else "eye not stated"
        for finding in findings:
            undecided = reading.decision(eye, finding.label) is None
            if undecided and finding.label != DISEASE_RISK:
                missing[f"Decide on {finding.label} ({shown})."] = None
    if reading.referral is None:
        missing["Choose the referral."] = None
    return tuple(missing)


def reading_differences(stored: Reading, yours: Reading) -> tuple[FieldChange, ...]:
    """Return where two readings differ: by decision, then by the other fields."""
    changes: list[FieldChange] = []
    places = dict.fromkeys((d.eye, d.label) for d in (*stored.decisions, *yours.decisions))
    for eye, label in places:
        old, new = stored.decision(eye, label), yours.decision(eye, label)
        if old != new:
            shown = eye.shown if eye else "eye not stated"
            changes.append(FieldChange(f"{label} {shown}", _shown(old), _shown(new)))
    for field in fields(Reading):
        old_value, new_value = getattr(stored, field.name), getattr(yours, field.name)
        if field.name != "decisions" and old_value != new_value:
            changes.append(FieldChange(field.name, _shown(old_value), _shown(new_value)))
    return tuple(changes)


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, Decision):
        return " ".join(filter(None, (value.grade.value, value.reason)))
    if isinstance(value, tuple):
        return ", ".join(finding.name for finding in value)
    return str(value)
