"""What to learn from and how: the list, the folder, the recipe and a few values."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.manifests import half_of
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.training.state import Phase, TrainingState
from retina_desktop.gui.training.words import tr
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.training_runs_models import InstalledModel
from retina_desktop.services.training_runs_recipes import RecipeChoice

_OWN_FILE = "\n"  # the entry under recipes and starts that asks for a file; no name or path
_AS_RECIPE = ""  # the entry of the starts that leaves it to the recipe
_WIDTH = 330
# Also of a run that goes on: what a full memory or a busy computer asks for.
_CHANGEABLE = {"batch", "threads"}
_LIMITS = {"epochs": 1000, "batch": 1024, "size": 1024, "threads": 256}


class TrainingForm(QScrollArea):
    """Shows what is chosen; every intention is a signal."""

    manifest_asked = Signal()
    work_dir_asked = Signal()
    recipe_asked = Signal()
    recipe_chosen = Signal(str)
    start_asked = Signal()
    start_chosen = Signal(object)  # Path, None: as the recipe says
    wished = Signal(str, object)  # the value's name, int or None
    check_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bare")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFixedWidth(_WIDTH)
        self.manifest = _place(tr("List of photographs"))
        self.manifest_button = _choose(tr("Choose the list of photographs"))
        self.work_dir = _place(tr("Work folder"))
        self.work_dir_button = _choose(tr("Choose the work folder"))
        self.check_button = named_button(tr("Check data"))
        self.recipe = QComboBox()
        self.recipe.setAccessibleName(tr("Recipe"))
        self.recipe.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.about = WrappedLabel("muted")
        self.start = QComboBox()
        self.start.setAccessibleName(tr("Start from"))
        self.start.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.bound = WrappedLabel("muted")
        names = {
            "epochs": tr("Epochs"),
            "batch": tr("Photographs at once"),
            "size": tr("Size in pixels"),
            "threads": tr("Processor threads"),
        }
        self.values = {name: _number(words, _LIMITS[name]) for name, words in names.items()}
        self.values["threads"].setMinimum(1)  # the others take the recipe's value at 0
        self._lay_out(names)
        self._connect()

    def render_state(self, state: TrainingState) -> None:
        """Show what is chosen, and allow what can be changed now."""
        _show_place(self.manifest, state.manifest)
        _show_place(self.work_dir, state.work_dir)
        idle = state.running is None and not state.busy and not state.installing
        able = idle and state.phase is not Phase.UNAVAILABLE
        for widget in (self.manifest_button, self.work_dir_button):
            widget.setEnabled(able)
        self.check_button.setEnabled(able and state.plan is not None)
        self._render_recipe(state, able=able)

    def _render_recipe(self, state: TrainingState, *, able: bool) -> None:
        free = able and not state.is_bound
        self._list_recipes(state)
        self.recipe.setEnabled(free)
        self._list_starts(state)
        self.start.setEnabled(free)
        chosen = state.chosen
        self.recipe.setVisible(not state.is_bound)
        self.about.say(chosen.about if chosen and not state.is_bound else "")
        words = tr("The run of this folder follows “{0}”: start anew to change what is grey.")
        self.bound.say(words.format(state.bound_to) if state.is_bound else "")
        usual, as_usual = state.usual, tr("{0}, as the recipe")
        for name, field in self.values.items():
            of_the_form = name in _CHANGEABLE or not state.is_bound
            with QSignalBlocker(field):
                if name in usual:
                    field.setSpecialValueText(as_usual.format(usual[name]))
                field.setValue(getattr(state.wishes, name) or 0 if of_the_form else 0)
            field.setEnabled(able if name in _CHANGEABLE else free)

    def _list_recipes(self, state: TrainingState) -> None:
        offered = [(choice.name, choice.shown) for choice in state.recipes]
        offered.append((_OWN_FILE, tr("A recipe of your own…")))
        _offer(self.recipe, offered, state.recipe)

    def _list_starts(self, state: TrainingState) -> None:
        chosen = state.started_from
        offered = [(_AS_RECIPE, tr("As the recipe says"))]
        offered += [(str(m.folder), _words_of(m, state.chosen)) for m in state.starts]
        if chosen is not None and str(chosen) not in dict(offered):
            offered.append((str(chosen), chosen.name))
        offered.append((_OWN_FILE, tr("A file of weights…")))
        _offer(self.start, offered, _AS_RECIPE if chosen is None else str(chosen))
        hint = tr("The weights that the training begins with: {0}")
        self.start.setToolTip(hint.format(self.start.currentText()))

    def _connect(self) -> None:
        self.manifest_button.clicked.connect(self.manifest_asked)
        self.work_dir_button.clicked.connect(self.work_dir_asked)
        self.check_button.clicked.connect(self.check_requested)
        self.recipe.activated.connect(self._on_recipe)
        self.start.activated.connect(self._on_start)
        for name, field in self.values.items():
            field.valueChanged.connect(lambda value, n=name: self.wished.emit(n, value or None))

    def _on_recipe(self, row: int) -> None:
        name = self.recipe.itemData(row)
        if name == _OWN_FILE:
            self.recipe_asked.emit()
        else:
            self.recipe_chosen.emit(name)

    def _on_start(self, row: int) -> None:
        place = self.start.itemData(row)
        if place == _OWN_FILE:
            self.start_asked.emit()
        else:
            self.start_chosen.emit(None if place == _AS_RECIPE else Path(place))

    def _lay_out(self, names: dict[str, str]) -> None:
        inside = QWidget()
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(8)
        layout.addWidget(_title(tr("Photographs")))
        hint = WrappedLabel("muted")
        hint.say(tr("A CSV table that lists photographs, or a TOML file that lists data sets."))
        layout.addWidget(hint)
        for place, button in (
            (self.manifest, self.manifest_button),
            (self.work_dir, self.work_dir_button),
        ):
            layout.addWidget(_field_name(place.accessibleName(), button))
            row = QHBoxLayout()
            row.addWidget(place, 1)
            row.addWidget(button)
            layout.addLayout(row)
        layout.addWidget(self.check_button)
        layout.addSpacing(8)
        layout.addWidget(_title(tr("Recipe")))
        layout.addWidget(self.recipe)
        layout.addWidget(self.about)
        layout.addWidget(self.bound)
        layout.addWidget(_field_name(tr("Start from"), self.start))
        layout.addWidget(self.start)
        rows = QFormLayout()
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        for name, field in self.values.items():
            rows.addRow(names[name], field)
        layout.addLayout(rows)
        layout.addStretch(1)
        self.setWidget(inside)


def _field_name(words: str, buddy: QWidget) -> QLabel:
    label = QLabel(words)
    label.setObjectName("fieldName")
    label.setBuddy(buddy)
    return label


def _words_of(model: InstalledModel, recipe: RecipeChoice | None) -> str:
    """Name a model, and that only a half of it serves where the recipe's network is one."""
    whole = (
        recipe is None or not recipe.epochs or recipe.architecture == model.architecture
    )  # one of no epochs takes the model as it is
    halved = not whole and half_of(model.architecture) != model.architecture
    words = tr("Plain half of {0}, version {1}") if halved else tr("{0}, version {1}")
    return words.format(model.name, model.version)


def _offer(box: QComboBox, offered: Sequence[tuple[str, str]], chosen: str) -> None:
    """List what can be chosen, as data and words, and mark the chosen one."""
    with QSignalBlocker(box):
        if [(box.itemData(row), box.itemText(row)) for row in range(box.count())] != offered:
            box.clear()
            for data, words in offered:
                box.addItem(words, data)
        box.setCurrentIndex(box.findData(chosen))


def _place(words: str) -> QLineEdit:
    field = QLineEdit()
    field.setReadOnly(True)
    field.setAccessibleName(words)
    return field


def _show_place(field: QLineEdit, path: object) -> None:
    text = "" if path is None else str(path)
    if field.text() != text:
        field.setText(text)
        field.setToolTip(text)


def _choose(words: str) -> QPushButton:
    button = named_button(tr("Choose…"))
    button.setAccessibleName(words)
    button.setToolTip(words)
    return button


def _number(words: str, most: int) -> QSpinBox:
    field = QSpinBox()
    field.setRange(0, most)
    field.setAccessibleName(words)
    field.setToolTip(words)
    return field


def _title(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("panelTitle")
    return label
