"""What nobody caught is logged with its traceback and shown with the log's place."""

import logging
import sys
import threading

from retina_desktop.domain.errors import ImageEmptyError
from retina_desktop.gui.notifications import Notifications


def test_an_error_for_the_user_is_shown_as_it_is(qapp, tmp_path):
    shown = []
    notifications = Notifications(tmp_path / "log")
    notifications.raised.connect(shown.append)
    notifications.report(ImageEmptyError("The file has no bytes."))
    assert shown == ["The file has no bytes."]


def test_a_bug_in_any_thread_is_logged_and_shown(qtbot, tmp_path, caplog):
    shown = []
    notifications = Notifications(tmp_path / "retina.log")
    notifications.raised.connect(shown.append)
    before = sys.excepthook, threading.excepthook
    restore = notifications.watch()
    try:
        with caplog.at_level(logging.CRITICAL):
            thread = threading.Thread(target=lambda: 1 / 0)
            thread.start()
            thread.join()
            try:
                [][0]
            except IndexError:
                sys.excepthook(*sys.exc_info())
        qtbot.waitUntil(lambda: len(shown) == 2)
    finally:
        restore()
    assert (sys.excepthook, threading.excepthook) == before
    assert all("Internal error" in sentence and "retina.log" in sentence for sentence in shown)
    assert "ZeroDivisionError" in caplog.text
    assert "IndexError" in caplog.text
    assert not any("Zero" in sentence or "Index" in sentence for sentence in shown)
