"""Locked: nothing of a patient in sight, nothing to be done, and the way back."""

from datetime import date

import pytest
from PySide6.QtCore import QEvent, QMimeData, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDragEnterEvent
from PySide6.QtWidgets import QApplication, QDialog, QFileDialog, QMainWindow, QMenu

from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.users import Role, User
from retina_desktop.gui.examination.sign_dialog import SignDialog
from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.pages import PageId, Place
from retina_desktop.gui.records.idle_lock import IdleLock
from retina_desktop.gui.records.session import Access
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.services.examination_records import IncomingPhotograph
from tests.gui.records.conftest import PASSWORD, carried_out
from tests.helpers.fakes import plain_picture
from tests.helpers.records import make_details


def lock(qtbot, opened):
    opened.window.actions_by_id["lock"].trigger()
    qtbot.waitUntil(lambda: opened.shell.session.state.access is Access.LOCKED)
    return opened.window.stack.currentWidget()


def test_everything_is_covered_and_uncovered_by_the_password(qtbot, logged_in):
    opened = logged_in()
    page = opened.window.stack.currentWidget()
    door = lock(qtbot, opened)

    assert not page.isVisible()
    assert not opened.window.view.isVisible()
    assert door.shown is door.login
    assert "Meera Rao" in door.login.words.text()
    enabled = {name for name, a in opened.window.actions_by_id.items() if a.isEnabled()}
    assert enabled == {
        "quit", "theme_system", "theme_light", "theme_dark", "shortcuts", "about"
    }  # fmt: skip

    door.login.password.setText("not the password")
    door.login.submit()
    qtbot.waitUntil(lambda: door.login.error.text() != "")
    door.login.password.setText(PASSWORD)
    door.login.submit()
    qtbot.waitUntil(lambda: opened.shell.session.state.access is Access.OPEN)
    assert page.isVisible()
    assert opened.window.actions_by_id["page_screening"].isEnabled()


def test_the_screening_pages_pictures_are_covered_too(qtbot, logged_in, fake):
    opened = logged_in()
    opened.window.actions_by_id["page_screening"].trigger()
    assert opened.window.view.isVisible()
    lock(qtbot, opened)
    assert not opened.window.view.isVisible()
    assert not opened.window.tool_bar.isVisible()

    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(fake.folder / "a.jpg"))])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    drag = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, left, none)
    drag.ignore()
    QApplication.sendEvent(opened.window, drag)
    assert not drag.isAccepted()
    opened.shell.session.unlock(PASSWORD)
    qtbot.waitUntil(opened.window.view.isVisible)


def test_work_goes_on_while_locked(qtbot, logged_in):
    opened = logged_in()
    session = opened.shell.session
    handle = session.write(lambda services, _: services.house.own_account().user.name)
    lock(qtbot, opened)
    assert carried_out(qtbot, handle) == "m.rao"


def test_dialogs_hide_and_come_back(qtbot, logged_in):
    opened = logged_in()
    opened.shell.open_settings("account")
    settings = opened.shell._settings
    loose = QDialog(opened.window)
    loose.show()
    lock(qtbot, opened)
    assert not settings.isVisible()
    assert not loose.isVisible()
    opened.shell.session.unlock(PASSWORD)
    qtbot.waitUntil(settings.isVisible)
    assert settings.isModal()
    assert loose.isVisible()
    settings.reject()
    qtbot.waitUntil(lambda: opened.shell._settings is None)
    loose.close()


@pytest.fixture
def visit(qtbot, logged_in, fake):
    """A window with a visit on the screen, its photograph not analysed."""
    opened = logged_in()
    session = opened.shell.session
    path = fake.folder / "a.jpg"
    path.write_bytes(encode_jpeg(plain_picture(path)))

    def begin(services, context):
        patient = services.add_patient(services.acting, make_details())
        return services.begin_examination(
            context,
            services.acting,
            patient_id=patient.id,
            details=ExaminationDetails(date(2026, 3, 2)),
            photographs=[IncomingPhotograph(path, Laterality.RIGHT)],
        )

    number = carried_out(qtbot, session.write(begin)).id
    opened.shell.flow.go(Place(PageId.EXAMINATION, number))
    page = opened.shell.flow.page(PageId.EXAMINATION)
    qtbot.waitUntil(lambda: page.model.state.visit is not None)
    return opened


def open_report(page):
    page.commands.show_report()


def open_signing(page):
    page.commands._open(SignDialog(page.model.state, page.window()))


def open_photograph_menu(page):
    menu = QMenu(page)
    menu.addAction("Asha Rao")
    menu.popup(QPoint(10, 10))


@pytest.mark.qt_log_ignore("This plugin does not support")  # a menu's raising, offscreen
@pytest.mark.parametrize("open_one", [open_report, open_signing, open_photograph_menu])
def test_nothing_opened_from_an_examination_stays_in_sight(qtbot, visit, open_one):
    opened = visit
    page = opened.shell.flow.page(PageId.EXAMINATION)
    open_one(page)
    assert len(in_sight()) == 2
    dialog = page.commands.open_dialog
    lock(qtbot, opened)
    assert in_sight() == [opened.window]
    opened.shell.session.unlock(PASSWORD)
    qtbot.waitUntil(lambda: opened.shell.session.state.access is Access.OPEN)
    if dialog is not None:  # a menu is gone for good
        qtbot.waitUntil(dialog.isVisible)
        assert page.commands.open_dialog is dialog
        page.commands.close_dialogs()
    assert in_sight() == [opened.window]


