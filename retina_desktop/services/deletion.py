"""Deleting a patient's whole record when its time is over: shown first, confirmed, for good."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from retina_desktop.domain.json_values import JsonValue
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.retention import (
    DEFAULT_RULE,
    DeletionReason,
    Retention,
    RetentionRule,
    retention_of,
)
from retina_desktop.domain.transfer_errors import KeptByRetentionError, NotConfirmedError
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.deletion_ports import Deleted, DeletionStore, RecordSpan
from retina_desktop.services.settings_ports import SettingStore

RETENTION = "records.retention"
BACKUPS_STILL_HOLD = (
    "Backups made before still hold the record until they rotate out; restoring one of them "
    "brings it back."
)


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What a deletion would remove, and whether it may; ``contents`` are rows by table."""

    span: RecordSpan
    retention: Retention
    may_delete: bool
    contents: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class RetentionSetting:
    """The clinic's rule; for everybody to see, for administrators to change."""

    settings: SettingStore

    def rule(self) -> RetentionRule:
        """Return the rule in force.

        Raises
        ------
        RecordsDamagedError
            If it is not what the program wrote: nothing is deleted by a rule nobody knows.
        """
        stored = self.settings.get(RETENTION)
        return DEFAULT_RULE if stored is None else _rule_of(stored.value)

    def change(self, acting: Acting, rule: RetentionRule) -> RetentionRule:
        """Keep another rule.

        Raises
        ------
        PermissionDeniedError, ConflictError
        """
        by = acting.allowed(Permission.ADMINISTER)
        stored = self.settings.get(RETENTION)
        value: JsonValue = {
            "years_after_last_visit": rule.years_after_last_visit,
            "until_age": rule.until_age,
        }
        version = stored.version if stored else 0
        self.settings.put(RETENTION, value, expected_version=version, by=by)
        return rule


@dataclass(frozen=True, slots=True)
class PlanDeletion:
    """Show what would go, and why it may or may not."""

    store: DeletionStore
    setting: RetentionSetting

    def __call__(self, acting: Acting, patient_id: int) -> DeletionPlan:
        """Return the plan.

        Raises
        ------
        PermissionDeniedError, RecordNotFoundError, PatientMergedError
        """
        acting.allowed(Permission.DELETE)
        span = self.store.span(patient_id)
        retention = _retention(self.setting.rule(), span)
        may = retention.over_on(_today(acting))
        return DeletionPlan(span, retention, may, self.store.contents(patient_id))


@dataclass(frozen=True, slots=True)
class DeletePatient:
    """Remove a patient's record for good; the audit trail keeps ids and counts alone."""

    store: DeletionStore
    setting: RetentionSetting

    def __call__(
        self, acting: Acting, patient_id: int, *, typed: str, reason: DeletionReason
    ) -> Deleted:
        """Return what went.

        Parameters
        ----------
        acting : Acting
            Who deletes.
        patient_id : int
            Whose record.
        typed : str
            The record number, typed again as the confirmation.
        reason : DeletionReason
            Kept in the audit trail.

        Raises
        ------
        KeptByRetentionError, NotConfirmedError, ConflictError, PermissionDeniedError,
        RecordNotFoundError, PatientMergedError
        """
        by = acting.allowed(Permission.DELETE)
        span = self.store.span(patient_id)
        retention = _retention(self.setting.rule(), span)
        if not retention.over_on(_today(acting)):
            raise KeptByRetentionError(
                f"This record is {retention.why}: it cannot be deleted before "
                f"{retention.until.isoformat()}."
            )
        if typed.strip() != span.record_number:
            raise NotConfirmedError(
                "The record number typed is not this patient's; nothing was deleted."
            )
        return self.store.delete(patient_id, last_day=span.last_day, reason=reason, by=by)


@dataclass(frozen=True, slots=True)
class DueForDeletion:
    """List the records whose time is over."""

    store: DeletionStore
    setting: RetentionSetting

    def __call__(self, acting: Acting) -> tuple[DeletionPlan, ...]:
        """Return them, the longest overdue first; contents are left empty.

        Raises
        ------
        PermissionDeniedError
        """
        acting.allowed(Permission.DELETE)
        rule, today = self.setting.rule(), _today(acting)
        due = [
            DeletionPlan(span, retention, may_delete=True, contents={})
            for span in self.store.spans()
            if (retention := _retention(rule, span)).over_on(today)
        ]
        return tuple(sorted(due, key=lambda plan: (plan.retention.until, plan.span.patient_id)))


def _retention(rule: RetentionRule, span: RecordSpan) -> Retention:
    return retention_of(
        rule, birth_date=span.birth_date, first_day=span.first_day, last_day=span.last_day
    )


def _today(acting: Acting) -> date:
    return acting.now().astimezone().date()


def _rule_of(value: JsonValue) -> RetentionRule:
    if isinstance(value, Mapping):
        years, age = value.get("years_after_last_visit"), value.get("until_age")
        if isinstance(years, int) and isinstance(age, int):
            return RetentionRule(years, age)
    raise RecordsDamagedError(
        "The retention rule in the settings cannot be read; set it again: retina-desktop "
        "patients retention."
    )
