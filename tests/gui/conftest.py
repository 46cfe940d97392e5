"""A window over fakes, with real workers, closed and awaited after each test."""

import pytest
from pytestqt.qtbot import QtBot

from retina_desktop.gui.app import dress, open_window
from tests.helpers.fakes import FakeServices

OFFSCREEN_COMPLAINS = "propagateSizeHints"  # of Qt's own offscreen platform, on every window


PATIENCE_MS = 60_000  # a wait that holds lasts milliseconds; only a busy machine needs more


def pytest_collection_modifyitems(items):
    for item in items:
        if "tests/gui" in item.path.as_posix():
            item.add_marker(pytest.mark.qt_log_ignore(OFFSCREEN_COMPLAINS))


class PatientBot(QtBot):
    """Waits long enough for a machine that has other work."""

    def waitUntil(self, callback, *, timeout=0):  # noqa: N802  (Qt's way of naming)
        super().waitUntil(callback, timeout=max(timeout, PATIENCE_MS))

    def waitSignal(self, signal, *, timeout=0, raising=True, **asked):  # noqa: N802
        waits = max(timeout, PATIENCE_MS) if raising else timeout
        return super().waitSignal(signal, timeout=waits, raising=raising, **asked)


@pytest.fixture
def qtbot(qapp, request):
    """pytest-qt's robot, patient."""
    return PatientBot(request)


class ScriptedDialogs:
    """Answers the file dialogs as the test says."""

    def __init__(self):
        self.chosen, self.target, self.suggested = [], None, ""
        self.told, self.leaves = [], True

    def photographs(self, parent):
        return self.chosen

    def folder(self, parent):
        return self.chosen

    def picture_target(self, parent, suggestion):
        self.suggested = suggestion
        return self.target

    def text_target(self, parent, suggestion):
        self.suggested = suggestion
        return self.target

    def picture(self, parent):
        return self.target

    def leave_unsaved(self, parent, sentences):
        self.told = list(sentences)
        return self.leaves


@pytest.fixture
def fake(tmp_path):
    return FakeServices(tmp_path)


@pytest.fixture
def dialogs():
    return ScriptedDialogs()


@pytest.fixture
def opened(qtbot, qapp, fake, dialogs):
    """The window as the program opens it, shown, its model loaded."""
    dress(qapp)
    opened = open_window(qapp, fake.services(), dialogs=dialogs)
    opened.window.show()
    opened.screening.load_model()
    qtbot.waitUntil(lambda: opened.screening.state.model is not None)
    yield opened
    fake.gate.set()
    opened.window.close()
    assert opened.shut_down()
    opened.window.deleteLater()


@pytest.fixture
def analysed(qtbot, opened, fake):
    """Return a function that opens photographs by name and waits until all are finished."""

    def open_and_wait(*names):
        opened.screening.open_paths([fake.folder / name for name in names])
        qtbot.waitUntil(lambda: is_idle(opened.screening.state, len(names)), timeout=10_000)
        return opened.screening.state

    return open_and_wait


def is_idle(state, count):
    """Whether `count` photographs are there and none waits or runs."""
    return len(state.photographs) >= count and not state.busy
