"""A backup's state in words, and by a sign that is no colour alone."""

from dataclasses import dataclass
from datetime import datetime

from PySide6.QtCore import QCoreApplication

from retina_desktop.gui.records.backup_watch import BackupView
from retina_desktop.gui.sentences import in_own_words


@dataclass(frozen=True, slots=True)
class BackupWords:
    """``icon`` is a file of resources/icons, ``color`` a field of `theme.ThemeColors`."""

    short: str
    whole: str
    icon: str
    color: str


def words_of(view: BackupView) -> BackupWords | None:
    """Return what to show of `view`; None while nothing is known."""
    if view.running:
        text = _tr("Backing up: {0} %").format(round(100 * view.progress))
        return BackupWords(text, text, "backup", "muted")
    state = view.known
    if state is None:
        return None
    if not state.plan.is_set:
        text = _tr("No folder for backups is chosen; choose one in the settings.")
        return BackupWords(_tr("No backups"), text, "warning", "warning")
    last = (
        _tr("The last good backup is of {0}.").format(_moment(state.last.at, view.now))
        if (state.last)
        else _tr("There is no backup yet.")
    )
    if state.failure:
        whole = f"{in_own_words(state.failure)} {last}"
        return BackupWords(_tr("Backup failed"), whole, "error", "error")
    if state.overdue(view.now):
        return BackupWords(_tr("Backup overdue"), last, "warning", "warning")
    if state.last is None:
        return BackupWords(_tr("No backup yet"), last, "backup", "muted")
    short = _tr("Backed up {0}").format(_moment(state.last.at, view.now))
    return BackupWords(short, last, "ok", "tier_none")


def _moment(at: datetime, now: datetime) -> str:
    """Return a moment in the workstation's own time, short."""
    here, today = at.astimezone(), now.astimezone().date()
    if here.date() == today:
        return _tr("today {0}").format(f"{here:%H:%M}")
    if (today - here.date()).days == 1:
        return _tr("yesterday {0}").format(f"{here:%H:%M}")
    return f"{here:%Y-%m-%d}"


def _tr(text: str) -> str:
    return QCoreApplication.translate("BackupWords", text)
