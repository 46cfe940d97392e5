"""A day's list in the window: urgent first, watched, filtered, given out."""

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.users import Role
from retina_desktop.gui.pages import PageId, Place
from retina_desktop.gui.patients.words import today
from retina_desktop.gui.worklist.line_model import spoken_line
from tests.gui.patients.clinic import LEFT, RIGHT


@pytest.fixture
def day(clinic):
    """Three patients of today: urgent signed, soon to be read, one only captured."""
    day = today()
    first, second, third = (
        clinic.patient(f"P-{n}", name) for n, name in ((1, "Asha"), (2, "王小明"), (3, "Çelik"))
    )
    signed = clinic.visit(first, day, dr={RIGHT: 0.95, LEFT: 0.9})
    clinic.sign(signed)
    waiting = clinic.visit(second, day, dr={RIGHT: 0.9})
    captured = clinic.visit(third, day, analysed=False)
    clinic.visit(first, day - timedelta(days=1))
    return {"signed": signed, "waiting": waiting, "captured": captured}


@pytest.fixture
def shown(qtbot, page, day):
    page.activated()
    qtbot.waitUntil(lambda: page.view_model.state.worklist is not None, timeout=10_000)
    return page.view_model


@pytest.fixture
def places(page):
    asked = []
    page.place_requested.connect(asked.append)
    return asked


def ids(model):
    return [line.visit.id for line in model.state.lines]


def test_who_waits_stands_first_and_the_signed_last_with_counts(page, shown, day):
    assert ids(shown) == [day["waiting"], day["captured"], day["signed"]]
    chips = [chip.text().split() for chip in page.view.chips]
    assert [chip[-1] for chip in chips] == ["3", "1", "1", "0", "1"]
    spoken = spoken_line(shown.state.lines[0], today())
    assert "王小明" in spoken
    assert "Analysed" in spoken


def test_chips_filter_and_say_when_nothing_is_left(qtbot, page, shown, day):
    page.view.chips[4].click()
    assert ids(shown) == [day["signed"]]
    page.view.chips[3].click()
    assert ids(shown) == []
    assert "in this state" in page.view.message.text()
    page.view.chips[0].click()
    assert len(ids(shown)) == 3


def test_n_opens_the_next_to_read_and_enter_the_marked(qtbot, page, shown, day, places):
    qtbot.keyClick(page.view.list, Qt.Key.Key_N)
    assert places == [Place(PageId.EXAMINATION, day["waiting"])]
    page.view.list.setCurrentIndex(page.view.lines.index(2))
    qtbot.keyClick(page.view.list, Qt.Key.Key_Return)
    assert places[-1].item_id == day["signed"]


def test_n_says_when_nothing_waits(qtbot, page, clinic, shown, day):
    clinic.sign(day["waiting"])
    shown.look()
    qtbot.waitUntil(lambda: shown.state.counts[ExaminationState.SIGNED] == 2)
    qtbot.keyClick(page.view.list, Qt.Key.Key_N)
    assert "Nothing waits" in page.view.notice.text()
    assert not page.view.next_button.isEnabled()


def test_another_workstations_work_shows_by_itself(qtbot, page, clinic, shown, day):
    shown._watch.setInterval(50)
    clinic.visit(clinic.patient("P-9", "Nagy"), today(), dr={RIGHT: 0.99})
    qtbot.waitUntil(lambda: len(shown.state.lines) == 4, timeout=10_000)
    marked = shown.state.selected_id
    assert marked == day["waiting"]  # the mark stays where it was


def test_it_is_watched_only_while_it_can_be_seen(page, shown):
    assert shown._watch.isActive()
    page.hide()
    assert not shown._watch.isActive()


def test_other_days_and_back(qtbot, page, shown):
    page.view.before.click()
    qtbot.waitUntil(lambda: not shown.state.loading)
    assert shown.state.day == today() - timedelta(days=1)
    assert len(shown.state.lines) == 1
    shown.step_day(-1)
    qtbot.waitUntil(lambda: not shown.state.loading)
    assert "No examination on this day" in page.view.message.text()
    page.view.today_button.click()
    qtbot.waitUntil(lambda: len(shown.state.lines) == 3)


def test_after_midnight_the_list_is_of_the_new_day(qtbot, page, shown):
    shown._today = lambda: today() + timedelta(days=1)
    shown.look()
    qtbot.waitUntil(lambda: shown.state.day == today() + timedelta(days=1))


def test_the_days_reports_are_written_by_number_and_the_unsigned_told(
    qtbot, page, shown, tmp_path
):
    folder = tmp_path / "reports"
    folder.mkdir()
    page.make_reports(folder)
    qtbot.waitUntil(lambda: bool(page.view.notice.text()), timeout=60_000)
    assert page.view.notice.text() == "1 report was made. 2 not signed yet, left out."
    (written,) = folder.iterdir()
    assert written.name.startswith("E")
    assert written.read_bytes().startswith(b"%PDF")


def test_a_folder_that_cannot_be_written_is_told(qtbot, page, shown, tmp_path):
    page.make_reports(tmp_path / "not there")
    qtbot.waitUntil(lambda: bool(page.view.notice.text()), timeout=60_000)
    assert "cannot be written into this folder" in page.view.notice.text()


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_the_list_is_saved_for_a_spreadsheet(qtbot, page, shown, tmp_path, suffix):
    target = tmp_path / f"list.{suffix}"
    page.save_list(target)
    qtbot.waitUntil(lambda: bool(page.view.notice.text()), timeout=20_000)
    assert page.view.notice.text() == "The list was saved with 3 lines."
    if suffix == "csv":
        assert "王小明" in target.read_text(encoding="utf-8-sig")


def test_a_technician_may_not_give_lists_out(qtbot, page, shown, become, tmp_path):
    become(Role.TECHNICIAN)
    page.save_list(tmp_path / "list.csv")
    qtbot.waitUntil(lambda: bool(page.view.notice.text()))
    denied = PermissionDeniedError(
        "Your role does not include to export records; ask an administrator."
    )
    assert page.view.notice.text() == str(denied)
    assert not (tmp_path / "list.csv").exists()


def test_logging_out_forgets_the_list(page, shown):
    page.forget()
    assert shown.state.worklist is None
    assert not shown._watch.isActive()
