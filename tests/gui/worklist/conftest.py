"""The worklist over the same small clinic as the Patients page."""

import pytest

from retina_desktop.gui.worklist.page import WorklistPage
from tests.gui.patients.conftest import (
    become,
    clinic,
    gate,
    model,
    new_folder,
    reported,
    session,
    tools,
)

__all__ = ["become", "clinic", "gate", "model", "new_folder", "reported", "session", "tools"]


@pytest.fixture
def page(qtbot, tools):
    page = WorklistPage(tools)
    tools.session.closed.connect(page.forget)  # as the window does
    page.resize(1000, 640)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    yield page
    page.leave()
    page.close()
    page.deleteLater()
