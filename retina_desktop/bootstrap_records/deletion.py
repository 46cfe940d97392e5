"""The use cases of retention and deletion, over open records."""

from typing import TYPE_CHECKING

from retina_desktop.services.deletion import (
    DeletePatient,
    DueForDeletion,
    PlanDeletion,
    RetentionSetting,
)

if TYPE_CHECKING:
    from retina_desktop.persistence.deletion_store import SqlDeletionStore
    from retina_desktop.persistence.opening import Records


def retention_setting(records: "Records") -> RetentionSetting:
    """Return the clinic's retention rule."""
    return RetentionSetting(records.settings)


def plan_deletion(records: "Records") -> PlanDeletion:
    """Return what shows what a deletion would remove."""
    return PlanDeletion(_store(records), retention_setting(records))


def delete_patient(records: "Records") -> DeletePatient:
    """Return what deletes."""
    return DeletePatient(_store(records), retention_setting(records))


def due_for_deletion(records: "Records") -> DueForDeletion:
    """Return what lists the records whose time is over."""
    return DueForDeletion(_store(records), retention_setting(records))


def _store(records: "Records") -> "SqlDeletionStore":
    from retina_desktop.persistence.deletion_store import SqlDeletionStore

    return SqlDeletionStore(records.audited, records.images)
