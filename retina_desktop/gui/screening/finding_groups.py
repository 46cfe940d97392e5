"""In which order findings are read: present, absent, not assessed."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retina_desktop.domain.findings import Finding
from retina_desktop.domain.labels import DISEASE_RISK, label_of

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis


@dataclass(frozen=True, slots=True)
class FindingGroups:
    """A photograph's findings, each in exactly one group."""

    present: tuple[Finding, ...] = ()
    absent: tuple[Finding, ...] = ()
    not_assessed: tuple[Finding, ...] = ()


def group_findings(findings: tuple[Finding, ...]) -> FindingGroups:
    """Return the groups.

    Present findings come most urgent first, then by how far they are above their threshold;
    ``Disease_Risk``, which names nothing, comes last. The others keep the model's order, so
    that a label is always found at the same place.
    """
    present = [finding for finding in findings if finding.is_positive]
    return FindingGroups(
        present=tuple(sorted(present, key=_urgency)),
        absent=tuple(finding for finding in findings if finding.is_positive is False),
        not_assessed=tuple(finding for finding in findings if not finding.is_assessed),
    )


def chosen_label(analysis: "Analysis | None", wish: str | None) -> str | None:
    """Return whose heatmap is shown: the user's `wish`, else the first present finding."""
    if analysis is None or not analysis.quality.is_fundus:
        return None
    wished = analysis.finding(wish) if wish else None
    if wished is not None and wished.is_assessed:
        return wished.label
    present = group_findings(analysis.findings).present
    return present[0].label if present else None


def _urgency(finding: Finding) -> tuple[bool, int, float]:
    margin = (finding.probability or 0.0) - (finding.threshold or 0.0)
    return (finding.label == DISEASE_RISK, label_of(finding.label).tier.rank, -margin)
