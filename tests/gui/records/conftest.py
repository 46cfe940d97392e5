"""A window over real encrypted records, with quick key stretching and a clock that is set."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QLabel

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


@pytest.fixture
def logged_in(qtbot, open_shell, several):
    """Return a function that opens a window, logs in, and returns it on the Patients page."""

    def log_in(name=NAME, password=PASSWORD):
        opened = open_shell()
        session = opened.shell.session
        opened.window.actions_by_id["page_patients"].trigger()
        qtbot.waitUntil(lambda: session.state.records is not None and not session.state.busy)
        session.open(name, password)
        qtbot.waitUntil(lambda: session.is_open and not session.state.busy)
        qtbot.waitUntil(lambda: opened.shell.idle.minutes > 0)
        return opened

    return log_in


def carried_out(qtbot, handle):
    """Start a handle, wait for its end and return its result."""
    results, ended = [], []
    handle.succeeded.connect(results.append)
    handle.failed.connect(results.append)
    handle.finished.connect(lambda: ended.append(True))
    handle.start()
    qtbot.waitUntil(lambda: bool(ended))
    (result,) = results
    if isinstance(result, Exception):
        raise result
    return result


def texts(widget):
    """Return what a widget's visible labels say."""
    return " ".join(label.text() for label in widget.findChildren(QLabel) if label.isVisible())
