"""Lanes of work: what they keep, and how they end."""

import gc
import threading
import weakref

import pytest

from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.gui.screening.view_model import Lanes
from retina_desktop.gui.task_runner import TaskRunner


class Pixels:
    """Stands for a photograph that a task holds."""


@pytest.fixture
def runner(qapp):
    runner = TaskRunner("test")
    yield runner
    assert runner.shut_down()


def test_a_task_that_ran_lets_go_of_what_it_holds(qtbot, runner):
    pixels = Pixels()
    kept = weakref.ref(pixels)
    handle = runner.prepare(lambda context, held=pixels: held is None)
    del pixels
    with qtbot.waitSignal(handle.finished):
        handle.start()
    gc.collect()
    assert kept() is None


def test_a_cancelled_task_lets_go_too(qtbot, runner):
    pixels = Pixels()
    kept = weakref.ref(pixels)
    handle = runner.prepare(lambda context, held=pixels: held is None)
    del pixels
    handle.cancel()
    with qtbot.waitSignals([handle.cancelled, handle.finished]):
        handle.start()
    gc.collect()
    assert kept() is None


def test_every_lane_is_asked_to_stop_before_any_is_waited_for(qapp):
    """The first lane's task ends only when the last lane's has noticed its cancel."""
    lanes = Lanes(*(TaskRunner(name) for name in ("a", "b", "c", "d")))
    started, noticed = threading.Barrier(3, timeout=5), threading.Event()

    def first(context):
        started.wait()
        assert noticed.wait(5)

    def last(context):
        started.wait()
        while True:
            try:
                context.progress(0.5)
            except TaskCancelledError:
                noticed.set()
                raise

    handles = [lanes.analysis.prepare(first), lanes.files.prepare(last)]
    for handle in handles:
        handle.start()
    started.wait()
    assert lanes.shut_down()
    assert noticed.is_set()
