"""The settings: kept, told, refused; and who sees what."""

import cv2
import numpy as np
import pytest

from retina_desktop.domain.users import Role, User
from tests.gui.records.conftest import NAME, PASSWORD, carried_out
from tests.gui.test_accessibility import nameless


@pytest.fixture
def settings(qtbot, logged_in):
    opened = logged_in()
    opened.shell.open_settings()
    dialog = opened.shell._settings
    dialog.opened = opened
    qtbot.waitUntil(lambda: dialog.clinic._stored is not None)
    yield dialog
    dialog.reject()


def test_the_clinic_is_kept_with_its_logo_and_lock(qtbot, settings, dialogs, tmp_path):
    tab = settings.clinic
    dialogs.target = tmp_path / "logo.png"
    cv2.imwrite(str(dialogs.target), np.full((40, 90, 3), 120, np.uint8))
    tab.logo.choose_button.click()
    qtbot.waitUntil(lambda: tab._logo != b"")
    tab.name.setText("Eye Clinic Lakeside")
    tab.address.setPlainText("1 Lake Road\nHilltown")
    tab.minutes.setValue(3)
    tab.language.setCurrentIndex(tab.language.findText("Français"))
    tab.save()
    qtbot.waitUntil(lambda: tab.done.text() == "Saved.")
    assert settings.opened.shell.idle.minutes == 3
    assert tab._stored.profile.profile.address_lines == ("1 Lake Road", "Hilltown")
    assert tab._stored.reports.language.value == "fr"
    assert tab.logo.remove_button.isEnabled()


def test_a_clinic_without_a_name_is_refused_in_a_sentence(qtbot, settings):
    settings.clinic.save()
    qtbot.waitUntil(lambda: settings.clinic.error.text() != "")
    assert settings.clinic.button.isEnabled()


def test_a_user_is_added_changed_and_turned_off(qtbot, settings):
    tab = settings.users
    settings.show_tab("users")
    qtbot.waitUntil(lambda: tab.table.rowCount() == 1)
    tab.add()
    form = tab.open_dialog
    form.submit()
    assert form.form.error.text() != ""
    form.full_name.setText("Tiina Ilves")
    form.user_name.setText("T.Ilves")
    form.password.first.setText("hers is longer")
    form.password.second.setText("hers is longer")
    form.submit()
    qtbot.waitUntil(lambda: tab.table.rowCount() == 2 and tab.open_dialog is None)

    tab.choose("t.ilves")
    tab.change()
    tab.open_dialog.roles[Role.READER].setChecked(True)
    tab.open_dialog.submit()
    qtbot.waitUntil(lambda: tab.open_dialog is None)
    assert "reader" in tab.table.item(tab.table.currentRow(), 2).text()

    tab.give_password()
    tab.open_dialog.password.first.setText("another of hers")
    tab.open_dialog.password.second.setText("another of hers")
    tab.open_dialog.submit()
    qtbot.waitUntil(lambda: tab.open_dialog is None)

    tab.turn_on_or_off()
    qtbot.waitUntil(lambda: tab.table.item(tab.table.currentRow(), 3).text() == "deactivated")
    assert tab.active_button.text() == "Reactivate…"


def test_a_taken_name_is_told_in_the_form(qtbot, settings):
    tab = settings.users
    settings.show_tab("users")
    qtbot.waitUntil(lambda: tab.table.rowCount() == 1)
    tab.add()
    form = tab.open_dialog
    form.full_name.setText("Meera Rao")
    form.user_name.setText(NAME)
    form.password.first.setText("hers is longer")
    form.password.second.setText("hers is longer")
    form.submit()
    qtbot.waitUntil(lambda: form.form.error.text() != "")
    assert form.isVisible()
    form.reject()


def test_nobody_turns_themselves_off(qtbot, settings):
    settings.show_tab("users")
    qtbot.waitUntil(lambda: settings.users.table.rowCount() == 1)
    settings.users.choose(NAME)
    assert not settings.users.active_button.isEnabled()
    assert not settings.users.password_button.isEnabled()


def test_ones_own_password_is_changed_with_the_old_one(qtbot, settings):
    tab = settings.account
    settings.show_tab("account")
    qtbot.waitUntil(lambda: tab._own is not None)
    tab.old.setText("not the password")
    tab.new.first.setText("another quiet lamp")
    tab.new.second.setText("another quiet lamp")
    tab.change_password()
    qtbot.waitUntil(lambda: tab.error.text() != "")
    tab.old.setText(PASSWORD)
    tab.change_password()
    qtbot.waitUntil(lambda: "in force" in tab.done.text())
    assert tab.old.text() == tab.new.value == ""


