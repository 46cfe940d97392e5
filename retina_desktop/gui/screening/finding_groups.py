"""In which order findings are read: present, absent, not assessed; or outside the range."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retina_desktop.domain.findings import Finding
from retina_desktop.domain.reading_order import reading_order

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis
    from retina_desktop.domain.range_checks import RangeCheck


@dataclass(frozen=True, slots=True)
class FindingGroups:
    """A photograph's findings, each in exactly one group.

    ``not_relied_on`` names those of ``outside_range`` whose answer reached its threshold.
    """

    present: tuple[Finding, ...] = ()
    absent: tuple[Finding, ...] = ()
    not_assessed: tuple[Finding, ...] = ()
    outside_range: tuple[Finding, ...] = ()
    not_relied_on: tuple[str, ...] = ()


def group_findings(
    findings: tuple[Finding, ...], range_check: "RangeCheck | None" = None
) -> FindingGroups:
    """Return the groups; outside the model's validated range all labels are one group.

    Present findings come in `reading_order`; the others keep the model's order, so that a
    label is always found at the same place.
    """
    if range_check is not None and not range_check.in_range:
        return FindingGroups(outside_range=findings, not_relied_on=range_check.not_relied_on)
    present = [finding for finding in findings if finding.is_positive]
    return FindingGroups(
        present=tuple(sorted(present, key=reading_order)),
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
