"""Logging in, waiting after wrong passwords, and a forgotten password."""

import pytest

from retina_desktop.gui.records.login_form import LoginKind
from retina_desktop.gui.records.session import Access
from tests.gui.records.conftest import NAME, PASSWORD, carried_out


@pytest.fixture
def door(qtbot, open_shell, several):
    opened = open_shell()
    opened.window.actions_by_id["page_patients"].trigger()
    door = opened.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login)
    door.opened = opened
    return door


def log_in(qtbot, door, name, password):
    session = door.opened.shell.session
    door.login.user_name.setText(name)
    door.login.password.setText(password)
    door.login.submit()
    qtbot.waitUntil(lambda: not session.state.busy)
    return session


def test_name_and_password_open_the_page_that_was_asked_for(qtbot, door):
    session = log_in(qtbot, door, " M.Rao", PASSWORD)
    qtbot.waitUntil(lambda: session.state.access is Access.OPEN)
    page = door.opened.shell.flow.page("patients")
    assert door.opened.window.stack.currentWidget() is page
    assert door.login.password.text() == ""
    assert door.opened.window.rail.user_button.isVisible()
    assert "Meera Rao" in door.opened.window.rail.user_button.toolTip()


def test_a_wrong_password_is_told_and_taken_out_of_the_field(qtbot, door):
    session = log_in(qtbot, door, NAME, "not the password")
    assert "do not belong together" in door.login.error.text()
    assert door.login.password.text() == ""
    assert door.login.user_name.text() == NAME
    assert not session.is_open


def test_too_many_wrong_passwords_count_down(qtbot, door, clock):
    for _ in range(10):
        session = log_in(qtbot, door, NAME, "not the password")
        if session.state.wait_s:
            break
    assert not door.login.button.isEnabled()
    left = door.login.seconds_left
    assert left > 0
    minutes, seconds = divmod(left, 60)
    assert f"{minutes}:{seconds:02}" in door.login.error.text()
    for _ in range(left):
        door.login._tick()
    assert door.login.error.text() == ""
    assert door.login.button.isEnabled()
    clock.forward(seconds=left)
    log_in(qtbot, door, NAME, PASSWORD)
    qtbot.waitUntil(lambda: session.is_open)


def test_the_recovery_key_replaces_a_forgotten_password(qtbot, door, several):
    log_in(qtbot, door, NAME, "not the password")
    door.login.forgotten_button.click()
    assert door.shown is door.recover
    assert door.recover.error.text() == ""
    door.recover.key.setText(several.lower())
    door.recover.password.first.setText("another quiet lamp")
    door.recover.password.second.setText("another quiet lamp")
    door.recover.button.click()
    qtbot.waitUntil(lambda: door.shown is door.login)
    assert door.login.user_name.text() == NAME
    assert "in force" in door.login.words.text()
    session = log_in(qtbot, door, NAME, "another quiet lamp")
    qtbot.waitUntil(lambda: session.is_open)


@pytest.mark.parametrize(
    ("key", "again", "told"),
    [("", "another quiet lamp", "recovery key"), ("ABCD", "differs", "differ")],
)
def test_what_is_missing_for_a_new_password_is_said(door, key, again, told):
    door.login.forgotten_button.click()
    door.recover.key.setText(key)
    door.recover.password.first.setText("another quiet lamp")
    door.recover.password.second.setText(again)
    door.recover.button.click()
    assert told in door.recover.error.text()


def test_a_wrong_recovery_key_is_told(qtbot, door):
    door.login.forgotten_button.click()
    door.recover.key.setText("AAAA-BBBB")
    door.recover.password.first.setText("another quiet lamp")
    door.recover.password.second.setText("another quiet lamp")
    door.recover.button.click()
    qtbot.waitUntil(lambda: door.recover.error.text() != "")
    door.recover.back_button.click()
    assert door.shown is door.login
    assert door.login.error.text() == ""


def test_one_person_with_a_password_types_no_name(qtbot, open_shell, folders, desk):
    from retina_desktop.bootstrap_records.set_up import first_user, set_up_records

    user = first_user(administrator=None, full_name="Meera Rao")
    set_up_records(folders, user=user, password=PASSWORD, at=desk)
    opened = open_shell()
    opened.window.actions_by_id["page_patients"].trigger()
    door = opened.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login)
    assert door.login.kind is LoginKind.PASSWORD
    assert not door.login.user_name.isVisible()
    door.login.password.setText(PASSWORD)
    door.login.submit()
    qtbot.waitUntil(lambda: opened.shell.session.is_open)


def test_who_was_given_a_password_is_told_so(qtbot, logged_in, open_shell):
    from retina_desktop.domain.users import Role, User

    opened = logged_in()
    other = User("t.ilves", "Tiina Ilves", frozenset({Role.TECHNICIAN}))
    session = opened.shell.session

    def reset(services, _):
        account = services.house.add_user(services.acting, other, password="first of hers")
        services.house.reset_password(services.acting, account.id, password="second of hers")

    carried_out(qtbot, session.write(reset))
    session.open("t.ilves", "second of hers")
    qtbot.waitUntil(opened.window.banner.isVisible)
    assert "reset by m.rao" in opened.window.banner.text


def test_an_internal_error_is_no_sentence_in_the_form(qtbot, door, monkeypatch):
    session = door.opened.shell.session

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(session._gate, "open", broken)
    log_in(qtbot, door, NAME, PASSWORD)
    assert door.login.error.text() == ""
    assert "Internal error" in door.opened.window.banner.text
