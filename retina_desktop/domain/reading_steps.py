"""What a reader does to a reading, each as a pure step: agree, grade, add, accept, correct."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Reading,
    UngradableReason,
    agreement_with,
    missing_before_signing,
)
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.referral_tiers import ReferralTier

Eye = Laterality | None


@dataclass(frozen=True, slots=True)
class SeenFindings:
    """What the newest model says of one photograph in force, and whose eye it shows."""

    eye: Eye
    findings: tuple[Finding, ...]
    image_id: int
    analysis_id: int | None = None

    @property
    def positives(self) -> tuple[Finding, ...]:
        """The findings that reach their threshold."""
        return tuple(finding for finding in self.findings if finding.is_positive)


@dataclass(frozen=True, slots=True)
class MissingStep:
    """What is still to do before signing, and where; no label is the referral."""

    sentence: str
    eye: Eye = None
    label: str | None = None
    image_id: int | None = None


def grade_for(finding: Finding | None, agreement: Agreement) -> Grade:
    """Return the grade that `agreement` with a finding means; no finding counts as absent."""
    if agreement is Agreement.UNSURE:
        return Grade.QUESTIONABLE
    positive = bool(finding and finding.is_positive)
    agrees = agreement is Agreement.AGREE
    return Grade.PRESENT if positive == agrees else Grade.ABSENT


def decided(
    reading: Reading,
    seen: SeenFindings,
    label: str,
    grade: Grade,
    *,
    ungradable: UngradableReason | None = None,
) -> Reading:
    """Return the reading with `label` graded in the photograph's eye; its words stay."""
    before = reading.decision(seen.eye, label)
    finding = next((f for f in seen.findings if f.label == label), None)
    reason = (
        (ungradable or (before.ungradable if before else None) or UngradableReason.OTHER)
        if grade is Grade.CANNOT_GRADE
        else None
    )
    agreement = agreement_with(finding, grade)
    if before is None:
        decision = Decision(
            seen.eye, label, grade, agreement, ungradable=reason, analysis_id=seen.analysis_id
        )
    else:
        decision = replace(
            before,
            grade=grade,
            agreement=agreement,
            ungradable=reason,
            analysis_id=seen.analysis_id or before.analysis_id,
        )
    return with_decision(reading, decision)


def with_decision(reading: Reading, decision: Decision) -> Reading:
    """Return the reading with `decision` in place of the one on the same label and eye."""
    place = (decision.eye, decision.label)
    if reading.decision(*place) is None:
        return replace(reading, decisions=(*reading.decisions, decision))
    decisions = tuple(decision if (d.eye, d.label) == place else d for d in reading.decisions)
    return replace(reading, decisions=decisions)


def without_decision(reading: Reading, eye: Eye, label: str) -> Reading:
    """Return the reading that says nothing about `label` in `eye`."""
    kept = tuple(d for d in reading.decisions if (d.eye, d.label) != (eye, label))
    return replace(reading, decisions=kept)


def with_own_finding(reading: Reading, own: OwnFinding) -> Reading:
    """Return the reading with another finding of the reader's, unless it is there already."""
    there = any((f.eye, f.name) == (own.eye, own.name) for f in reading.own_findings)
    if there:
        return reading
    return replace(reading, own_findings=(*reading.own_findings, own))


def accepted(
    reading: Reading, photographs: Iterable[SeenFindings], suggestion: ReferralTier | None
) -> Reading:
    """Return the reading that agrees wherever the reader has said nothing yet.

    Each finding present without a decision becomes *present*, and the model's referral is
    taken where none was chosen. What the reader has said stays.
    """
    for seen in photographs:
        for finding in seen.positives:
            if finding.label == DISEASE_RISK or reading.decision(seen.eye, finding.label):
                continue
            reading = decided(reading, seen, finding.label, Grade.PRESENT)
    if reading.referral is None and suggestion is not None:
        reading = replace(reading, referral=suggestion)
    return reading


def eye_ungradable(
    reading: Reading, photographs: Sequence[SeenFindings], eye: Eye, why: UngradableReason
) -> Reading:
    """Return the reading in which `eye` as a whole cannot be graded, for one reason.

    It stands on the collective label, and on every finding present there that the reader has
    not decided on otherwise.
    """
    before = reading.decision(eye, DISEASE_RISK)
    whole = Decision(eye, DISEASE_RISK, Grade.CANNOT_GRADE, ungradable=why)
    if before is not None:
        whole = replace(before, grade=Grade.CANNOT_GRADE, agreement=None, ungradable=why)
    reading = with_decision(reading, whole)
    for seen in photographs:
        if seen.eye is not eye:
            continue
        for finding in seen.positives:
            found = reading.decision(eye, finding.label)
            if found is None or found.grade is Grade.CANNOT_GRADE:
                grade = Grade.CANNOT_GRADE
                reading = decided(reading, seen, finding.label, grade, ungradable=why)
    return reading


def eye_gradable(reading: Reading, eye: Eye) -> Reading:
    """Return the reading in which nothing of `eye` is *cannot grade* any more."""
    kept = tuple(
        d for d in reading.decisions if d.eye is not eye or d.grade is not Grade.CANNOT_GRADE
    )
    return replace(reading, decisions=kept)


def moved_to_eye(reading: Reading, old: Eye, new: Eye) -> Reading:
    """Return the reading after the only photograph of `old` was found to show `new`.

    Decisions and findings go along where nothing was said of `new` on the same label.
    """
    there = {d.label for d in reading.decisions if d.eye is new}
    decisions = tuple(
        replace(d, eye=new) if d.eye is old and d.label not in there else d
        for d in reading.decisions
    )
    names = {f.name for f in reading.own_findings if f.eye is new}
    own = tuple(
        replace(f, eye=new) if f.eye is old and f.name not in names else f
        for f in reading.own_findings
    )
    return replace(reading, decisions=decisions, own_findings=own)


def missing_steps(
    reading: Reading, photographs: Sequence[SeenFindings]
) -> tuple[MissingStep, ...]:
    """Return what `missing_before_signing` tells, each with its place; words are the same."""
    if not photographs:
        return (MissingStep("Add a photograph."),)
    steps: dict[str, MissingStep] = {}
    referred = replace(reading, referral=reading.referral or ReferralTier.NONE)
    for seen in photographs:
        for finding in seen.positives:
            for sentence in missing_before_signing(referred, [(seen.eye, [finding])]):
                step = MissingStep(sentence, seen.eye, finding.label, seen.image_id)
                steps.setdefault(sentence, step)
    for sentence in missing_before_signing(replace(reading, decisions=()), []):
        steps.setdefault(sentence, MissingStep(sentence))
    return tuple(steps.values())
