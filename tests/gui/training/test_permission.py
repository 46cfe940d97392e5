"""The model that answers is the clinic's: who may change it hangs on the records."""

from datetime import UTC, datetime

import pytest

from retina_desktop.bootstrap_records.records_folder import Workstation
from retina_desktop.bootstrap_records.set_up import first_user, set_up_records
from retina_desktop.bootstrap_records.window import FolderGate
from retina_desktop.config.folders import Folders
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.training.part import why_not_install
from retina_desktop.persistence.key_vault import Argon2Cost

PASSWORD, NAME = "quiet lamp over the river", "m.rao"


@pytest.fixture
def desk():
    moment = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
    return Workstation("room-1", lambda: moment, Argon2Cost(memory_kib=64, passes=1, lanes=1))


@pytest.fixture
def session(qtbot, own_data_folder, desk):
    session = RecordsSession(FolderGate(Folders.find(), at=desk))
    yield session
    assert session.shut_down()


def looked(qtbot, session):
    session.look()
    qtbot.waitUntil(lambda: session.state.records is not None and not session.state.busy)


def test_without_records_there_is_nobody_to_ask(qtbot, session):
    assert why_not_install(None) == ""
    assert "Log in" in why_not_install(session)  # nobody has looked yet
    looked(qtbot, session)
    assert why_not_install(session) == ""


def test_with_records_an_administrator_logs_in_first(qtbot, session, desk):
    user = first_user(administrator=NAME, full_name="Meera Rao")
    set_up_records(Folders.find(), user=user, password=PASSWORD, at=desk)
    looked(qtbot, session)
    assert "Log in as an administrator" in why_not_install(session)
    session.open(NAME, PASSWORD)
    qtbot.waitUntil(lambda: session.is_open)
    assert why_not_install(session) == ""
