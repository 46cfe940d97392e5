"""The report's dialog over a real visit."""

import pytest

from retina_desktop.gui.report_preview.dialog import ReportDialog
from tests.gui.examination.conftest import *  # noqa: F403 - its fixtures are ours too


@pytest.fixture
def dialog(qtbot, tools, page, photographed):
    number = photographed("a.jpg")
    dialog = ReportDialog(tools, number, signed=False, parent=page)
    dialog.show()
    qtbot.waitUntil(lambda: is_shown(dialog), timeout=20_000)
    yield dialog
    dialog.reject()


def is_shown(dialog) -> bool:
    """Whether the pages of what was asked for are there."""
    return bool(dialog.model.state.pdf) and not dialog.model.state.busy
