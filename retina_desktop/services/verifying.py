"""The whole check, whether everything is still as it was written."""

from dataclasses import dataclass, field
from typing import Protocol

from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.tasks import TaskContext


@dataclass(frozen=True, slots=True)
class CheckedRecords:
    """What a whole check read, and what it found; ``problems`` are sentences.

    ``files`` are the photographs and printed reports that records name; ``missing`` and
    ``damaged`` name those among them by their SHA-256. ``unnamed`` counts files that no record
    names: an import that is being made, or one cut off, which the next start sets aside.
    """

    files: int
    audit_entries: int
    problems: tuple[str, ...]
    missing: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    unnamed: int = 0
    head: str = field(default="")  # NUMBER:HASH, as printed on reports

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


class RecordsCheck(Protocol):
    """Reads everything that the open records hold."""

    def __call__(self, context: TaskContext) -> CheckedRecords:
        """Return what was found; nothing is changed."""
        ...


@dataclass(frozen=True, slots=True)
class VerifyRecords:
    """Check database, audit trail, every record, and every file against its hash."""

    check: RecordsCheck

    def __call__(self, context: TaskContext, acting: Acting) -> CheckedRecords:
        """Return what was found.

        Raises
        ------
        PermissionDeniedError, TaskCancelledError
        """
        acting.allowed(Permission.SEE_AUDIT)
        return self.check(context)
