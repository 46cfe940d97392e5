"""The first run: what is asked, the recovery key shown once, and the next start."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtPrintSupport import QPrinter

from retina_desktop.domain.records_states import RecordsState
from retina_desktop.gui.records.password_strength import Strength, strength_of
from retina_desktop.gui.records.session import Access
from tests.gui.records.conftest import NAME, PASSWORD, texts


@pytest.fixture
def door(qtbot, open_shell):
    opened = open_shell()
    opened.window.actions_by_id["page_worklist"].trigger()
    session = opened.shell.session
    qtbot.waitUntil(lambda: session.state.records is RecordsState.NOT_SET_UP)
    door = opened.window.stack.currentWidget()
    assert door.shown is door.set_up
    door.opened = opened
    return door


def fill(form, *, name=NAME, password=PASSWORD, again=PASSWORD):
    form.full_name.setText("Meera Rao")
    form.user_name.setText(name)
    form.password.first.setText(password)
    form.password.second.setText(again)


def test_the_whole_form_fits_into_a_small_window_without_a_scroll_bar(qtbot, door):
    door.opened.window.resize(1024, 700)
    bar = door._forms.verticalScrollBar()
    qtbot.waitUntil(lambda: door.opened.window.height() == 700 and bar.maximum() == 0)
    button = door.set_up.button
    assert button.mapTo(door, button.rect().bottomLeft()).y() < door.height()
    door.set_up.full_name.clear()
    door.set_up.submit()  # a sentence more
    assert door.set_up.error.isVisible()
    door.opened.window.resize(1024, 600)
    qtbot.waitUntil(lambda: bar.maximum() > 0)  # nothing is squeezed
    card = door.set_up
    assert card.height() >= card.heightForWidth(card.width())


def test_several_people_keep_the_key_and_go_on(qtbot, door):
    session = door.opened.shell.session
    fill(door.set_up)
    qtbot.mouseClick(door.set_up.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: door.shown is door.key)

    key = door.key.key.text()
    assert len(key) > 20
    assert not door.key.button.isEnabled()
    assert not session.is_open
    door.key.tick.setChecked(True)
    qtbot.mouseClick(door.key.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: session.state.access is Access.OPEN)

    assert session.services.user.name == NAME
    assert door.opened.window.stack.currentWidget() is not door
    assert door.key.key.text() == ""
    assert door.set_up.password.value == ""


def test_the_key_stays_until_it_is_kept_wherever_one_goes(qtbot, door):
    fill(door.set_up)
    door.set_up.submit()
    qtbot.waitUntil(lambda: door.shown is door.key)
    actions = door.opened.window.actions_by_id
    actions["page_screening"].trigger()
    actions["page_patients"].trigger()
    assert door.shown is door.key
    assert door.isVisible()


def test_without_a_password_the_records_open_by_themselves_next_time(qtbot, door, open_shell):
    form = door.set_up
    form.kinds["no password"].setChecked(True)
    assert not form.password.first.isVisible()
    assert not form.user_name.isVisible()
    form.full_name.setText("Meera Rao")
    form.submit()
    qtbot.waitUntil(lambda: door.shown is door.key)
    door.key.tick.setChecked(True)
    door.key.button.click()
    session = door.opened.shell.session
    qtbot.waitUntil(lambda: session.state.access is Access.OPEN)
    assert not session.state.can_lock
    assert not door.opened.window.actions_by_id["lock"].isEnabled()

    again = open_shell()
    again.window.actions_by_id["page_patients"].trigger()
    qtbot.waitUntil(lambda: again.shell.session.is_open)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": ""}, "a-z"),
        ({"name": "Méera Rao"}, "a-z"),
        ({"password": "short", "again": "short"}, "at least 8"),
        ({"again": "something else"}, "differ"),
    ],
)
def test_what_is_missing_is_said_before_anything_is_made(door, folders, fields, told):
    fill(door.set_up, **fields)
    door.set_up.submit()
    assert told in door.set_up.error.text()
    assert not (folders.data / "records").exists()


def test_a_name_is_needed_on_reports(door):
    fill(door.set_up)
    door.set_up.full_name.clear()
    door.set_up.submit()
    assert "full name" in door.set_up.error.text()


def test_a_failed_set_up_is_told_in_the_form(qtbot, door, folders):
    (folders.data / "records").write_text("a file where the folder should be")
    fill(door.set_up)
    door.set_up.submit()
    qtbot.waitUntil(lambda: door.set_up.error.text() != "")
    assert door.set_up.button.isEnabled()
    assert door.shown is door.set_up


def test_the_key_is_saved_and_printed(qtbot, door, dialogs, tmp_path):
    fill(door.set_up)
    door.set_up.submit()
    qtbot.waitUntil(lambda: door.shown is door.key)
    dialogs.target = tmp_path / "key.txt"
    door.key.save_button.click()
    qtbot.waitUntil(dialogs.target.exists)
    qtbot.waitUntil(lambda: door.key.key.text() in dialogs.target.read_text())

    printer = QPrinter()
    printer.setOutputFormat(QPrinter.OutputFormat.PdfFormat)
    printer.setOutputFileName(str(tmp_path / "key.pdf"))
    door.key.print_on(printer)
    assert (tmp_path / "key.pdf").read_bytes().startswith(b"%PDF")


def test_a_key_that_cannot_be_saved_is_told(qtbot, door, dialogs, tmp_path):
    fill(door.set_up)
    door.set_up.submit()
    qtbot.waitUntil(lambda: door.shown is door.key)
    (tmp_path / "a file").touch()
    dialogs.target = tmp_path / "a file" / "key.txt"
    door.key.save_button.click()
    qtbot.waitUntil(lambda: door.key.error.text() != "")


def test_damaged_records_are_told_with_what_to_do(qtbot, open_shell, several, folders):
    (folders.data / "records" / "keys.json").unlink()
    opened = open_shell()
    opened.window.actions_by_id["page_patients"].trigger()
    door = opened.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.damaged)
    assert "keys" in texts(door.damaged)


@pytest.mark.parametrize(
    ("password", "strength"),
    [
        ("", Strength.NOTHING),
        ("short", Strength.TOO_SHORT),
        ("aaaaaaaaaaaaaaaaaaaa", Strength.WEAK),
        ("m.rao and some words", Strength.WEAK),
        ("tenletters", Strength.WEAK),
        ("thirteen here", Strength.GOOD),
        (PASSWORD, Strength.STRONG),
    ],
)
def test_strength_is_length(password, strength):
    assert strength_of(password, user_name=NAME) is strength
