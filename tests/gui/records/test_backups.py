"""Backups in the window: made when due, and told in words."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from retina_desktop.domain.backups import BackupPlan, BackupState, LastBackup
from retina_desktop.gui.records.backup_watch import BackupView
from retina_desktop.gui.records.backup_words import words_of
from tests.gui.records.conftest import carried_out

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
AN_HOUR_AGO, LONG_AGO = NOW - timedelta(hours=1), NOW - timedelta(days=9)
PLAN = BackupPlan("/backups", 24)


def plan(qtbot, session, folder):
    def change(services, _):
        services.house.change_backup_plan(services.acting, BackupPlan(str(folder), 24))

    carried_out(qtbot, session.write(change))


def test_a_backup_that_is_due_is_made_by_itself(qtbot, logged_in, tmp_path):
    opened = logged_in()
    watch, session = opened.shell.backups, opened.shell.session
    qtbot.waitUntil(lambda: watch.view.known is not None)
    sign = opened.window.status_line.findChild(object, "backupSign")
    assert sign.text() == "No backups"
    folder = tmp_path / "drive"
    folder.mkdir()
    plan(qtbot, session, folder)
    watch.look()
    qtbot.waitUntil(
        lambda: watch.view.known.last is not None and not watch.view.running, timeout=15_000
    )
    assert sign.text().startswith("Backed up")
    assert any(folder.iterdir())
    watch.look()  # it is not due any more
    qtbot.waitUntil(lambda: not watch.view.running)


def test_a_failed_backup_is_told_and_disturbs_nobody(qtbot, logged_in, tmp_path):
    opened = logged_in()
    watch = opened.shell.backups
    blocked = tmp_path / "file"
    blocked.touch()
    plan(qtbot, opened.shell.session, blocked)
    watch.look()
    qtbot.waitUntil(lambda: bool(watch.view.known and watch.view.known.failure))
    words = words_of(watch.view)
    assert words.short == "Backup failed"
    assert not opened.window.banner.isVisible()


def test_the_sign_opens_the_backups_settings(qtbot, logged_in):
    opened = logged_in()
    qtbot.waitUntil(lambda: opened.shell.backups.view.known is not None)
    opened.window.status_line.findChild(object, "backupSign").click()
    settings = opened.shell._settings
    assert settings.tabs.currentWidget() is settings.backup
    settings.reject()


def test_nothing_is_told_of_records_that_are_closed(qtbot, logged_in):
    opened = logged_in()
    qtbot.waitUntil(lambda: opened.shell.backups.view.known is not None)
    opened.shell.log_out()
    assert words_of(opened.shell.backups.view) is None
    assert not opened.window.status_line.findChild(object, "backupSign").isVisible()


@pytest.mark.parametrize(
    ("state", "short", "icon"),
    [
        (BackupState(BackupPlan()), "No backups", "warning"),
        (BackupState(PLAN, LastBackup("a", NOW - timedelta(hours=1), "/b")), "Backed up", "ok"),
        (
            BackupState(PLAN, LastBackup("a", NOW - timedelta(days=9), "/b")),
            "overdue",
            "warning",
        ),
        (
            BackupState(PLAN, LastBackup("a", NOW, "/b"), NOW, "The drive is full."),
            "failed",
            "error",
        ),
    ],
)
def test_the_state_has_words_and_a_sign_of_its_own(state, short, icon):
    words = words_of(BackupView(state, NOW))
    assert short in words.short
    assert words.icon == icon
    assert state.failure in words.whole
    running = replace(BackupView(state, NOW), running=True, progress=0.4)
    assert "40 %" in words_of(running).short
