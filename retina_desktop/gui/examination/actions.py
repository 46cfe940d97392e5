"""Every action of the examination page as data: buttons, menu and list of keys follow it."""

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

from retina_desktop.gui.actions import ActionEntry

_MENU = "Examination"

EXAMINATION_ACTIONS: tuple[ActionEntry, ...] = (
    ActionEntry("undo", _MENU, "&Undo", "Ctrl+Z", "Take the last step back."),
    ActionEntry("redo", _MENU, "&Redo", "Ctrl+Shift+Z; Ctrl+Y", "Do again what was undone."),
    ActionEntry(
        "accept_all",
        _MENU,
        "&Accept all",
        "Ctrl+Shift+A",
        "Agree with every finding not decided yet, and take the model's referral.",
    ),
    ActionEntry(
        "sign",
        _MENU,
        "Accept all and &sign…",
        "Ctrl+Return; Ctrl+Enter",
        "Accept what is left, look at it once more, sign and lock.",
    ),
    ActionEntry(
        "hand_over",
        _MENU,
        "&Hand over to a reader",
        "Ctrl+Shift+H",
        "Put this examination on the readers' list.",
    ),
    ActionEntry("report", _MENU, "Re&port…", "Ctrl+P", "Look at the report, print or save it."),
    ActionEntry(
        "add",
        _MENU,
        "Add &photographs…",
        "Ctrl+Shift+I",
        "Keep photographs in this examination and analyse them.",
    ),
    ActionEntry(
        "previous",
        _MENU,
        "Pre&vious photograph",
        "PgUp",
        "Show the photograph before this one.",
    ),
    ActionEntry(
        "next", _MENU, "&Next photograph", "PgDown", "Show the photograph after this one."
    ),
    ActionEntry(
        "previous_finding", _MENU, "Finding abov&e", "Ctrl+Up", "Choose the finding above."
    ),
    ActionEntry(
        "next_finding", _MENU, "Finding &below", "Ctrl+Down", "Choose the finding below."
    ),
    ActionEntry(
        "analyse",
        _MENU,
        "Analyse a&gain",
        "F5",
        "Have the present model look at this photograph; older answers stay.",
    ),
    ActionEntry(
        "find",
        _MENU,
        "Add a &finding",
        "Ctrl+F",
        "Put the keyboard into the search over labels.",
    ),
    ActionEntry(
        "referral",
        _MENU,
        "Choose the re&ferral",
        "Ctrl+R",
        "Put the keyboard into the referral.",
    ),
    ActionEntry("comment", _MENU, "&Comment", "Ctrl+M", "Put the keyboard into the comment."),
    ActionEntry("visit", _MENU, "Visit &details", "Ctrl+D", "Show day, acuity and pressure."),
    ActionEntry(
        "focus_findings", _MENU, "Go to the f&indings", "F4", "Decide with A, D and U there."
    ),
    ActionEntry("focus_picture", _MENU, "Go to the pic&ture", "F3", "Put the keyboard there."),
    ActionEntry(
        "worklist", _MENU, "Back to the &worklist", "Ctrl+W", "Show who is to be read next."
    ),
)


def build_page_actions(page: QWidget) -> dict[str, QAction]:
    """Return a QAction per entry, working while `page` is shown; by id."""
    actions: dict[str, QAction] = {}
    for entry in EXAMINATION_ACTIONS:
        action = QAction(_tr(entry.text), page)
        action.setObjectName(f"examination.{entry.id}")
        action.setShortcuts(QKeySequence.listFromString(entry.shortcut))
        # In the whole window, also where nothing has the keyboard; a hidden page has none.
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        tip_keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{_tr(entry.tip)} ({tip_keys})")
        action.setStatusTip(_tr(entry.tip))
        page.addAction(action)
        actions[entry.id] = action
    return actions


def _tr(text: str) -> str:
    return QCoreApplication.translate("examination", text)
