"""The viewer's bars: they show the state and say what was asked for."""

import math
from collections.abc import Mapping

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from retina_desktop.gui.viewer.actions import (
    FILTER_ACTIONS,
    PALETTE_NAMES,
    plain_text,
    translated,
)
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter
from retina_desktop.gui.viewer.state import ViewerState

_ICON = QSize(20, 20)
_STEPS_PER_BRIGHTNESS = 200  # the slider's hundred steps are half of black to white


class NavigationBar(QFrame):
    """Zoom, rotation, comparison and the view filter."""

    filter_chosen = Signal(object)  # ViewFilter

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = _row(self)
        for name in ("fit", "actual_size", "zoom_out"):
            row.addWidget(_button(actions[name]))
        self.scale = _label()
        self.scale.setMinimumWidth(self.fontMetrics().horizontalAdvance("6400 % "))
        self.scale.setToolTip(self.tr("Screen pixels per pixel of the photograph"))
        self.scale.setAccessibleName(self.tr("Magnification"))
        row.addWidget(self.scale)
        row.addWidget(_button(actions["zoom_in"]))
        row.addWidget(_rule())
        for name in ("rotate_left", "rotate_right", "side_by_side", "full_screen"):
            row.addWidget(_button(actions[name]))
        row.addStretch(1)
        self.note = QLabel()
        self.note.setObjectName("muted")
        self.note.setAccessibleName(self.tr("State of the view"))
        self.note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        row.addWidget(self.note, 3)
        self.filters = QComboBox()
        for name, view_filter in FILTER_ACTIONS.items():
            self.filters.addItem(plain_text(actions[name]), view_filter)
            tip = actions[name].toolTip()
            self.filters.setItemData(self.filters.count() - 1, tip, Qt.ItemDataRole.ToolTipRole)
        self.filters.setToolTip(
            self.tr("How to look at the photograph; findings stay the same")
        )
        self.filters.setAccessibleName(self.tr("View filter"))
        self.filters.setMinimumContentsLength(9)
        self.filters.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.filters.activated.connect(self._on_filter)
        row.addWidget(self.filters, 2)
        row.addWidget(_button(actions["tone"]))

    def render_state(self, state: ViewerState) -> None:
        """Show what is in force."""
        wanted = state.choices.view_filter
        self.filters.setCurrentIndex(list(ViewFilter).index(wanted))
        self.filters.setEnabled(state.main is not None)
        note = state.problem
        if not note and state.waiting:
            note = self.tr("Computing the view…")
        self.note.setText(note)
        self.note.setVisible(bool(note))  # the filters' names need the room
        self.note.setToolTip(note)

    def render_scale(self, scale: float) -> None:
        """Show the magnification in force."""
        self.scale.setText(self.tr("{percent}\u00a0%").format(percent=percent_of(scale)))

    def _on_filter(self, index: int) -> None:
        # Qt hands back a plain string for a StrEnum
        self.filter_chosen.emit(ViewFilter(self.filters.itemData(index)))


