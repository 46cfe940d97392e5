from threading import Event

import pytest

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.viewer.latest import LatestAnswer

WAIT_S = 20


@pytest.fixture
def runner(qtbot):
    runner = TaskRunner("test", width=2)
    yield runner
    assert runner.shut_down()


@pytest.fixture
def latest(runner):
    latest = LatestAnswer(runner)
    latest.heard = []
    latest.answered.connect(latest.heard.append)
    latest.failed.connect(latest.heard.append)
    return latest


def test_an_answer_that_comes_late_is_dropped(qtbot, latest):
    begun, asked_again, answered_late = Event(), Event(), Event()

    def old(context):
        begun.set()
        assert asked_again.wait(WAIT_S)
        answered_late.set()
        return "old"

    latest.ask(old)
    assert begun.wait(WAIT_S)
    latest.ask(lambda context: "new")
    qtbot.waitUntil(lambda: latest.heard == ["new"])
    asked_again.set()
    assert answered_late.wait(WAIT_S)
    latest.ask(lambda context: "newest")  # queued behind the late one's signals
    qtbot.waitUntil(lambda: "newest" in latest.heard)

    assert latest.heard == ["new", "newest"]


def test_what_was_forgotten_is_not_heard(qtbot, latest):
    forgotten = Event()

    def old(context):
        assert forgotten.wait(WAIT_S)
        return "old"

    latest.ask(old)
    latest.forget()
    forgotten.set()

    assert not latest.waiting
    latest.ask(lambda context: "new")
    qtbot.waitUntil(lambda: not latest.waiting)
    assert latest.heard == ["new"]


def test_a_failure_is_heard_once_and_ends_the_waiting(qtbot, latest):
    error = RetinaError("No.")

    def fails(context):
        raise error

    latest.ask(fails)
    assert latest.waiting
    qtbot.waitUntil(lambda: not latest.waiting)

    assert latest.heard == [error]
