"""Light and dark: one set of named colours feeds the palette, the style sheet and the icons.

The tier colours are told apart by lightness as well as hue, and never stand alone: each light
also has its own shape and words (`screening.referral_light`).
"""

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.icons import IconSet


class ThemeChoice(StrEnum):
    """What the user asked for."""

    SYSTEM = "system"
    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class ThemeColors:
    """Every colour of the window, as ``#rrggbb``; the style sheet names them ``@field``."""

    window: str
    panel: str
    card: str
    hover: str
    selected: str
    veil: str  # ``#aarrggbb``: over everything while files are dragged
    border: str
    text: str
    muted: str
    disabled: str
    accent: str
    on_accent: str
    track: str
    present: str
    absent: str
    warning: str
    error: str
    tier_urgent: str
    tier_soon: str
    tier_routine: str
    tier_reimage: str
    tier_none: str

    def tier(self, tier: ReferralTier) -> str:
        """Return the colour of a referral light."""
        colour: str = getattr(self, f"tier_{tier.value}")
        return colour


LIGHT = ThemeColors(
    window="#eef1f4",
    panel="#ffffff",
    card="#f5f7f9",
    hover="#e9eff5",
    selected="#d8e8f6",
    veil="#e6d8e8f6",
    border="#d3dae1",
    text="#18202a",
    muted="#52606e",
    disabled="#98a4b0",
    accent="#0b66ad",
    on_accent="#ffffff",
    track="#dde3e9",
    present="#0b66ad",
    absent="#8795a3",
    warning="#8a5300",
    error="#b3261e",
    tier_urgent="#b3261e",
    tier_soon="#b35c00",
    tier_routine="#857000",
    tier_reimage="#55636f",
    tier_none="#1c7a49",
)

DARK = ThemeColors(
    window="#12161b",
    panel="#191f26",
    card="#20272f",
    hover="#28313b",
    selected="#1f3b54",
    veil="#e61f3b54",
    border="#303a45",
    text="#e7ecf1",
    muted="#9fadba",
    disabled="#64717e",
    accent="#5cb0ee",
    on_accent="#08131d",
    track="#323d48",
    present="#5cb0ee",
    absent="#74828f",
    warning="#f0b429",
    error="#ff8a80",
    tier_urgent="#ff7468",
    tier_soon="#ffa94d",
    tier_routine="#e3d04c",
    tier_reimage="#a9b6c2",
    tier_none="#4fc98b",
)


class ThemeKeeper(QObject):
    """Holds the theme in force and puts it on the application."""

    changed = Signal()

    def __init__(self, app: QApplication, resources: Path, choice: ThemeChoice) -> None:
        super().__init__(app)
        self._app = app
        self._resources = resources
        self._template = (resources / "qss" / "window.qss").read_text(encoding="utf-8")
        self.choice = choice
        self._applied: ThemeColors | None = None
        self.colors = LIGHT
        self.icons = IconSet(Path(), "#000000", "#000000")
        self.choose(choice)
        app.styleHints().colorSchemeChanged.connect(self._follow_system)

    def choose(self, choice: ThemeChoice) -> None:
        """Put `choice` in force at once, on everything that is open."""
        self.choice = choice
        hints = self._app.styleHints()
        if choice is ThemeChoice.SYSTEM:
            hints.unsetColorScheme()
        else:
            dark = choice is ThemeChoice.DARK
            hints.setColorScheme(Qt.ColorScheme.Dark if dark else Qt.ColorScheme.Light)
        self._apply()

    @Slot()
    def _follow_system(self) -> None:
        if self.choice is ThemeChoice.SYSTEM:
            self._apply()

    def _apply(self) -> None:
        system_is_dark = self._app.styleHints().colorScheme() is Qt.ColorScheme.Dark
        dark = self.choice is ThemeChoice.DARK or (
            self.choice is ThemeChoice.SYSTEM and system_is_dark
        )
        colors, icons = DARK if dark else LIGHT, self._resources / "icons"
        if colors is not self._applied:  # every widget is polished anew, which takes a while
            self._applied = self.colors = colors
            self.icons = IconSet(icons, colors.text, colors.disabled)
            self._app.setPalette(palette_of(colors))
            self._app.setStyleSheet(style_sheet_of(self._template, colors, icons))
        self.changed.emit()


def style_sheet_of(template: str, colors: ThemeColors, icons: Path) -> str:
    """Return the style sheet with every ``@name`` replaced; longer names first."""
    sheet = template.replace("@icons", icons.as_posix())
    for name, value in sorted(asdict(colors).items(), key=lambda item: -len(item[0])):
        sheet = sheet.replace(f"@{name}", value)
    return sheet


def palette_of(colors: ThemeColors) -> QPalette:
    """Return the palette for what the style sheet does not draw itself."""
    roles = {
        QPalette.ColorRole.Window: colors.window,
        QPalette.ColorRole.WindowText: colors.text,
        QPalette.ColorRole.Base: colors.panel,
        QPalette.ColorRole.AlternateBase: colors.card,
        QPalette.ColorRole.Text: colors.text,
        QPalette.ColorRole.Button: colors.card,
        QPalette.ColorRole.ButtonText: colors.text,
        QPalette.ColorRole.BrightText: colors.error,
        QPalette.ColorRole.ToolTipBase: colors.panel,
        QPalette.ColorRole.ToolTipText: colors.text,
        QPalette.ColorRole.PlaceholderText: colors.muted,
        QPalette.ColorRole.Highlight: colors.accent,
        QPalette.ColorRole.HighlightedText: colors.on_accent,
        QPalette.ColorRole.Link: colors.accent,
        QPalette.ColorRole.Accent: colors.accent,
        QPalette.ColorRole.Light: colors.hover,
        QPalette.ColorRole.Midlight: colors.card,
        QPalette.ColorRole.Mid: colors.border,
        QPalette.ColorRole.Dark: colors.border,
        QPalette.ColorRole.Shadow: colors.border,
    }
    palette = QPalette()
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (
        QPalette.ColorRole.WindowText,
        QPalette.ColorRole.Text,
        QPalette.ColorRole.ButtonText,
    ):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(colors.disabled))
    return palette
