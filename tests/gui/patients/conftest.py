"""The pages of the records over real records with real workers."""

import shutil
from dataclasses import replace

import pytest

from retina_desktop.bootstrap_records.window import FolderGate
from retina_desktop.config.folders import Folders
from retina_desktop.domain.users import Role
from retina_desktop.gui.app import dress
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.patients.page import PatientsPage
from retina_desktop.gui.records.port import NewRecords
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeChoice, ThemeKeeper
from tests.gui.conftest import ScriptedDialogs
from tests.gui.examination.answers import StandInModel
from tests.gui.patients.clinic import Clinic
from tests.helpers.fakes import RESOURCES, FakeServices

PASSWORD = "correct horse battery"


@pytest.fixture(scope="session")
def new_folder(tmp_path_factory):
    """Give records just set up, to be copied: making them takes longer."""
    folder = tmp_path_factory.mktemp("clinic")
    gate = FolderGate(Folders(RESOURCES.parent, folder))
    gate.set_up(NewRecords(None, "Dr A. Rao", PASSWORD))
    return folder


@pytest.fixture
def gate(new_folder, tmp_path):
    shutil.copytree(new_folder, tmp_path / "data")
    return FolderGate(Folders(RESOURCES.parent, tmp_path / "data"))


@pytest.fixture
def session(qtbot, gate):
    session = RecordsSession(gate)
    with qtbot.waitSignal(session.opened, timeout=10_000):
        session.open(None, PASSWORD)
    yield session
    assert session.shut_down()


@pytest.fixture
def clinic(session, tmp_path):
    return Clinic(session.services, tmp_path)


@pytest.fixture
def become(session):
    """Return a function that leaves the user only this role, as if another had logged in."""

    def change(role: Role) -> None:
        services = session.services
        user = replace(services.user, roles=frozenset({role}))
        acting = replace(services.acting, user=user)
        session._services = replace(services, user=user, acting=acting)

    return change


@pytest.fixture
def reported():
    return []


@pytest.fixture
def model():
    return StandInModel()


@pytest.fixture
def tools(qapp, tmp_path, session, reported, model):
    dress(qapp)
    lanes = Lanes(*(TaskRunner(name) for name in ("analysis", "pictures", "heatmaps", "files")))
    notifications = Notifications(tmp_path / "retina.log")
    notifications.raised.connect(reported.append)
    services = replace(FakeServices(tmp_path).services(), analyse_bytes=model)
    yield PageTools(
        theme=ThemeKeeper(qapp, RESOURCES, ThemeChoice.LIGHT),
        session=session,
        dialogs=ScriptedDialogs(),
        notifications=notifications,
        services=services,
        lanes=lanes,
        screening=ScreeningViewModel(services, lanes),
    )
    assert lanes.shut_down()


@pytest.fixture
def page(qtbot, tools):
    page = PatientsPage(tools)
    tools.session.closed.connect(page.forget)  # as the window does
    page.resize(1100, 700)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    yield page
    page.leave()
    page.close()
    page.deleteLater()
