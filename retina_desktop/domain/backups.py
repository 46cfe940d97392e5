"""Backups as values: the plan, what one holds, which are kept, and when the next is due."""

import re
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from retina_desktop.domain.record_errors import InvalidEntryError

LONGEST_INTERVAL_H = 24 * 31
RETRY_AFTER = timedelta(hours=1)  # a drive that is not connected is not asked every minute
OVERDUE_AT_LEAST = timedelta(days=3)  # a free weekend is no alarm
_ID = re.compile(r"\d{8}T\d{6}Z(-\d{1,4})?")


@dataclass(frozen=True, slots=True)
class Rotation:
    """How many backups are kept: the newest of that many days, weeks and months with one."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 12

    def __post_init__(self) -> None:
        for name in ("daily", "weekly", "monthly"):
            if not 0 <= getattr(self, name) <= 1000:
                raise InvalidEntryError(name, "Keep between 0 and 1000 backups of a kind.")


@dataclass(frozen=True, slots=True)
class BackupPlan:
    """Where and how often backups are made by themselves; no folder: not at all."""

    folder: str = ""
    every_hours: int = 24
    rotation: Rotation = field(default_factory=Rotation)

    def __post_init__(self) -> None:
        if not 1 <= self.every_hours <= LONGEST_INTERVAL_H:
            raise InvalidEntryError(
                "every_hours", f"Back up every 1 to {LONGEST_INTERVAL_H} hours."
            )

    @property
    def is_set(self) -> bool:
        """Whether backups are made by themselves."""
        return bool(self.folder)

    @property
    def interval(self) -> timedelta:
        """From one backup to the next."""
        return timedelta(hours=self.every_hours)


@dataclass(frozen=True, slots=True)
class BackupPart:
    """One file of a backup beside the photographs; ``sha256`` is of its bytes as they lie."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class BackupManifest:
    """What a finished backup holds; written last, so that a backup without it is none.

    ``files`` counts the photographs and reports that its list names, ``without_file`` those of
    the records whose file was missing or damaged when the backup was made. ``seal`` is an
    HMAC by a key of the clinic, empty where records are not encrypted.
    """

    id: str
    made_at: datetime
    made_by: str
    schema_revision: str
    software_version: str
    series: str  # which records: the hash of their audit trail's first entry
    audit_sequence: int
    audit_hash: str
    encrypted: bool
    patients: int
    examinations: int
    files: int
    without_file: int
    files_bytes: int
    parts: tuple[BackupPart, ...]
    seal: str = ""

    def __post_init__(self) -> None:
        check_backup_id(self.id)

    @property
    def size_bytes(self) -> int:
        """Bytes that a restore writes."""
        return self.files_bytes + sum(part.size_bytes for part in self.parts)


@dataclass(frozen=True, slots=True)
class LastBackup:
    """The newest good backup made from this computer."""

    id: str
    at: datetime
    folder: str
    without_file: int = 0


@dataclass(frozen=True, slots=True)
class BackupState:
    """What a status line shows: cheap to ask, nothing is read from the backups' folder."""

    plan: BackupPlan
    last: LastBackup | None = None
    failed_at: datetime | None = None  # set only when the newest attempt failed
    failure: str = ""  # its sentence

    def overdue(self, now: datetime) -> bool:
        """Whether somebody should be told; without a plan nothing is expected."""
        return self.plan.is_set and overdue(
            now, last=self.last.at if self.last else None, interval=self.plan.interval
        )

    def due(self, now: datetime) -> bool:
        """Whether the plan wants a backup now."""
        return self.plan.is_set and due(
            now,
            last=self.last.at if self.last else None,
            failed=self.failed_at,
            interval=self.plan.interval,
        )


def due(
    now: datetime, *, last: datetime | None, failed: datetime | None, interval: timedelta
) -> bool:
    """Whether a backup is to be made at `now`.

    Parameters
    ----------
    now : datetime
        Aware.
    last : datetime or None
        The newest good backup; one in the future (the clock was wrong) counts for nothing.
    failed : datetime or None
        The newest attempt, if it failed: the next one waits `RETRY_AFTER`.
    interval : timedelta
        From one backup to the next.
    """
    if failed is not None and timedelta(0) <= now - failed < min(RETRY_AFTER, interval):
        return False
    return last is None or last > now or now - last >= interval


def overdue(now: datetime, *, last: datetime | None, interval: timedelta) -> bool:
    """Whether the newest good backup is so old that somebody must be told."""
    return last is None or now - last >= max(2 * interval, OVERDUE_AT_LEAST)


def kept(moments: Mapping[str, datetime], rotation: Rotation) -> frozenset[str]:
    """Return the ids of the backups to keep, by id and moment; the newest always is.

    Days, weeks (ISO) and months are of UTC and only those count that have a backup: a clinic
    that was closed for a month keeps what it had.
    """
    newest_first = sorted(moments, key=lambda name: (moments[name], name), reverse=True)
    chosen = set(newest_first[:1])
    for number, period in (
        (rotation.daily, _day),
        (rotation.weekly, _week),
        (rotation.monthly, _month),
    ):
        chosen |= _first_of_each(newest_first, moments, number, period)
    return frozenset(chosen)


def backup_id(moment: datetime, taken: Iterable[str] = ()) -> str:
    """Return the name of a backup begun at `moment`: sorted by name is sorted by time."""
    name = f"{moment.astimezone(UTC):%Y%m%dT%H%M%SZ}"
    others, number = set(taken), 1
    while (f"{name}-{number}" if number > 1 else name) in others:
        number += 1
    return f"{name}-{number}" if number > 1 else name


def is_backup_id(name: str) -> bool:
    """Whether `name` can be a backup's."""
    return _ID.fullmatch(name) is not None


def check_backup_id(name: str) -> None:
    """Raise an InvalidEntryError unless `name` can be a backup's."""
    if not is_backup_id(name):
        raise InvalidEntryError(
            "backup", "A backup is named like 20260302T090000Z; backup list shows them."
        )


def _first_of_each(
    newest_first: list[str],
    moments: Mapping[str, datetime],
    number: int,
    period: Callable[[datetime], Hashable],
) -> set[str]:
    found: dict[Hashable, str] = {}
    for name in newest_first:
        found.setdefault(period(moments[name].astimezone(UTC)), name)
    return set(list(found.values())[:number])


def _day(moment: datetime) -> Hashable:
    return moment.date()


def _week(moment: datetime) -> Hashable:
    return moment.isocalendar()[:2]


def _month(moment: datetime) -> Hashable:
    return moment.year, moment.month
