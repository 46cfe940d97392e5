"""Words of caution beside what the command line prints of a model's findings."""

from retina_desktop.domain.findings import Finding, LabelStatus


def demonstration_word(finding: Finding) -> str:
    """Return what stands behind a label that was learned from too few patients."""
    return ", demonstration only" if finding.status is LabelStatus.DEMONSTRATION else ""
