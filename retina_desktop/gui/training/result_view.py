"""What was measured, and the step from there to the model that answers."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QSizePolicy,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.labels import label_of
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.training.state import TrainingState
from retina_desktop.gui.training.view_model import may_install
from retina_desktop.gui.training.words import tr
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.training_runs_results import Headline, LabelFigures

_LONGEST_NAME = 60
_DASH = "\u2013"


class ResultView(QWidget):
    """Shows the figures and the models; every intention is a signal."""

    report_requested = Signal()
    install_requested = Signal(str)  # the model's name
    model_chosen = Signal(str)  # its id

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._headline: Headline | None = None
        self._proposed = ""
        self.summary = WrappedLabel()
        self.table = _table()
        self.report_button = named_button(tr("Open the whole report"))
        self.report_button.setToolTip(
            tr("Every figure, the curves and the worst mistakes, in the browser")
        )
        self.name = QLineEdit()
        self.name.setMaxLength(_LONGEST_NAME)
        self.name.setAccessibleName(tr("Name of the model"))
        self.name.setToolTip(tr("As it stands in reports and in Help, Model information"))
        self.install_button = named_button(tr("Install and use"), primary=True)
        self.models = QComboBox()
        self.models.setAccessibleName(tr("Installed models"))
        self.models.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.use_button = named_button(tr("Use this model"))
        self.in_force = WrappedLabel("muted")
        self.report_button.clicked.connect(self.report_requested)
        self.install_button.clicked.connect(
            lambda: self.install_requested.emit(self.name.text())
        )
        self.use_button.clicked.connect(self._on_use)
        self.models.currentIndexChanged.connect(self._on_marked)
        self._free = False
        self._lay_out()

    def render_state(self, state: TrainingState) -> None:
        """Show the figures, and what can be installed or used."""
        headline = state.snapshot.headline
        if headline != self._headline:
            self._headline = headline
            _fill(self.table, headline.labels if headline else ())
        self.summary.say(summary(headline) if headline else tr("Nothing is measured yet."))
        self.table.setVisible(headline is not None)
        self.report_button.setEnabled(state.snapshot.content.evaluation is not None)
        self.install_button.setEnabled(may_install(state))
        self.name.setEnabled(may_install(state))
        proposed = proposed_name(state)
        if proposed != self._proposed:  # what the user typed stays else
            self._proposed = proposed
            self.name.setText(proposed)
        self._render_models(state)

    def _render_models(self, state: TrainingState) -> None:
        self._free = state.running is None and not state.busy and not state.installing
        shown = [(f"{model.name} {model.version}", model.id) for model in state.models]
        listed = range(self.models.count())
        if shown != [(self.models.itemText(i), self.models.itemData(i)) for i in listed]:
            self.models.clear()
            for words, model_id in shown:
                self.models.addItem(words, model_id)
        force = state.in_force
        if force is not None and force.id != self._in_force:
            self._in_force = force.id
            self.models.setCurrentIndex(self.models.findData(force.id))
        self.in_force.say(
            tr("{0}, version {1}, answers now.").format(force.name, force.version)
            if force is not None
            else ""
        )
        self._on_marked()

    _in_force = ""

    def _on_marked(self) -> None:
        other = self.models.currentData() not in (None, self._in_force)
        self.use_button.setEnabled(self._free and other)

    def _on_use(self) -> None:
        model_id = self.models.currentData()
        if model_id:
            self.model_chosen.emit(model_id)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.summary)
        layout.addWidget(self.table, 1)
        install = QHBoxLayout()
        install.addWidget(self.report_button)
        install.addStretch(1)
        label = QLabel(tr("Name"))
        label.setBuddy(self.name)
        install.addWidget(label)
        install.addWidget(self.name, 3)
        install.addWidget(self.install_button)
        layout.addLayout(install)
        use = QHBoxLayout()
        use.addWidget(self.in_force, 2)
        use.addWidget(self.models, 2)
        use.addWidget(self.use_button)
        layout.addLayout(use)


def summary(headline: Headline) -> str:
    """Return the first thing one wants to know, in two sentences."""
    words = (
        tr("{0} at {1} pixels, the best after epoch {2}.")
        if headline.learned
        else tr("{0} at {1} pixels, nothing learned; the report says which thresholds are new.")
    )
    trained = words.format(headline.architecture, headline.size, headline.best_epoch)
    if headline.mean_auroc is None:
        return tr("{0} test photographs are too few for a figure. {1}").format(
            headline.test_photographs, trained
        )
    words = tr(
        "Mean AUROC {0} over {1} pairs of source and label, on {2} photographs kept back. {3}"
    )
    return words.format(
        headline.mean_auroc.shown, headline.pairs, headline.test_photographs, trained
    )


def proposed_name(state: TrainingState) -> str:
    """Return a name for the model: the recipe's, and what it learned from."""
    if state.manifest is None:
        return ""
    recipe = state.bound_to or (state.chosen.shown if state.chosen else state.recipe)
    return f"{recipe} {state.manifest.parent.name}"[:_LONGEST_NAME].strip()


def _table() -> QTableWidget:
    header = (
        tr("Finding"),
        tr("Source"),
        tr("Present"),
        tr("Absent"),
        tr("AUROC (95 %)"),
        tr("Sensitivity"),
        tr("Specificity"),
    )
    table = QTableWidget(0, len(header))
    table.setAccessibleName(tr("Figures by finding and source"))
    table.setHorizontalHeaderLabels(list(header))
    table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    columns = table.horizontalHeader()
    columns.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    columns.setStretchLastSection(True)
    columns.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
    return table


def _fill(table: QTableWidget, labels: tuple[LabelFigures, ...]) -> None:
    table.setRowCount(len(labels))
    for row, figures in enumerate(labels):
        cells = (
            label_of(figures.code).name,
            figures.source,
            str(figures.positives),
            str(figures.negatives),
            *(
                measured.shown if measured else _DASH
                for measured in (figures.auroc, figures.sensitivity, figures.specificity)
            ),
        )
        for column, text in enumerate(cells):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            table.setItem(row, column, item)