def test_a_report_hidden_by_the_lock_is_gone_when_somebody_else_comes(qtbot, visit):
    page = visit.shell.flow.page(PageId.EXAMINATION)
    open_report(page)
    lock(qtbot, visit)
    visit.shell.session.log_out()
    assert page.commands.open_dialog is None
    assert in_sight() == [visit.window]


def test_a_question_to_the_user_is_answered_no_by_the_lock(qtbot, visit):
    answers = []
    lock_now = visit.window.actions_by_id["lock"].trigger
    for ask in (
        lambda: FileDialogs().leave_unsaved(visit.window, ["The visit of somebody."]),
        lambda: QFileDialog(visit.window).exec(),
    ):
        QTimer.singleShot(0, lock_now)
        answers.append(ask())
        assert in_sight() == [visit.window]
        visit.shell.session.unlock(PASSWORD)
        qtbot.waitUntil(lambda: visit.shell.session.state.access is Access.OPEN)
        assert in_sight() == [visit.window]
    assert not any(answers)


def test_the_settings_do_not_open_over_a_locked_window(qtbot, logged_in):
    opened = logged_in()
    lock(qtbot, opened)
    opened.shell.open_settings("backup")
    assert in_sight() == [opened.window]


def in_sight():
    """Return the windows that can be seen, the main window first."""
    shown = [widget for widget in QApplication.topLevelWidgets() if widget.isVisible()]
    return sorted(shown, key=lambda widget: not isinstance(widget, QMainWindow))


def test_somebody_else_logs_in_and_meets_nothing_of_the_first(qtbot, logged_in):
    opened = logged_in()
    session = opened.shell.session
    other = User("t.ilves", "Tiina Ilves", frozenset({Role.TECHNICIAN}))
    carried_out(
        qtbot,
        session.write(
            lambda s, _: s.house.add_user(s.acting, other, password="hers is longer")
        ),
    )
    opened.shell.open_settings()
    forgotten = []
    page = opened.shell.flow.page("patients")
    page.forget, kept = lambda: forgotten.append(True), page.forget
    door = lock(qtbot, opened)
    door.login.other_button.click()
    door.login.user_name.setText("t.ilves")
    door.login.password.setText("hers is longer")
    door.login.submit()
    qtbot.waitUntil(lambda: session.is_open and session.services.user.name == "t.ilves")
    assert forgotten == [True]
    kept()
    qtbot.waitUntil(lambda: opened.shell._settings is None)
    assert session.state.access is Access.OPEN
    qtbot.waitUntil(lambda: not session.state.busy)
    assert session.state.access is Access.OPEN
    assert not door.isVisible()


def test_logging_out_closes_the_records_and_asks_again(qtbot, logged_in):
    opened = logged_in()
    services = opened.shell.session.services
    opened.window.actions_by_id["log_out"].trigger()
    session = opened.shell.session
    qtbot.waitUntil(lambda: not session.is_open)
    door = opened.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login and not session.state.busy)
    assert not opened.window.rail.user_button.isVisible()
    assert session._writes.finish()
    services.close()  # a second time: it is closed already
    with pytest.raises(LookupError):
        session.services  # noqa: B018


def test_idle_windows_lock_and_touched_ones_do_not(qtbot, logged_in):
    opened = logged_in()
    session = opened.shell.session
    seconds = [1000.0]
    idle = IdleLock(session, clock=lambda: seconds[0], parent=opened.window)
    idle.set_minutes(2)
    seconds[0] += 119
    idle.look()
    assert session.state.access is Access.OPEN
    qtbot.keyClick(opened.window.windowHandle(), Qt.Key.Key_Shift)
    seconds[0] += 119
    idle.look()
    assert session.state.access is Access.OPEN
    seconds[0] += 2
    idle.look()
    assert session.state.access is Access.LOCKED


def test_a_clock_set_back_begins_the_wait_anew(qtbot, logged_in):
    opened = logged_in()
    seconds = [10_000.0]
    idle = IdleLock(opened.shell.session, clock=lambda: seconds[0], parent=opened.window)
    idle.set_minutes(1)
    seconds[0] = 5_000.0
    idle.look()
    seconds[0] += 59
    idle.look()
    assert opened.shell.session.state.access is Access.OPEN
    seconds[0] += 1
    idle.look()
    assert opened.shell.session.state.access is Access.LOCKED


def test_the_filter_swallows_nothing(qtbot, logged_in):
    opened = logged_in()
    assert not opened.shell.idle.eventFilter(opened.window, QEvent(QEvent.Type.KeyPress))


def test_the_title_never_names_anybody(qtbot, logged_in):
    opened = logged_in()
    assert opened.window.windowTitle() == "Retina Desktop"
