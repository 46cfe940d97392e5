"""What is typed is on the disk within a second, whatever happens to the page or beside it."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import DiskFullError
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.gui.examination.conftest import PASSWORD, stored, wait_saved

RIGHT = Laterality.RIGHT
FULL = "There is no room left on the disk; nothing was lost. Free some space."


def test_a_comment_is_stored_within_a_second_of_typing(qtbot, page, shown, session):
    number = shown()
    began = time.monotonic()

    qtbot.keyClicks(page.panel.comment.field, "drusen")
    wait_saved(qtbot, page)

    assert time.monotonic() - began < 5.0  # a busy machine; the timer itself is 0.4 s
    assert stored(session, number).reading.reading.comment == "drusen"


def test_a_half_typed_acuity_has_a_sentence_and_comes_back(qtbot, page, shown, new_visit):
    number = shown()
    page.panel.tabs.setCurrentIndex(1)
    fields = page.panel.visit.eyes[RIGHT]
    qtbot.keyClicks(fields.acuity, "6/")
    assert "6/12" in fields.problem.text()
    assert page.panel.tabs.tabText(1) == "Visit (!)"

    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(new_visit())
    assert fields.acuity.text() == ""
    page.model.forget()  # as if the program had been started anew
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(number)

    assert fields.acuity.text() == "6/"
    qtbot.keyClicks(fields.acuity, "9")
    assert fields.problem.text() == ""


def other_workstation(clinic, number, reading):
    """Save a reading as another workstation does."""
    services = clinic.open()
    try:
        known = services.open_examination(services.acting, number).reading
        services.save_reading(
            services.acting, number, reading, expected_version=known.version if known else 0
        )
    finally:
        services.close()


def in_conflict(qtbot, page, clinic, number):
    other_workstation(clinic, number, Reading(comment="theirs"))
    page.reader.set_comment("mine")
    qtbot.waitUntil(lambda: page.model.state.conflict is not None, timeout=10_000)
    words = page.conflict.text.text().replace("\u2068", "").replace("\u2069", "")
    assert "comment: theirs “theirs”, yours “mine”" in words
    assert page.unsaved()


def test_of_two_writers_the_second_chooses_to_keep_its_own(qtbot, page, shown, clinic, session):
    number = shown()
    in_conflict(qtbot, page, clinic, number)

    page.conflict.keep.click()
    wait_saved(qtbot, page)

    assert stored(session, number).reading.reading.comment == "mine"
    assert not page.conflict.isVisible()


def test_or_to_take_the_others_and_can_undo_that(qtbot, page, shown, clinic, session):
    number = shown()
    in_conflict(qtbot, page, clinic, number)

    page.conflict.take.click()
    qtbot.waitUntil(lambda: page.model.state.reading.comment == "theirs", timeout=10_000)
    wait_saved(qtbot, page)
    assert stored(session, number).reading.reading.comment == "theirs"

    page.model.undo()
    wait_saved(qtbot, page)
    assert stored(session, number).reading.reading.comment == "mine"


def test_signed_elsewhere_is_told_and_locked(qtbot, page, photographed, clinic, tools):
    number = photographed("a.jpg")
    page.reader.accept_all()
    wait_saved(qtbot, page)
    services = clinic.open()
    version = services.open_examination(services.acting, number).reading.version
    services.sign_examination(services.acting, number, expected_version=version)
    services.close()

    with qtbot.waitSignal(tools.notifications.raised, timeout=10_000) as raised:
        page.reader.set_comment("too late")
    qtbot.waitUntil(lambda: page.model.state.signature is not None, timeout=10_000)

    assert "signed and locked" in raised.args[0]
    assert page.model.state.reading.comment == ""


class FullDisk:
    """Saves visits, but for the first time there is no room."""

    def __init__(self, real):
        self.real, self.tries = real, 0

    def __call__(self, acting, known, wanted):
        self.tries += 1
        if self.tries == 1:
            raise DiskFullError(FULL)
        return self.real(acting, known, wanted)


def test_a_full_disk_is_a_sentence_and_is_tried_again(qtbot, page, shown, session):
    number = shown()
    services = session.services
    disk = FullDisk(services.examination.save_visit)
    examination = replace(services.examination, save_visit=disk)
    session._services = replace(services, examination=examination)

    page.reader.set_comment("kept in the end")
    qtbot.waitUntil(lambda: page.problem.text() == FULL, timeout=10_000)
    assert page.banner.saved.text() == "NOT SAVED"
    assert FULL in page.unsaved()
    page.model.saving.flush()
    wait_saved(qtbot, page)

    assert page.unsaved() == ""
    assert stored(session, number).reading.reading.comment == "kept in the end"


def test_leaving_for_another_visit_loses_nothing(qtbot, page, shown, new_visit, session):
    number = shown()
    page.reader.set_referral(ReferralTier.SOON)
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(new_visit())

    assert stored(session, number).reading.reading.referral is ReferralTier.SOON


def test_logging_out_drops_every_patient(qtbot, page, photographed):
    photographed("a.jpg")
    page.forget()

    assert page.model.state.patient is None
    assert page.banner.name.whole == "No examination"
    assert page.tiles.tiles == {}
    assert page.viewer.view_model.state.main is None


def test_the_patients_name_is_in_no_window_title(page, photographed):
    photographed("a.jpg")
    page.commands.sign()

    assert "Asha" in page.banner.name.whole
    assert "Asha" not in page.windowTitle() + page.commands.open_dialog.windowTitle()
    page.commands.close_dialogs()


def test_a_program_killed_while_somebody_types_reopens_with_the_text(
    qtbot, page, shown, session, clinic, tmp_path
):
    number = shown()
    session.log_out()
    program = Path(__file__).with_name("typing_probe.py")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.gui.examination.typing_probe", str(number)],
        cwd=program.parents[3],
        env={**environment, "PROBE_FOLDER": str(tmp_path / "data")},
        stdout=subprocess.PIPE,
        text=True,
    ) as typing:
        line = typing.stdout.readline()  # written once the field's text was saved
        typing.send_signal(signal.SIGKILL)

    with qtbot.waitSignal(session.opened, timeout=10_000):
        session.open(None, PASSWORD)
    page.forget()
    with qtbot.waitSignal(page.model.opened, timeout=10_000):
        page.open_item(number)
    saved = line.split(":", 1)[1].strip()
    assert saved
    assert page.panel.comment.field.toPlainText().startswith(saved)
    assert page.panel.visit.eyes[RIGHT].acuity.text() == "6/"


def test_a_visit_that_is_not_there_is_a_sentence(qtbot, page, session):
    page.open_item(4711)
    qtbot.waitUntil(lambda: bool(page.model.state.problem), timeout=10_000)

    assert "no such examination" in page.problem.text()
    qtbot.keyClick(page, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert page.commands.open_dialog is None
