"""A program to be killed: opens a visit, types without end, tells what was saved last."""

import os
import sys
from itertools import cycle
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from retina_desktop.domain.images import Laterality
from retina_desktop.gui.app import dress
from retina_desktop.gui.examination.page import ExaminationPage
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner
from retina_desktop.gui.theme import ThemeChoice, ThemeKeeper
from tests.gui.examination.conftest import PASSWORD, Clinic
from tests.helpers.fakes import RESOURCES, FakeServices

ENOUGH = 12  # characters, before the killer is told


def main(folder: Path, number: int) -> None:
    """Type until killed."""
    app = QApplication([])
    dress(app)
    session = RecordsSession(Clinic(folder))
    lanes = Lanes(*(TaskRunner(name) for name in ("analysis", "pictures", "heatmaps", "files")))
    services = FakeServices(folder).services()
    page = ExaminationPage(
        PageTools(
            theme=ThemeKeeper(app, RESOURCES, ThemeChoice.LIGHT),
            session=session,
            dialogs=FileDialogs(),
            notifications=Notifications(folder / "log"),
            services=services,
            lanes=lanes,
            screening=ScreeningViewModel(services, lanes),
        )
    )
    page.show()
    letters = cycle("haemorrhage ")
    timer = QTimer()

    def type_letter() -> None:
        QTest.keyClicks(page.panel.comment.field, next(letters))
        visit = page.model.state.visit
        saved = visit.reading.reading.comment if visit and visit.reading else ""
        if len(saved) >= ENOUGH:
            sys.stdout.write(f"saved: {saved}\n")
            sys.stdout.flush()

    def begin(_number: int) -> None:
        QTest.keyClicks(page.panel.visit.eyes[Laterality.RIGHT].acuity, "6/")
        timer.start(20)

    timer.timeout.connect(type_letter)
    page.model.opened.connect(begin)
    session.opened.connect(lambda _: page.open_item(number))
    session.open(None, PASSWORD)
    app.exec()


if __name__ == "__main__":
    main(Path(os.environ["PROBE_FOLDER"]), int(sys.argv[1]))
