"""A reader's words on the command line, turned into decisions on labels and eyes.

``LABEL`` alone means every eye where the model reports it, or every eye where the model judged
it if it reports it nowhere; ``OD:LABEL`` and ``OS:LABEL`` mean one eye.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from retina_desktop.domain.decisions import (
    Decision,
    Grade,
    OwnFinding,
    Reading,
    Severity,
    UngradableReason,
    agreement_with,
)
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import LABELS
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.services.examination_records import ExaminationRecord

_EYES = {eye.shown: eye for eye in Laterality}


@dataclass(frozen=True, slots=True)
class ReaderWords:
    """As typed; None for a text that was not given."""

    agree: tuple[str, ...] = ()
    disagree: tuple[str, ...] = ()
    add: tuple[str, ...] = ()
    referral: ReferralTier | None = None
    comment: str | None = None
    referral_note: str | None = None


@dataclass(frozen=True, slots=True)
class DecisionEntry:
    """A decision in a file; ``eye`` is ``OD``, ``OS`` or null."""

    label: str
    grade: Grade
    eye: str | None = None
    reason: str = ""
    ungradable: UngradableReason | None = None
    severity: Severity = Severity.NOT_STATED


@dataclass(frozen=True, slots=True)
class OwnFindingEntry:
    """A finding that is no label of the model, in a file."""

    name: str
    eye: str | None = None
    severity: Severity = Severity.NOT_STATED
    note: str = ""


@dataclass(frozen=True, slots=True)
class ReadingFile:
    """The whole file; what it leaves out stays as it was saved before."""

    decisions: tuple[DecisionEntry, ...] = ()
    own_findings: tuple[OwnFindingEntry, ...] = ()
    comment: str | None = None
    referral: ReferralTier | None = None
    referral_note: str | None = None


def read_decisions_file(path: Path) -> ReadingFile:
    """Return what the JSON file says.

    Raises
    ------
    InvalidEntryError
        If it cannot be read or is no such document; the sentence names the first wrong place.
    """
    from pydantic import ConfigDict, TypeAdapter, ValidationError, with_config

    strict = with_config(ConfigDict(extra="forbid"))
    for kind in (DecisionEntry, OwnFindingEntry):
        strict(kind)
    try:
        return TypeAdapter(strict(ReadingFile)).validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidEntryError("decisions", "The file of decisions cannot be read.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"])) or "the document"
        raise InvalidEntryError(
            "decisions", f"The file of decisions is wrong at {place}: {first['msg']}."
        ) from error


@dataclass(frozen=True, slots=True)
class SpokenReading:
    """Adds words to a reading of `record`; earlier ones on the same place give way."""

    record: ExaminationRecord

    def with_words(self, reading: Reading, words: ReaderWords) -> Reading:
        """Return `reading` with what was typed.

        Raises
        ------
        InvalidEntryError
            For an eye without photographs, a label the model did not judge, a missing reason,
            or two words on one place.
        """
        decisions = [d for text in words.agree for d in self._confirmed(text)]
        decisions += [d for text in words.disagree for d in self._overruled(text)]
        added = [self._added(text) for text in words.add]
        decisions += [item for item in added if isinstance(item, Decision)]
        own = [item for item in added if isinstance(item, OwnFinding)]
        return self._merged(
            reading, decisions, own, words.referral, words.comment, words.referral_note
        )

    def with_file(self, reading: Reading, file: ReadingFile) -> Reading:
        """Return `reading` with what the file says; errors as `with_words`."""
        decisions = [self._of_entry(entry) for entry in file.decisions]
        own = [
            OwnFinding(self._eye(entry.eye), entry.name, entry.severity, entry.note)
            for entry in file.own_findings
        ]
        return self._merged(
            reading, decisions, own, file.referral, file.comment, file.referral_note
        )

    def _merged(
        self,
        reading: Reading,
        decisions: list[Decision],
        own: list[OwnFinding],
        referral: ReferralTier | None,
        comment: str | None,
        referral_note: str | None,
    ) -> Reading:
        places = [(d.eye, d.label) for d in decisions]
        for place in places:
            if places.count(place) > 1:
                raise InvalidEntryError("label", f"{place[1]} is decided twice in one eye.")
        kept = [d for d in reading.decisions if (d.eye, d.label) not in set(places)]
        names = {(finding.eye, finding.name) for finding in own}
        earlier = [f for f in reading.own_findings if (f.eye, f.name) not in names]
        return replace(
            reading,
            decisions=(*kept, *decisions),
            own_findings=(*earlier, *own),
            referral=referral or reading.referral,
            comment=reading.comment if comment is None else comment,
            referral_note=reading.referral_note if referral_note is None else referral_note,
        )

    def _confirmed(self, text: str) -> list[Decision]:
        eyes, label, _ = self._judged(text)
        return [self._decision(eye, label, present=self._positive(eye, label)) for eye in eyes]

    def _overruled(self, text: str) -> list[Decision]:
        eyes, label, reason = self._judged(text)
        if not reason.strip():
            raise InvalidEntryError(
                "reason", f"Say why you disagree: --disagree {label}:REASON."
            )
        return [
            self._decision(eye, label, present=not self._positive(eye, label), reason=reason)
            for eye in eyes
        ]

    def _added(self, text: str) -> Decision | OwnFinding:
        stated, label, rest = _split(text)
        name = f"{label}:{rest}" if rest else label
        eyes = self._photographed()
        if stated is None and len(eyes) != 1:
            raise InvalidEntryError("eye", f"Say in which eye: --add OD:{label} or OS:{label}.")
        eye = eyes[0] if stated is None else self._eye(stated.shown)
        if name in LABELS:
            return self._decision(eye, name, present=True)
        return OwnFinding(eye, name)

    def _of_entry(self, entry: DecisionEntry) -> Decision:
        eye = self._eye(entry.eye)
        seen = self._seen(eye, entry.label)
        return Decision(
            eye,
            entry.label,
            entry.grade,
            agreement_with(seen[0] if seen else None, entry.grade),
            entry.reason,
            entry.ungradable,
            entry.severity,
            seen[1] if seen else None,
        )

    def _judged(self, text: str) -> tuple[list[Laterality | None], str, str]:
        """Return the eyes meant, the label and the rest."""
        stated, label, rest = _split(text)
        eyes = self._photographed() if stated is None else [self._eye(stated.shown)]
        judged = [eye for eye in eyes if self._seen(eye, label) is not None]
        if not judged:
            raise InvalidEntryError(
                "label", f"The model did not judge {label} there; --add says what you see."
            )
        return [eye for eye in judged if self._positive(eye, label)] or judged, label, rest

    def _decision(
        self, eye: Laterality | None, label: str, *, present: bool, reason: str = ""
    ) -> Decision:
        seen = self._seen(eye, label)
        grade = Grade.PRESENT if present else Grade.ABSENT
        return Decision(
            eye,
            label,
            grade,
            agreement_with(seen[0] if seen else None, grade),
            reason,
            analysis_id=seen[1] if seen else None,
        )

    def _positive(self, eye: Laterality | None, label: str) -> bool:
        seen = self._seen(eye, label)
        return seen is not None and bool(seen[0].is_positive)

    def _seen(self, eye: Laterality | None, label: str) -> tuple[Finding, int] | None:
        """Return the most marked finding of `label` in `eye`, and its analysis."""
        found: list[tuple[Finding, int]] = []
        for image in self.record.images:
            analysis = self.record.newest_analysis(image.id)
            finding = analysis.content.finding(label) if analysis else None
            if image.laterality is eye and analysis and finding and finding.is_assessed:
                found.append((finding, analysis.id))
        return max(found, key=_mark, default=None)

    def _eye(self, shown: str | None) -> Laterality | None:
        eyes = self._photographed()
        eye = None if shown is None else _EYES.get(shown.upper())
        if (shown is not None and eye is None) or eye not in eyes:
            known = ", ".join(e.shown if e else "an eye not stated" for e in eyes)
            raise InvalidEntryError("eye", f"This examination has photographs of: {known}.")
        return eye

    def _photographed(self) -> list[Laterality | None]:
        return _once(image.laterality for image in self.record.images)


def _mark(seen: tuple[Finding, int]) -> tuple[bool, float]:
    finding = seen[0]
    return bool(finding.is_positive), finding.probability or 0.0


def _once(eyes: Iterable[Laterality | None]) -> list[Laterality | None]:
    return list(dict.fromkeys(eyes))


def _split(text: str) -> tuple[Laterality | None, str, str]:
    """Return eye, label and the rest of ``[OD:|OS:]LABEL[:REST]``."""
    head, _, tail = text.partition(":")
    eye = _EYES.get(head.strip().upper())
    if eye is not None:
        head, _, tail = tail.partition(":")
    if not head.strip():
        raise InvalidEntryError(
            "label", "A label is missing: write LABEL, OD:LABEL or OS:LABEL."
        )
    return eye, head.strip(), tail.strip()