class ToneBar(QFrame):
    """Brightness, contrast and gamma."""

    tone_chosen = Signal(object)  # Tone

    def __init__(self, reset: QAction, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = _row(self)
        self.brightness = self._slider(row, self.tr("Brightness"))
        self.contrast = self._slider(row, self.tr("Contrast"))
        self.gamma = self._slider(row, self.tr("Gamma"))
        row.addWidget(_button(reset))

    def render_state(self, state: ViewerState) -> None:
        """Show what is in force."""
        tone = state.choices.tone
        for slider, value in (
            (self.brightness, tone.brightness * _STEPS_PER_BRIGHTNESS),
            (self.contrast, _step_of_factor(tone.contrast)),
            (self.gamma, _step_of_factor(tone.gamma)),
        ):
            with QSignalBlocker(slider):
                slider.setValue(round(value))

    def _slider(self, row: QHBoxLayout, name: str) -> QSlider:
        label = QLabel(name)
        slider = _slider(-100, 100)
        slider.setAccessibleName(name)
        slider.setToolTip(
            self.tr("{name} of the view; findings stay the same").format(name=name)
        )
        slider.setMinimumWidth(60)
        slider.valueChanged.connect(self._on_value)
        label.setBuddy(slider)
        row.addWidget(label)
        row.addWidget(slider, 1)
        row.addSpacing(8)
        return slider

    def _on_value(self) -> None:
        self.tone_chosen.emit(
            Tone(
                brightness=self.brightness.value() / _STEPS_PER_BRIGHTNESS,
                contrast=_factor_of_step(self.contrast.value()),
                gamma=_factor_of_step(self.gamma.value()),
            )
        )


class HeatBar(QFrame):
    """Switch, opacity, palette and contour of the heat."""

    opacity_chosen = Signal(float)
    palette_chosen = Signal(object)  # Palette

    def __init__(self, actions: Mapping[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = _row(self)
        row.addWidget(_button(actions["heat"]))
        self._opacity_label = label = QLabel(self.tr("Opacity"))
        self.opacity = _slider(0, 100)
        self.opacity.setAccessibleName(self.tr("Opacity of the heatmap"))
        self.opacity.setToolTip(self.tr("Opacity of the heatmap ([ and ] change it by 10 %)"))
        self.opacity.setMinimumWidth(80)
        self.opacity.setMaximumWidth(420)
        self.opacity.valueChanged.connect(self._on_opacity)
        label.setBuddy(self.opacity)
        self.percent = _label()
        self.percent.setMinimumWidth(self.fontMetrics().horizontalAdvance("100 % "))
        self.palettes = QComboBox()
        for palette, name in PALETTE_NAMES.items():
            self.palettes.addItem(translated(name), palette)
        self.palettes.setAccessibleName(self.tr("Palette of the heatmap"))
        self.palettes.setToolTip(
            self.tr("Colours of the heatmap; all are readable with any colour vision (P)")
        )
        self.palettes.activated.connect(self._on_palette)
        for widget, stretch in ((label, 0), (self.opacity, 3), (self.percent, 0)):
            row.addWidget(widget, stretch)
        row.addWidget(_rule())
        row.addWidget(_button(actions["contour"]))
        row.addWidget(self.palettes)
        row.addStretch(1)

    def render_state(self, state: ViewerState) -> None:
        """Show what is in force; nothing to set where there is no heat."""
        percent = round(state.choices.opacity * 100)
        with QSignalBlocker(self.opacity):
            self.opacity.setValue(percent)
        self.percent.setText(self.tr("{percent}\u00a0%").format(percent=percent))
        self.palettes.setCurrentIndex(list(Palette).index(state.choices.palette))
        for widget in (self._opacity_label, self.opacity, self.percent, self.palettes):
            widget.setEnabled(state.has_heat)

    def _on_opacity(self, percent: int) -> None:
        self.opacity_chosen.emit(percent / 100)

    def _on_palette(self, index: int) -> None:
        self.palette_chosen.emit(Palette(self.palettes.itemData(index)))


def percent_of(scale: float) -> str:
    """Return a scale in per cent, with a decimal where it says something."""
    percent = scale * 100
    return f"{percent:.0f}" if percent >= 99.95 else f"{percent:.1f}".removesuffix(".0")


def _factor_of_step(step: int) -> float:
    """Return 1/3 to 3 for -100 to 100, in steps even to the eye, with 1 in the middle."""
    return float(3.0 ** (step / 100))


def _step_of_factor(factor: float) -> float:
    return 100 * math.log(factor, 3.0)


def _slider(lowest: int, highest: int) -> QSlider:
    slider = QSlider(Qt.Orientation.Horizontal)
    slider.setRange(lowest, highest)
    slider.setPageStep(10)
    return slider


def _label() -> QLabel:
    label = QLabel()
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label


def _row(bar: QFrame) -> QHBoxLayout:
    row = QHBoxLayout(bar)
    row.setContentsMargins(6, 4, 6, 4)  # the smallest window has room for no more
    row.setSpacing(4)
    return row


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setAutoRaise(True)
    button.setIconSize(_ICON)
    button.setDefaultAction(action)
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    button.setAccessibleName(plain_text(action))
    button.setAccessibleDescription(action.statusTip())
    return button


def _rule() -> QFrame:
    rule = QFrame()
    rule.setFrameShape(QFrame.Shape.VLine)
    rule.setFrameShadow(QFrame.Shadow.Plain)
    rule.setForegroundRole(rule.palette().ColorRole.Mid)
    return rule
