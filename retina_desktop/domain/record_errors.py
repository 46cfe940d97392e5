"""What can go wrong with records, each told in one sentence; nothing stored is lost by any.

As with every `RetinaError`, no text holds a patient's data: where values matter (what another
workstation changed) they are attributes, for the window to show to who may see them.
"""

from dataclasses import dataclass
from typing import ClassVar

from retina_desktop.domain.errors import RetinaError


class InvalidEntryError(RetinaError, ValueError):
    """Something typed cannot be kept as it is; ``field`` says where."""

    code: ClassVar[str] = "invalid_entry"

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class RecordNotFoundError(RetinaError):
    """There is no such patient, examination, image or analysis."""

    code: ClassVar[str] = "record_not_found"


class RecordNumberTakenError(RetinaError):
    """Another patient has that record number."""

    code: ClassVar[str] = "record_number_taken"


class PatientMergedError(RetinaError):
    """The patient was merged into another; ``kept_id`` is the one to work with."""

    code: ClassVar[str] = "patient_merged"

    def __init__(self, kept_id: int) -> None:
        super().__init__(
            "This patient was merged into another; open that record, or undo the merging."
        )
        self.kept_id = kept_id


class MergeRefusedError(RetinaError):
    """Two records cannot be merged, or not be parted, as asked."""

    code: ClassVar[str] = "merge_refused"


class AlreadySignedError(RetinaError):
    """The examination is signed and therefore locked."""

    code: ClassVar[str] = "already_signed"


class NotSignedError(RetinaError):
    """An addendum was asked for before there is anything signed to add to."""

    code: ClassVar[str] = "not_signed"


class NotReadyToSignError(RetinaError):
    """Something is missing before an examination can be signed; ``missing`` lists it."""

    code: ClassVar[str] = "not_ready_to_sign"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__("This examination cannot be signed yet: " + " ".join(missing))
        self.missing = missing


class PermissionDeniedError(RetinaError):
    """The role of the user does not include this."""

    code: ClassVar[str] = "permission_denied"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field on which two writers differ."""

    field: str
    stored: str  # what is in the records now
    yours: str  # what was about to be written


class ConflictError(RetinaError):
    """Somebody else changed the record since it was read; nothing was written.

    ``stored_version`` is the version to read before trying again, ``changed_by`` the user who
    wrote it, ``changes`` the fields on which the two differ (with patient data: never log).
    """

    code: ClassVar[str] = "conflict"

    def __init__(
        self,
        *,
        record: str,
        stored_version: int,
        changed_by: str,
        changes: tuple[FieldChange, ...],
    ) -> None:
        fields = ", ".join(change.field.replace("_", " ") for change in changes) or "nothing"
        super().__init__(
            f"This {record} was changed by {changed_by} in the meantime (different from yours: "
            f"{fields}); look at the new state and enter your change again."
        )
        self.stored_version = stored_version
        self.changed_by = changed_by
        self.changes = changes


class RecordsUnavailableError(RetinaError):
    """The database cannot be used now; its subclasses say why."""

    code: ClassVar[str] = "records_unavailable"


class DiskFullError(RecordsUnavailableError):
    """No room for the database or an image."""

    code: ClassVar[str] = "disk_full"


class RecordsReadOnlyError(RecordsUnavailableError):
    """The folder or the database does not let this user write."""

    code: ClassVar[str] = "records_read_only"


class RecordsLockedError(RecordsUnavailableError):
    """Another program holds the database for too long."""

    code: ClassVar[str] = "records_locked"


class RecordsDamagedError(RecordsUnavailableError):
    """The database file or a stored row is not what the program wrote."""

    code: ClassVar[str] = "records_damaged"


class DatabaseNewerError(RecordsUnavailableError):
    """A newer program wrote this database."""

    code: ClassVar[str] = "database_newer"


class BackupFailedError(RecordsUnavailableError):
    """The backup that must come before an upgrade could not be made or verified."""

    code: ClassVar[str] = "backup_failed"


class EncryptionUnavailableError(RecordsUnavailableError):
    """Databases cannot be encrypted here, and nobody chose to do without."""

    code: ClassVar[str] = "encryption_unavailable"


class EncryptionMismatchError(RecordsUnavailableError):
    """The database is encrypted and should not be, or the other way round."""

    code: ClassVar[str] = "encryption_mismatch"


class WrongKeyError(RecordsUnavailableError):
    """The key does not open this database."""

    code: ClassVar[str] = "wrong_key"


class WrongPasswordError(RetinaError):
    """User and password, or the recovery key, do not belong together."""

    code: ClassVar[str] = "wrong_password"


class TooManyAttemptsError(WrongPasswordError):
    """Wrong passwords came too often; ``wait_s`` seconds from now the next one is looked at."""

    code: ClassVar[str] = "too_many_attempts"

    def __init__(self, wait_s: int) -> None:
        super().__init__(
            f"There were too many wrong passwords; wait {_spoken(wait_s)}, then try again."
        )
        self.wait_s = wait_s


class LoginNeededError(WrongPasswordError):
    """The records no longer open without a password on this computer."""

    code: ClassVar[str] = "login_needed"


class KeyVaultError(RetinaError):
    """The file of wrapped keys is missing, damaged or cannot be written."""

    code: ClassVar[str] = "key_vault"


class StoredImageMissingError(RetinaError):
    """The record names an image whose file is not in the image store."""

    code: ClassVar[str] = "stored_image_missing"


class StoredImageDamagedError(RetinaError):
    """An image's file in the store is cut, altered or of another key."""

    code: ClassVar[str] = "stored_image_damaged"


def _spoken(seconds: int) -> str:
    if seconds < 90:
        return f"{seconds} seconds" if seconds != 1 else "1 second"
    return f"{-(-seconds // 60)} minutes"
