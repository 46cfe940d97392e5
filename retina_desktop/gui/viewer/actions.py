"""Every action of the viewer as data: buttons, menus, shortcuts and help follow it."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication
from PySide6.QtGui import QAction, QKeySequence, QPalette
from PySide6.QtWidgets import QWidget

from retina_desktop.gui.viewer.looks import Palette, ViewFilter
from retina_desktop.gui.viewer.symbols import has_symbol, symbol_icon

_CONTEXT = "ViewerActions"


def QT_TRANSLATE_NOOP(_context: str, text: str) -> str:
    """Mark `text` for lupdate, which knows this name; PySide6's own returns an object."""
    return text


@dataclass(frozen=True, slots=True)
class ViewerActionEntry:
    """One action as the user meets it; `keys` are portable texts, the first is shown."""

    id: str
    menu: str  # "Zoom", "Heatmap" or "Filter"
    text: str  # with the mnemonic's &
    keys: tuple[str, ...]
    tip: str
    checkable: bool = False
    repeats: bool = False  # while the key is held


ACTION_ENTRIES: tuple[ViewerActionEntry, ...] = (
    ViewerActionEntry(
        "fit",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Fit"),
        ("F",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Show the whole photograph."),
    ),
    ViewerActionEntry(
        "actual_size",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "&1:1"),
        ("1",),
        QT_TRANSLATE_NOOP(
            _CONTEXT, "Show one pixel of the photograph per pixel of the screen."
        ),
    ),
    ViewerActionEntry(
        "zoom_in",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "Zoom &in"),
        ("+", "=", "Ctrl++", "Ctrl+="),
        QT_TRANSLATE_NOOP(_CONTEXT, "Enlarge the photograph."),
        repeats=True,
    ),
    ViewerActionEntry(
        "zoom_out",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "Zoom &out"),
        ("-", "Ctrl+-"),
        QT_TRANSLATE_NOOP(_CONTEXT, "Show more of the photograph."),
        repeats=True,
    ),
    ViewerActionEntry(
        "rotate_right",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "Rotate &right"),
        ("R",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Rotate the view a quarter turn clockwise."),
    ),
    ViewerActionEntry(
        "rotate_left",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "Rotate &left"),
        ("Shift+R",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Rotate the view a quarter turn anticlockwise."),
    ),
    ViewerActionEntry(
        "side_by_side",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Side by side"),
        ("S",),
        QT_TRANSLATE_NOOP(
            _CONTEXT, "Show the untouched photograph beside this view; both move together."
        ),
        checkable=True,
    ),
    ViewerActionEntry(
        "full_screen",
        "Zoom",
        QT_TRANSLATE_NOOP(_CONTEXT, "F&ull screen"),
        ("F11",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Give the photograph the whole screen, or go back."),
    ),
    ViewerActionEntry(
        "heat",
        "Heatmap",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Heatmap"),
        ("H",),
        QT_TRANSLATE_NOOP(
            _CONTEXT, "Show or hide where the evidence for the chosen finding lies."
        ),
        checkable=True,
    ),
    ViewerActionEntry(
        "opacity_up",
        "Heatmap",
        QT_TRANSLATE_NOOP(_CONTEXT, "&More opaque"),
        ("]",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Make the heatmap 10 % more opaque."),
        repeats=True,
    ),
    ViewerActionEntry(
        "opacity_down",
        "Heatmap",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Less opaque"),
        ("[",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Make the heatmap 10 % more transparent."),
        repeats=True,
    ),
    ViewerActionEntry(
        "contour",
        "Heatmap",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Contour at threshold"),
        ("C",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Outline where the heat reaches the finding's threshold."),
        checkable=True,
    ),
    ViewerActionEntry(
        "next_palette",
        "Heatmap",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Next palette"),
        ("P",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Colour the heatmap by the next palette."),
    ),
    ViewerActionEntry(
        "filter_none",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Original colours"),
        ("O",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Show the photograph as it was taken."),
        checkable=True,
    ),
    ViewerActionEntry(
        "filter_red_free",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Red-free"),
        ("G",),
        QT_TRANSLATE_NOOP(
            _CONTEXT,
            "Show the green channel: vessels, haemorrhages and nerve fibres stand out.",
        ),
        checkable=True,
    ),
    ViewerActionEntry(
        "filter_clahe",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Local contrast (CLAHE)"),
        ("L",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Raise the contrast everywhere by its surroundings."),
        checkable=True,
    ),
    ViewerActionEntry(
        "filter_illumination",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Even illumination"),
        ("U",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Take out the shading from the middle to the edge."),
        checkable=True,
    ),
    ViewerActionEntry(
        "filter_enhanced",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "En&hanced"),
        ("E",),
        QT_TRANSLATE_NOOP(
            _CONTEXT, "Even illumination, local contrast and sharper detail, in one click."
        ),
        checkable=True,
    ),
    ViewerActionEntry(
        "filter_invert",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Inverted"),
        ("I",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Show the negative."),
        checkable=True,
    ),
    ViewerActionEntry(
        "tone",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "&Brightness, contrast, gamma"),
        ("B",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Show or hide the sliders for the view's tone."),
        checkable=True,
    ),
    ViewerActionEntry(
        "reset_tone",
        "Filter",
        QT_TRANSLATE_NOOP(_CONTEXT, "Rese&t tone"),
        ("Shift+B",),
        QT_TRANSLATE_NOOP(_CONTEXT, "Set brightness, contrast and gamma back to neutral."),
    ),
)

FILTER_ACTIONS: Mapping[str, ViewFilter] = {f"filter_{f.value}": f for f in ViewFilter}
PALETTE_NAMES: Mapping[Palette, str] = {
    Palette.VIRIDIS: QT_TRANSLATE_NOOP(_CONTEXT, "Viridis"),
    Palette.CIVIDIS: QT_TRANSLATE_NOOP(_CONTEXT, "Cividis"),
    Palette.INFERNO: QT_TRANSLATE_NOOP(_CONTEXT, "Inferno"),
}


def build_viewer_actions(owner: QWidget) -> dict[str, QAction]:
    """Return a QAction per entry, by id, owned by and working in the window of `owner`."""
    actions: dict[str, QAction] = {}
    for entry in ACTION_ENTRIES:
        action = QAction(translated(entry.text), owner)
        action.setObjectName(f"viewer.{entry.id}")
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        tip = translated(entry.tip)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(f"{tip} ({keys})")
        action.setStatusTip(tip)
        action.setWhatsThis(tip)
        action.setCheckable(entry.checkable)
        action.setAutoRepeat(entry.repeats)
        owner.addAction(action)
        actions[entry.id] = action
    return actions


def tint_viewer_actions(actions: Mapping[str, QAction], palette: QPalette) -> None:
    """Draw the icons in the palette's colours."""
    for name, action in actions.items():
        if has_symbol(name):
            action.setIcon(symbol_icon(name, palette))


def plain_text(action: QAction) -> str:
    """Return an action's text without its mnemonic, for accessible names."""
    return action.text().replace("&", "")


def translated(text: str) -> str:
    """Return `text` in the user's language."""
    return QCoreApplication.translate(_CONTEXT, text)
