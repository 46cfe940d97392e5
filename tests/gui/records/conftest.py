"""A window over real encrypted records, with quick key stretching and a clock that is set."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from retina_desktop.bootstrap_records.records_folder import Workstation
from retina_desktop.bootstrap_records.set_up import first_user, set_up_records
from retina_desktop.bootstrap_records.window import FolderGate
from retina_desktop.config.folders import Folders
from retina_desktop.gui.app import dress, open_window
from retina_desktop.persistence.key_vault import Argon2Cost

QUICK = Argon2Cost(memory_kib=64, passes=1, lanes=1)
PASSWORD, NAME = "quiet lamp over the river", "m.rao"


@dataclass
class Clock:
    """The workstation's clock, moved by the test."""

    moment: datetime = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __call__(self):
        self.moment += timedelta(milliseconds=1)
        return self.moment

    def forward(self, **by):
        self.moment += timedelta(**by)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def desk(clock):
    return Workstation("room-1", clock, QUICK)


@pytest.fixture
def folders(own_data_folder):
    return Folders.find()


@pytest.fixture
def several(folders, desk):
    """Set up records of several people; return the recovery key."""
    user = first_user(administrator=NAME, full_name="Meera Rao")
    return set_up_records(folders, user=user, password=PASSWORD, at=desk)


@pytest.fixture
def open_shell(qtbot, qapp, fake, dialogs, folders, desk):
    """Return a function that opens a window over the folder's records; closed at the end."""
    opened_windows = []

    def opening():
        dress(qapp)
        services = replace(fake.services(), records=FolderGate(folders, at=desk))
        opened = open_window(qapp, services, dialogs=dialogs)
        opened.window.show()
        opened_windows.append(opened)
        return opened

    yield opening
    for opened in opened_windows:
        opened.window.close()
        assert opened.shut_down()
        opened.window.deleteLater()
