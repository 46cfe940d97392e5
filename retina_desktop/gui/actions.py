"""Every action of the window as data: menus, tool bar and the list of shortcuts follow it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject
from PySide6.QtGui import QAction, QKeySequence

from retina_desktop.gui.icons import IconSet


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One action as the user meets it."""

    id: str
    menu: str  # the menu's title; "View/Theme" is a menu inside a menu
    text: str  # with the mnemonic's &
    shortcut: str  # portable text, never empty; several are parted by "; "
    tip: str  # one sentence, also the accessible description
    icon: str = ""  # a file of resources/icons, without suffix
    on_tool_bar: bool = False
    checkable: bool = False
    separated: bool = False  # a separator stands before it

    @property
    def name(self) -> str:
        """The text without its mnemonic."""
        return self.text.replace("&", "").rstrip(".…")


MENUS: Mapping[str, str] = {
    "File": "&File",
    "Photograph": "&Photograph",
    "View": "&View",
    "View/Theme": "&Theme",
    "Help": "&Help",
}

ACTIONS: tuple[ActionEntry, ...] = (
    ActionEntry(
        "open",
        "File",
        "&Open photographs…",
        "Ctrl+O",
        "Choose one or many fundus photographs and analyse them.",
        "photograph_open",
        on_tool_bar=True,
    ),
    ActionEntry(
        "open_folder",
        "File",
        "Open &folder…",
        "Ctrl+Shift+O",
        "Analyse every photograph in a folder and the folders inside it.",
        "folder_open",
        on_tool_bar=True,
    ),
    ActionEntry(
        "sample",
        "File",
        "&Try the sample",
        "Ctrl+T",
        "Analyse the sample photograph that comes with the program.",
        "sample",
    ),
    ActionEntry(
        "save_overlay",
        "File",
        "&Save picture with heatmap…",
        "Ctrl+S",
        "Save the photograph with the chosen finding's heatmap as PNG or JPEG.",
        "save",
        on_tool_bar=True,
        separated=True,
    ),
    ActionEntry(
        "copy_overlay",
        "File",
        "&Copy picture with heatmap",
        "Ctrl+C",
        "Copy the photograph with the chosen finding's heatmap to the clipboard.",
        "copy",
        on_tool_bar=True,
    ),
    ActionEntry(
        "lock",
        "File",
        "&Lock",
        "Ctrl+L",
        "Cover everything until your password is given; running work goes on.",
        "lock",
        separated=True,
    ),
    ActionEntry(
        "log_out",
        "File",
        "Log o&ut",
        "Ctrl+Shift+L",
        "Close the records, so that somebody else can log in.",
        "log_out",
    ),
    ActionEntry(
        "settings",
        "File",
        "S&ettings…",
        "Ctrl+,",
        "The clinic's name, users, your password, backups and the records' soundness.",
        "settings",
    ),
    ActionEntry(
        "quit",
        "File",
        "&Quit",
        "Ctrl+Q",
        "Close the window; running analyses are cancelled.",
        "quit",
        separated=True,
    ),
    ActionEntry(
        "previous",
        "Photograph",
        "&Previous photograph",
        "PgUp",
        "Show the photograph before this one.",
        "previous",
        on_tool_bar=True,
        separated=True,
    ),
    ActionEntry(
        "next",
        "Photograph",
        "&Next photograph",
        "PgDown",
        "Show the photograph after this one.",
        "next",
        on_tool_bar=True,
    ),
    ActionEntry(
        "previous_finding",
        "Photograph",
        "Previous &finding",
        "Ctrl+Up",
        "Choose the finding above; its heatmap is shown.",
        "previous_finding",
        separated=True,
    ),
    ActionEntry(
        "next_finding",
        "Photograph",
        "N&ext finding",
        "Ctrl+Down",
        "Choose the finding below; its heatmap is shown.",
        "next_finding",
    ),
    ActionEntry(
        "eye_right",
        "Photograph",
        "This is a &right eye (OD)",
        "Ctrl+Alt+R",
        "State that this photograph shows a right eye; your word wins.",
        "eye_right",
        separated=True,
    ),
    ActionEntry(
        "eye_left",
        "Photograph",
        "This is a &left eye (OS)",
        "Ctrl+Alt+L",
        "State that this photograph shows a left eye; your word wins.",
        "eye_left",
    ),
    ActionEntry(
        "eye_auto",
        "Photograph",
        "&Take the eye from the photograph",
        "Ctrl+Alt+A",
        "Withdraw your word on the eye; the file's or the picture's is taken.",
        "eye_auto",
    ),
    ActionEntry(
        "retry",
        "Photograph",
        "Analyse a&gain",
        "F5",
        "Analyse this photograph once more.",
        "retry",
        on_tool_bar=True,
        separated=True,
    ),
    ActionEntry(
        "cancel",
        "Photograph",
        "&Cancel this analysis",
        "Ctrl+K",
        "Stop analysing this photograph, or take it out of the queue.",
        "cancel",
    ),
    ActionEntry(
        "cancel_all",
        "Photograph",
        "Cancel &all analyses",
        "Ctrl+Shift+K",
        "Stop every running and waiting analysis.",
        "cancel_all",
        on_tool_bar=True,
    ),
    ActionEntry(
        "keep",
        "Photograph",
        "&Keep for a patient…",
        "Ctrl+Shift+P",
        "Keep the analysed photographs as a visit of a patient, without analysing again.",
        "keep",
        on_tool_bar=True,
        separated=True,
    ),
    ActionEntry(
        "remove",
        "Photograph",
        "Remove fro&m the list",
        "Del",
        "Take this photograph off the list; the file itself is not touched.",
        "remove",
        on_tool_bar=True,
        separated=True,
    ),
    ActionEntry(
        "clear",
        "Photograph",
        "Remove all from the li&st",
        "Ctrl+Shift+Del",
        "Empty the list; the files themselves are not touched.",
        "clear",
    ),
    ActionEntry(
        "page_screening",
        "View",
        "&Screening",
        "Ctrl+1",
        "Analyse photographs without keeping them in the records.",
        "eye",
        checkable=True,
        separated=True,
    ),
    ActionEntry(
        "page_worklist",
        "View",
        "&Worklist",
        "Ctrl+2",
        "Today's examinations by what is to be done, urgent ones first.",
        "worklist",
        checkable=True,
    ),
    ActionEntry(
        "page_patients",
        "View",
        "P&atients",
        "Ctrl+3",
        "Search the clinic's patients and open their history.",
        "patients",
        checkable=True,
    ),
    ActionEntry(
        "page_training",
        "View",
        "Trainin&g",
        "Ctrl+4",
        "Train a model of your own on photographs with known findings.",
        "training",
        checkable=True,
    ),
    ActionEntry(
        "back",
        "View",
        "&Back",
        "Alt+Left",
        "Go back to the page before this one.",
        "back",
    ),
    ActionEntry(
        "focus_list",
        "View",
        "Go to the &photographs",
        "F2",
        "Put the keyboard into the list of photographs.",
        "list",
        separated=True,
    ),
    ActionEntry(
        "focus_picture",
        "View",
        "Go to the p&icture",
        "F3",
        "Put the keyboard into the picture.",
        "picture",
    ),
    ActionEntry(
        "focus_findings",
        "View",
        "Go to the &findings",
        "F4",
        "Put the keyboard into the list of findings.",
        "findings",
    ),
    ActionEntry(
        "theme_system",
        "View/Theme",
        "As the &system",
        "Ctrl+Alt+0",
        "Follow the system's light or dark appearance.",
        "theme",
        checkable=True,
    ),
    ActionEntry(
        "theme_light",
        "View/Theme",
        "&Light",
        "Ctrl+Alt+1",
        "Dark text on light panels, for bright rooms.",
        "light",
        checkable=True,
    ),
    ActionEntry(
        "theme_dark",
        "View/Theme",
        "&Dark",
        "Ctrl+Alt+2",
        "Light text on dark panels, for the reading room.",
        "dark",
        checkable=True,
    ),
    ActionEntry(
        "shortcuts",
        "Help",
        "&Keyboard shortcuts",
        "F1",
        "List every action with its keys.",
        "keyboard",
    ),
    ActionEntry(
        "model_information",
        "Help",
        "&Model information",
        "Ctrl+I",
        "Which model answers, how well it was measured, and which bundles were refused.",
        "model",
    ),
    ActionEntry(
        "about",
        "Help",
        "&About Retina Desktop",
        "Shift+F1",
        "Version, licences and what the program is for.",
        "info",
        separated=True,
    ),
)


def build_actions(
    owner: QObject, entries: Iterable[ActionEntry] = ACTIONS
) -> dict[str, QAction]:
    """Return a QAction per entry, owned by `owner`, with shortcut and tips; by id."""
    actions: dict[str, QAction] = {}
    for entry in entries:
        action = QAction(translated(entry.text), owner)
        action.setObjectName(entry.id)
        action.setShortcuts(QKeySequence.listFromString(entry.shortcut))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{translated(entry.tip)} ({keys})")
        action.setStatusTip(translated(entry.tip))
        action.setWhatsThis(translated(entry.tip))
        action.setCheckable(entry.checkable)
        actions[entry.id] = action
    return actions


def tint_actions(actions: Mapping[str, QAction], icons: IconSet) -> None:
    """Give every action of `ACTIONS` its icon in the theme's colour."""
    for entry in ACTIONS:
        if entry.icon:
            actions[entry.id].setIcon(icons.icon(entry.icon))


def translated(text: str) -> str:
    """Return `text` in the user's language."""
    return QCoreApplication.translate("actions", text)
