"""Which findings of an eye a report lists, and what each became in the reader's hands."""

from collections.abc import Iterable
from dataclasses import dataclass

from retina_desktop.domain.decisions import Decision, Grade, OwnFinding
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, label_of
from retina_desktop.domain.reading_order import is_tentative, strength_of, tier_of
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import ReportContent, ReportedPhotograph


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """A label worth a line: the model found it, or the reader said something of it."""

    label: str
    finding: Finding | None
    decision: Decision | None

    @property
    def counts(self) -> bool:
        """Whether it stands: the reader's word where there is one, else the model's."""
        if self.decision is not None:
            return self.decision.grade in {Grade.PRESENT, Grade.QUESTIONABLE}
        return self.finding is not None and bool(self.finding.is_positive)

    @property
    def tier(self) -> ReferralTier:
        """How urgent it is; a finding that nobody has decided on may be tentative."""
        if self.decision is None and self.finding is not None:
            return tier_of(self.finding)
        return label_of(self.label).tier


@dataclass(frozen=True, slots=True)
class EyeFindings:
    """One eye: what is listed, most marked first, and what is only named."""

    eye: Laterality | None
    photographs: tuple[ReportedPhotograph, ...]
    listed: tuple[ListedFinding, ...]
    own: tuple[OwnFinding, ...]
    below: tuple[Finding, ...]  # assessed and below their threshold
    not_assessed: tuple[str, ...]

    @property
    def is_judged(self) -> bool:
        """Whether any of its photographs could be judged, by eye and by the model."""
        return any(
            photo.analysis
            and photo.analysis.quality.gradable
            and photo.analysis.in_range is not False
            for photo in self.photographs
        )

    @property
    def outside_range(self) -> bool:
        """Whether any of its photographs lies outside the model's validated range."""
        return any(p.analysis and p.analysis.in_range is False for p in self.photographs)

    @property
    def suspected(self) -> tuple[str, ...]:
        """What the model's answers that are not relied on suspect, until a reader decides."""
        checks = [p.analysis.range_check for p in self.photographs if p.analysis]
        codes = dict.fromkeys(code for check in checks if check for code in check.not_relied_on)
        decided = {item.label for item in self.listed}
        return tuple(code for code in codes if code not in decided)


def findings_of_eye(content: ReportContent, eye: Laterality | None) -> EyeFindings:
    """Return what the report says of `eye`.

    Of several photographs the most marked finding of each label counts. ``Disease_Risk`` is
    listed only when no other finding explains it, as in `domain.referral`.
    """
    photographs = content.of_eye(eye)
    merged = _merged(photographs)
    decisions = {d.label: d for d in content.reading.decisions if d.eye is eye}
    listed = [
        ListedFinding(code, merged.get(code), decisions.get(code))
        for code in dict.fromkeys([*merged, *decisions])
        if code in decisions or _is_positive(merged[code])
    ]
    own = tuple(finding for finding in content.reading.own_findings if finding.eye is eye)
    if own or any(item.label != DISEASE_RISK for item in listed):
        listed = [item for item in listed if item.label != DISEASE_RISK or item.decision]
    shown = {item.label for item in listed}
    return EyeFindings(
        eye,
        photographs,
        tuple(sorted(listed, key=_order)),
        own,
        tuple(
            finding
            for code, finding in merged.items()
            if code not in shown and finding.is_assessed and code != DISEASE_RISK
        ),
        tuple(code for code, finding in merged.items() if not finding.is_assessed),
    )


def eyes_of(content: ReportContent) -> tuple[EyeFindings, ...]:
    """Return right, left, and where anything is known of no stated eye, that too."""
    eyes: list[Laterality | None] = [Laterality.RIGHT, Laterality.LEFT]
    parts = [findings_of_eye(content, eye) for eye in eyes]
    unstated = findings_of_eye(content, None)
    if unstated.photographs or unstated.listed or unstated.own:
        parts.append(unstated)
    return tuple(parts)


def deciding_tier(eyes: Iterable[EyeFindings]) -> ReferralTier:
    """Return the most urgent tier among what stands."""
    tiers = (item.tier for eye in eyes for item in eye.listed if item.counts)
    return min(tiers, key=lambda tier: tier.rank, default=ReferralTier.NONE)


def deciding_labels(eyes: Iterable[EyeFindings]) -> tuple[str, ...]:
    """Return the labels of the most urgent tier among what stands, each once."""
    eyes = tuple(eyes)
    worst = deciding_tier(eyes)
    if worst is ReferralTier.NONE:
        return ()
    items = (item for eye in eyes for item in eye.listed if item.counts)
    return tuple(dict.fromkeys(item.label for item in items if item.tier is worst))


def _merged(photographs: Iterable[ReportedPhotograph]) -> dict[str, Finding]:
    merged: dict[str, Finding] = {}
    for photo in photographs:
        # The model is not asked about a picture that is no fundus photograph.
        if photo.analysis is None or not photo.analysis.quality.is_fundus:
            continue
        for finding in photo.analysis.findings:
            known = merged.get(finding.label)
            if known is None or strength_of(finding) > strength_of(known):
                merged[finding.label] = finding
    return merged


def _is_positive(finding: Finding) -> bool:
    return bool(finding.is_positive)


def _order(item: ListedFinding) -> tuple[bool, bool, int, float, str]:
    """Sort what stands before what does not, then as findings are read."""
    strength = strength_of(item.finding) if item.finding else 0.0
    tentative = (
        item.decision is None and item.finding is not None and is_tentative(item.finding)
    )
    return not item.counts, tentative, label_of(item.label).tier.rank, -strength, item.label
