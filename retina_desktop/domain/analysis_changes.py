"""What a second model's word on a photograph changed against the first one's."""

from dataclasses import dataclass

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.stored_analyses import (
    FindingChange,
    ModelProvenance,
    StoredAnalysis,
    changes_between,
)


@dataclass(frozen=True, slots=True)
class AnalysisChanges:
    """Two analyses of one photograph side by side; ``changes`` holds every label that differs.

    The other tuples name labels: present now, present no more, assessed no more, newly
    assessed.
    """

    older_id: int
    newer_id: int
    older_model: ModelProvenance
    newer_model: ModelProvenance
    older_tier: ReferralTier
    newer_tier: ReferralTier
    changes: tuple[FindingChange, ...]
    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    no_longer_assessed: tuple[str, ...]
    newly_assessed: tuple[str, ...]

    @property
    def nothing_crossed(self) -> bool:
        """Whether the same labels are present, and the same are assessed."""
        return not any(change.crossed for change in self.changes)


def probability_difference(change: FindingChange) -> float | None:
    """Return by how much a label's probability rose; None where one model did not say."""
    before = change.before.probability if change.before else None
    after = change.after.probability if change.after else None
    return None if before is None or after is None else after - before


def compare_analyses(older: StoredAnalysis, newer: StoredAnalysis) -> AnalysisChanges:
    """Return what `newer` changed.

    Raises
    ------
    ValueError
        If the analyses are of different photographs.
    """
    changes = changes_between(older.content, newer.content)
    appeared, vanished, lost, gained = [], [], [], []
    for change in changes:
        before = change.before.is_positive if change.before else None
        after = change.after.is_positive if change.after else None
        if after and not before:
            appeared.append(change.label)
        if before and not after:
            vanished.append(change.label)
        if before is not None and after is None:
            lost.append(change.label)
        if before is None and after is not None:
            gained.append(change.label)
    return AnalysisChanges(
        older_id=older.id,
        newer_id=newer.id,
        older_model=older.content.model,
        newer_model=newer.content.model,
        older_tier=older.content.referral.tier,
        newer_tier=newer.content.referral.tier,
        changes=changes,
        appeared=tuple(appeared),
        vanished=tuple(vanished),
        no_longer_assessed=tuple(lost),
        newly_assessed=tuple(gained),
    )