@pytest.fixture
def account(qtbot, settings):
    tab = settings.account
    settings.show_tab("account")
    qtbot.waitUntil(lambda: tab._own is not None)
    return tab


def test_one_person_does_without_the_password_and_takes_one_again(
    qtbot, account, settings, open_shell
):
    session = settings.opened.shell.session
    assert account.without.isVisible()
    account.present.setText(PASSWORD)
    account.stop_asking()
    qtbot.waitUntil(lambda: account.done.text().startswith("The records open without"))
    assert not account.without.isVisible()
    assert account.present.text() == ""
    assert not account.old.isVisible()
    assert account.button.text() == "Ask for this password"
    assert not session.state.can_lock
    assert not settings.opened.window.actions_by_id["lock"].isEnabled()

    again = open_shell()  # it opens by itself
    again.window.actions_by_id["page_worklist"].trigger()
    qtbot.waitUntil(lambda: again.shell.session.is_open)
    assert again.shell.session.services.user.name == NAME

    account.new.first.setText("another lamp by the river")
    account.new.second.setText("another lamp by the river")
    account.change_password()
    qtbot.waitUntil(lambda: account.done.text() == "The new password is in force.")
    assert account.without.isVisible()
    assert account.button.text() == "Change the password"
    assert session.state.can_lock
    assert settings.opened.window.actions_by_id["lock"].isEnabled()
    third = open_shell()
    third.window.actions_by_id["page_worklist"].trigger()
    door = third.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login and not third.shell.session.state.busy)
    third.shell.session.open(NAME, "another lamp by the river")
    qtbot.waitUntil(lambda: third.shell.session.is_open)


def test_doing_without_needs_the_present_password(qtbot, account, settings):
    account.stop_asking()
    assert account.without.error.text() == "Type the present password."
    account.present.setText("not the password")
    account.stop_asking()
    qtbot.waitUntil(lambda: account.stop_button.isEnabled())
    assert "password" in account.without.error.text()
    assert account.present.text() == ""
    assert settings.opened.shell.session.state.can_lock


def test_several_people_keep_their_passwords(qtbot, logged_in):
    opened = logged_in()
    other = User("t.ilves", "Tiina Ilves", frozenset({Role.READER}))
    carried_out(
        qtbot,
        opened.shell.session.write(
            lambda s, _: s.house.add_user(s.acting, other, password="hers is longer")
        ),
    )
    opened.shell.open_settings("account")
    tab = opened.shell._settings.account
    qtbot.waitUntil(lambda: tab._own is not None)
    assert not tab.without.isVisible()
    opened.shell._settings.reject()


def test_answers_after_logging_out_are_dropped(qtbot, logged_in):
    opened = logged_in()
    session = opened.shell.session
    opened.shell.open_settings()
    dialog = opened.shell._settings
    for name in ("users", "account", "backup", "records"):
        dialog.show_tab(name)
    assert dialog.clinic._stored is None
    handle = session.read(lambda services, _: None)  # read after all of those
    reads = session._reads
    handle.start()
    assert reads.finish(10)  # every answer is on its way, and none was delivered
    opened.shell.log_out()
    qtbot.waitUntil(lambda: not reads.futures())
    assert not session.is_open


def test_everything_is_checked_and_found_intact(qtbot, settings):
    tab = settings.records
    settings.show_tab("records")
    tab.check()
    qtbot.waitUntil(lambda: "as it was written" in tab.done.text(), timeout=15_000)
    qtbot.waitUntil(lambda: tab._handle is None)
    tab.renew_key()
    qtbot.waitUntil(tab.key.isVisible)
    assert len(tab.key.key.text()) > 20


def test_a_technician_sees_no_users_and_changes_nothing(qtbot, logged_in):
    opened = logged_in()
    session = opened.shell.session
    other = User("t.ilves", "Tiina Ilves", frozenset({Role.TECHNICIAN}))
    carried_out(
        qtbot,
        session.write(
            lambda s, _: s.house.add_user(s.acting, other, password="hers is longer")
        ),
    )
    session.open("t.ilves", "hers is longer")
    qtbot.waitUntil(lambda: session.is_open and session.services.user.name == "t.ilves")
    opened.shell.open_settings()
    dialog = opened.shell._settings
    qtbot.waitUntil(lambda: dialog.clinic._stored is not None)
    assert dialog.users is None
    assert dialog.records is None
    assert not dialog.clinic.button.isEnabled()
    assert not dialog.backup.save_button.isEnabled()
    dialog.reject()


def test_every_widget_of_door_and_settings_has_a_name(qtbot, settings):
    assert nameless(settings) == []
    settings.opened.window.actions_by_id["lock"].trigger()
    assert nameless(settings.opened.window.stack.currentWidget()) == []
