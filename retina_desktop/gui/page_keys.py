"""The keys of the records' pages that stand in no menu, as data: pages and F1 follow it."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from retina_desktop.gui.actions import ActionEntry

_WORKLIST, _PATIENTS, _FORM = "Worklist", "Patients", "Patients/Form"
_FINDINGS = "Examination/Findings"

WORKLIST_KEYS: tuple[ActionEntry, ...] = (
    ActionEntry(
        "next", _WORKLIST, "Next to read", "N", "Open the most urgent examination that waits."
    ),
    ActionEntry("today", _WORKLIST, "Today", "T", "Show today's list."),
    ActionEntry("before", _WORKLIST, "Day before", "Ctrl+Left", "Show the day before."),
    ActionEntry("after", _WORKLIST, "Day after", "Ctrl+Right", "Show the day after."),
    ActionEntry(
        "print",
        _WORKLIST,
        "Day's reports…",
        "Ctrl+P",
        "Make the reports of all signed examinations of the day.",
    ),
)
PATIENTS_KEYS: tuple[ActionEntry, ...] = (
    ActionEntry(
        "search",
        _PATIENTS,
        "Search",
        "Ctrl+F",
        "Put the keyboard into the field for searching.",
    ),
    ActionEntry("new", _PATIENTS, "New patient", "Ctrl+N", "Open the empty form."),
    ActionEntry(
        "edit", _PATIENTS, "Correct patient", "F2", "Open the form of the patient shown."
    ),
    ActionEntry(
        "visit", _PATIENTS, "New examination", "Ctrl+E", "Begin a visit of the patient shown."
    ),
)
FORM_KEYS: tuple[ActionEntry, ...] = (
    ActionEntry("save", _FORM, "Save", "Ctrl+Return; Ctrl+Enter", "Keep what was entered."),
    ActionEntry("cancel", _FORM, "Cancel", "Esc", "Close the form."),
)

# What lists and fields do of themselves; here only to be told.
_TOLD: tuple[ActionEntry, ...] = (
    ActionEntry(
        "open", _WORKLIST, "Open", "Return", "Open the examination marked in the list."
    ),
    ActionEntry(
        "open", _PATIENTS, "Open", "Return", "Open the patient or visit marked in the list."
    ),
    ActionEntry("undo", _FORM, "Undo", "Ctrl+Z", "Take back what was typed last."),
    ActionEntry("redo", _FORM, "Redo", "Ctrl+Shift+Z", "Type again what was taken back."),
    ActionEntry(
        "agree", _FINDINGS, "Agree", "A", "Agree with the finding marked, and go to the next."
    ),
    ActionEntry("disagree", _FINDINGS, "Disagree", "D", "Disagree with the finding marked."),
    ActionEntry("unsure", _FINDINGS, "Unsure", "U", "Leave the finding marked open."),
    ActionEntry("reason", _FINDINGS, "Reason", "R", "Put the keyboard into the reason."),
    ActionEntry(
        "clear", _FINDINGS, "Take back", "Del; Backspace", "Take the decision marked back."
    ),
)


def told_entries(examination: Sequence[ActionEntry]) -> tuple[ActionEntry, ...]:
    """Return every key of the records' pages for the list of keys, page by page.

    `examination` are those of the examination page, which has them as actions.
    """
    entries = (*WORKLIST_KEYS, *PATIENTS_KEYS, *FORM_KEYS, *examination, *_TOLD)
    places = dict.fromkeys(entry.menu for entry in entries)
    return tuple(entry for place in places for entry in entries if entry.menu == place)


def bind_keys(
    widget: QWidget, entries: Sequence[ActionEntry], then: Mapping[str, Callable[[], object]]
) -> None:
    """Have each entry's keys call ``then[entry.id]`` while the keyboard is in `widget`."""
    for entry in entries:
        shortcut = QShortcut(widget)
        shortcut.setKeys(QKeySequence.listFromString(entry.shortcut))
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(then[entry.id])
