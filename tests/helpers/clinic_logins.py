"""A clinic's data folder for tests of the login: a clock that is turned by hand, cheap keys."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from retina_desktop.bootstrap_records.access import (
    Workstation,
    first_user,
    open_session,
    set_up_records,
)
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.config.folders import Folders
from retina_desktop.persistence.key_vault import Argon2Cost
from tests.helpers.records import MORNING

CHEAP = Argon2Cost(memory_kib=8, passes=1, lanes=1)
PASSWORD = "a long enough password"  # of these tests alone
ANNA = first_user(administrator="anna", full_name="Dr Anna Ito")


@dataclass
class Clock:
    """A clock that stands still until somebody turns it."""

    now: datetime = MORNING

    def __call__(self) -> datetime:
        return self.now

    def turn(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass
class Clinic:
    """A data folder, its clock, and the ways in."""

    data: Path
    clock: Clock = field(default_factory=Clock)

    @property
    def folders(self) -> Folders:
        return Folders(Path("program"), self.data)

    @property
    def records(self) -> Path:
        return self.data / "records"

    @property
    def desk(self) -> Workstation:
        return Workstation("desk-1", self.clock, CHEAP)

    def set_up(self, user=ANNA, password: str | None = PASSWORD) -> str:
        return set_up_records(self.folders, user=user, password=password, at=self.desk)

    def open(self, user: str | None = "anna", password: str | None = PASSWORD) -> OpenedRecords:
        return open_session(self.folders, user=user, password=password, at=self.desk)

    def trail(self) -> list[tuple[str, dict[str, str]]]:
        """Return actions and details, as anna sees them."""
        session = self.open()
        try:
            entries = [entry.event for entry in session.records.audit.entries()]
        finally:
            session.close()
        return [(event.action, dict(event.details)) for event in entries]
