"""An examination page over real records with real workers; the model is a stand-in."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pytest

from retina_desktop.bootstrap_records.records_folder import Workstation
from retina_desktop.bootstrap_records.window import FolderGate
from retina_desktop.config.folders import Folders
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.gui.app import dress
from retina_desktop.gui.examination.page import ExaminationPage
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.records.port import NewRecords
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeChoice, ThemeKeeper
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.persistence.key_vault import Argon2Cost
from retina_desktop.services.tasks import TaskContext
from tests.gui.conftest import ScriptedDialogs
from tests.gui.examination.answers import StandInModel
from tests.helpers.fakes import RESOURCES, FakeServices

PASSWORD = "quiet lamp over the river"
QUICK = Argon2Cost(memory_kib=64, passes=1, lanes=1)


def write_photograph(path: Path, shade: int = 0) -> Path:
    """Write a small orange disc; another `shade` is another photograph."""
    rows, columns = np.mgrid[0:96, 0:128]
    inside = (rows - 48) ** 2 + (columns - 64) ** 2 < 46**2
    colour = np.uint8([190, 90, 40 + shade])
    pixels = np.where(inside[..., None], colour, np.uint8(0)).astype(np.uint8)
    path.write_bytes(encode_jpeg(pixels))
    return path


class Clinic:
    """Real records in a folder, opened as the window opens them; also a `RecordsGate`.

    ``roles`` replaces the user's own: what somebody may do is asked of the user who acts.
    """

    def __init__(self, folder: Path) -> None:
        desk = Workstation("room-1", lambda: datetime.now(UTC), QUICK)
        self.gate = FolderGate(Folders(RESOURCES.parent, folder), at=desk)
        self.roles = None

    def set_up(self) -> None:
        self.gate.set_up(NewRecords(None, "Dr A. Rao", PASSWORD))

    def state(self):
        return self.gate.state()

    def open(self, name=None, password=PASSWORD):
        services = self.gate.open(name, password)
        if self.roles is None:
            return services
        user = replace(services.user, roles=self.roles)
        return replace(services, user=user, acting=replace(services.acting, user=user))


@pytest.fixture(scope="session")
def new_clinic(tmp_path_factory):
    """Records just set up, to be copied: making them takes longer."""
    folder = tmp_path_factory.mktemp("clinic")
    Clinic(folder).set_up()
    return folder


@pytest.fixture
def clinic(new_clinic, tmp_path):
    shutil.copytree(new_clinic, tmp_path / "data")
    return Clinic(tmp_path / "data")


@pytest.fixture
def session(qtbot, clinic):
    session = RecordsSession(clinic)
    with qtbot.waitSignal(session.opened, timeout=10_000):
        session.open(None, PASSWORD)
    yield session
    assert session.shut_down()


@pytest.fixture
def model():
    return StandInModel()


@pytest.fixture
def tools(qapp, tmp_path, session, model):
    dress(qapp)
    fake = FakeServices(tmp_path)
    services = replace(fake.services(), analyse_bytes=model)
    lanes = Lanes(*(TaskRunner(name) for name in ("analysis", "pictures", "heatmaps", "files")))
    yield PageTools(
        theme=ThemeKeeper(qapp, RESOURCES, ThemeChoice.LIGHT),
        session=session,
        dialogs=ScriptedDialogs(),
        notifications=Notifications(tmp_path / "retina.log"),
        services=services,
        lanes=lanes,
        screening=ScreeningViewModel(services, lanes),
    )
    assert lanes.shut_down()


@pytest.fixture
def page(qtbot, tools):
    page = ExaminationPage(tools)
    page.resize(1180, 760)
    page.show()
    page.activateWindow()
    qtbot.waitUntil(page.isActiveWindow)
    yield page
    page.leave()
    page.viewer.shut_down()
    page.close()
    page.deleteLater()


@pytest.fixture
def patient(session):
    services = session.services
    return services.add_patient(
        services.acting, PatientDetails("P-1", "Asha Rao", date(1961, 5, 4))
    )


@pytest.fixture
def new_visit(session, patient):
    """Return a function that keeps an empty visit and returns its number."""

    def begin(**changes) -> int:
        services = session.services
        details = ExaminationDetails(changes.pop("day", date(2026, 3, 2)), **changes)
        stored = services.begin_examination(
            TaskContext(), services.acting, patient_id=patient.id, details=details
        )
        return stored.id

    return begin


@pytest.fixture
def shown(qtbot, page, new_visit):
    """Return a function that opens a new visit on the page and returns its number."""

    def show(**changes) -> int:
        number = new_visit(**changes)
        with qtbot.waitSignal(page.model.opened, timeout=10_000):
            page.open_item(number)
        return number

    return show


@pytest.fixture
def photographed(qtbot, page, shown, tmp_path):
    """Return a function that opens a visit and adds photographs by name, analysed."""

    def add(*names: str) -> int:
        number = shown()
        paths = [write_photograph(tmp_path / n, shade) for shade, n in enumerate(names)]
        page.add_paths(paths)
        qtbot.waitUntil(
            lambda: (
                len(page.model.state.intake) == len(names) and not page.model.state.analysing
            ),
            timeout=20_000,
        )
        wait_saved(qtbot, page)
        return number

    return add


def wait_saved(qtbot, page) -> None:
    """Wait until everything on the page is in the records."""
    qtbot.waitUntil(
        lambda: page.model.state.is_stored and page.model.state.saving == "saved",
        timeout=10_000,
    )


def add_photographs(qtbot, page, *paths) -> None:
    """Add files to the visit on the page and wait until they are done with."""
    known = len(page.model.state.images)
    page.add_paths(paths)
    qtbot.waitUntil(
        lambda: (
            bool(page.model.state.intake)
            and not page.model.state.analysing
            and len(page.model.state.images) + _failed(page) >= known + len(paths)
        ),
        timeout=20_000,
    )
    wait_saved(qtbot, page)


def _failed(page) -> int:
    return sum(bool(item.error) for item in page.model.state.intake)


def stored(session, number):
    """Return a visit as it is in the records."""
    services = session.services
    return services.open_examination(services.acting, number)
