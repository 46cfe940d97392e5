"""How urgently to refer: a pure rule from findings and quality to a light and its reason.

One photograph: the most urgent tier of its present findings (`domain.labels` is the table; a
tentative finding counts for less, see `domain.reading_order`).
``Disease_Risk`` counts only when no named label explains it. A photograph outside the model's
validated range is read by a person: it shows neither a finding nor that there is none; what
the model suspected there makes it as urgent as that label is. Where only demonstrations looked
and found nothing, a person must look: they exclude nothing. A photograph that cannot be
judged is never "nothing found": it is repeated, unless what was found on it is urgent anyway.
One eye: the most urgent of its photographs; an ungradable photograph is forgiven when another
of the same eye could be judged. One patient: the more urgent eye.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK, Label, label_of
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import OUTSIDE_RANGE, RangeCheck, suspicion_of
from retina_desktop.domain.reading_order import is_tentative, reading_order, tier_of
from retina_desktop.domain.referral_tiers import ReferralTier

__all__ = ["Referral", "ReferralTier", "refer_eye", "refer_patient", "refer_photograph"]

_EXCLUDES_NOTHING = (
    "Only a demonstration looked at it, which excludes nothing: a reader must judge it."
)


@dataclass(frozen=True, slots=True)
class Referral:
    """The advice and, in plain sentences, why."""

    tier: ReferralTier
    reason: str


def refer_photograph(
    findings: Sequence[Finding],
    quality: ImageQuality,
    range_check: RangeCheck | None = None,
) -> Referral:
    """Advise on one photograph.

    Parameters
    ----------
    findings : Sequence[Finding]
        All labels of the model; empty when the photograph is no fundus photograph.
    quality : ImageQuality
        Of the same photograph.
    range_check : RangeCheck or None
        Of the same photograph, where the model has a validated range.
    """
    if not quality.is_fundus:
        return Referral(ReferralTier.REIMAGE, "This is not a colour fundus photograph.")
    if range_check is not None and not range_check.in_range:
        return _outside(range_check, quality)
    present = _explained([finding for finding in findings if finding.is_positive])
    found = min(map(tier_of, present), key=_rank, default=ReferralTier.NONE)
    if quality.gradable and not any(finding.is_assessed for finding in findings):
        return Referral(ReferralTier.SOON, "No label was assessed: a reader must judge it.")
    if quality.gradable and not present and _only_demonstrated(findings):
        return Referral(ReferralTier.SOON, _EXCLUDES_NOTHING)
    if quality.gradable:
        return Referral(found, _found_reason(present, found) or _nothing_reason(findings))
    ungradable = "The photograph is not gradable: " + _weaknesses(quality)
    if found.rank < ReferralTier.REIMAGE.rank:
        return Referral(found, f"{_found_reason(present, found)} {ungradable}")
    return Referral(
        ReferralTier.REIMAGE,
        f"{ungradable} Repeat it; refer the patient if it cannot be improved.",
    )


def refer_eye(photographs: Sequence[Referral]) -> Referral:
    """Advise on one eye from the advice on each of its photographs (at least one)."""
    judged = [p for p in photographs if p.tier is not ReferralTier.REIMAGE]
    worst = min(judged or photographs, key=lambda referral: referral.tier.rank)
    repeated = len(photographs) - len(judged)
    if judged and repeated:
        verb = "photograph was" if repeated == 1 else "photographs were"
        return Referral(worst.tier, f"{worst.reason} {repeated} other {verb} not gradable.")
    return worst


def refer_patient(eyes: Mapping[Laterality | None, Sequence[Referral]]) -> Referral:
    """Advise on a patient from the photographs of each eye.

    Photographs whose eye is unknown (key None) count as an eye of their own. An eye without
    any photograph is named in the reason: nobody has looked at it.
    """
    advised = {eye: refer_eye(photographs) for eye, photographs in eyes.items() if photographs}
    if not advised:
        return Referral(ReferralTier.REIMAGE, "No photograph has been judged.")
    tier = min((referral.tier for referral in advised.values()), key=lambda t: t.rank)
    parts = [f"{_eye_name(eye)}: {advised[eye].reason}" for eye in _in_order(advised)]
    if None not in advised:
        parts += [
            f"{_eye_name(eye)}: not examined." for eye in Laterality if eye not in advised
        ]
    return Referral(tier, " ".join(parts))


def _outside(range_check: RangeCheck, quality: ImageQuality) -> Referral:
    """Advise that a person looks; a suspicion on a photograph of whatever quality counts."""
    reason = f"{OUTSIDE_RANGE}: no label was assessed."
    suspected = _most_urgent([label_of(code) for code in range_check.not_relied_on])
    if suspected.rank < ReferralTier.REIMAGE.rank:
        tier = min(suspected, ReferralTier.SOON, key=lambda tier: tier.rank)
        return Referral(tier, f"{reason} {suspicion_of(range_check.not_relied_on)}")
    if not quality.gradable:
        return Referral(
            ReferralTier.REIMAGE,
            f"The photograph is not gradable: {_weaknesses(quality)} {reason} Repeat it; refer "
            "the patient if it cannot be improved.",
        )
    told = suspicion_of(range_check.not_relied_on) or "A reader must judge the photograph."
    return Referral(ReferralTier.SOON, f"{reason} {told}")


def _only_demonstrated(findings: Sequence[Finding]) -> bool:
    return all(
        finding.status is LabelStatus.DEMONSTRATION
        for finding in findings
        if finding.is_assessed
    )


def _explained(present: list[Finding]) -> list[Finding]:
    named = [finding for finding in present if finding.label != DISEASE_RISK]
    return named or present


def _most_urgent(labels: Sequence[Label]) -> ReferralTier:
    return min((label.tier for label in labels), key=_rank, default=ReferralTier.NONE)


def _rank(tier: ReferralTier) -> int:
    return tier.rank


def _found_reason(present: Sequence[Finding], tier: ReferralTier) -> str:
    deciding = [finding for finding in present if tier_of(finding) is tier]
    if not deciding:
        return ""
    if [finding.label for finding in deciding] == [DISEASE_RISK]:
        return "Abnormal, but no named label explains it: a reader should look."
    names = _listed([_named(finding) for finding in sorted(deciding, key=reading_order)])
    labels = [label_of(finding.label) for finding in deciding]
    notes = " ".join(label.urgency_note for label in labels if label.urgency_note)
    return f"Found: {names}. {notes}".strip()


def _named(finding: Finding) -> str:
    """Return the name, with a word of caution where the model saw too few patients."""
    name = label_of(finding.label).name.lower()
    if finding.status is not LabelStatus.DEMONSTRATION:
        return name
    narrowly = "just above its threshold, and " if is_tentative(finding) else ""
    return f"{name} (demonstration: {narrowly}the model saw few patients with it)"


def _nothing_reason(findings: Sequence[Finding]) -> str:
    assessed = sum(finding.is_assessed for finding in findings)
    missing = len(findings) - assessed
    reason = f"None of the {assessed} labels assessed reached its threshold."
    if missing:
        reason += f" {missing} labels are not assessed by this model."
    return reason


def _weaknesses(quality: ImageQuality) -> str:
    names = [reason.value.replace("_", " ") for reason in quality.reasons]
    return (_listed(names) if names else "too little can be seen") + "."


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:
        return "".join(names)
    return ", ".join(names[:-1]) + " and " + names[-1]


def _eye_name(eye: Laterality | None) -> str:
    return "Eye not stated" if eye is None else eye.shown


def _in_order(eyes: Mapping[Laterality | None, Referral]) -> list[Laterality | None]:
    order: list[Laterality | None] = [*Laterality, None]
    return [eye for eye in order if eye in eyes]
