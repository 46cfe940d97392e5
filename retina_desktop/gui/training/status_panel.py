"""Where training stands, in words and a bar, and what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from retina_desktop.gui.records.forms import name_button, named_button
from retina_desktop.gui.training.state import Phase, TrainingState
from retina_desktop.gui.training.words import shown_phase, shown_progress, tr
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.training_runs import Stage

_STEPS = 1000
_PRIMARY = {
    Phase.STOPPED: "Go on",
    Phase.TRAINED: "Measure",
}


class StatusPanel(QWidget):
    """Shows the phase; every intention is a signal."""

    start_requested = Signal()
    measure_requested = Signal()
    stop_requested = Signal()
    anew_requested = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._measures = False
        self.title = QLabel(tr("Training"))
        self.title.setObjectName("pageTitle")
        self.phase = WrappedLabel("panelTitle")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(tr("Progress of the training"))
        policy = self.progress.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.progress.setSizePolicy(policy)
        self.said = WrappedLabel("muted")
        self.error = WrappedLabel("errorText")
        self.notice = WrappedLabel("muted")
        self.start_button = named_button(tr("Start training"), primary=True)
        self.stop_button = named_button(tr("Stop and save"))
        self.anew_button = named_button(tr("Start anew"))
        self.anew_button.setToolTip(
            tr("Set this folder's run aside, where nothing of it is lost, and begin another")
        )
        self.start_button.clicked.connect(self._on_primary)
        self.stop_button.clicked.connect(self.stop_requested)
        self.anew_button.clicked.connect(self.anew_requested)
        self._lay_out()

    def render_state(self, state: TrainingState) -> None:
        """Show where training stands."""
        phase = state.phase
        self.phase.say(shown_phase(state))
        self.said.say(shown_progress(state))
        self.error.say(state.failed)
        self.notice.say(state.notice if not state.failed else "")
        self._render_bar(state)
        running = phase in (Phase.RUNNING, Phase.STOPPING)
        free = not state.busy and not state.installing
        self._measures = phase is Phase.TRAINED
        words = tr(_PRIMARY.get(phase, "Start training" if state.learns else "Start measuring"))
        if self.start_button.text() != words:
            name_button(self.start_button, words)
        startable = (Phase.READY, Phase.STOPPED, Phase.TRAINED)
        self.start_button.setVisible(not running and phase is not Phase.MEASURED)
        self.start_button.setEnabled(free and phase in startable)
        self.stop_button.setVisible(running)
        self.stop_button.setEnabled(phase is Phase.RUNNING)
        stop = tr("Stop and save") if state.running is Stage.TRAIN else tr("Stop")
        if self.stop_button.text() != stop:
            name_button(self.stop_button, stop)
        has_run = phase in (Phase.STOPPED, Phase.TRAINED, Phase.MEASURED)
        self.anew_button.setVisible(has_run)
        self.anew_button.setEnabled(free)

    def _render_bar(self, state: TrainingState) -> None:
        self.progress.setVisible(state.running is not None)
        course = state.snapshot.course
        share = course.asked if course.is_asking else course.share
        told = state.running is Stage.TRAIN and share > 0.0
        self.progress.setRange(0, _STEPS if told else 0)
        if told:
            self.progress.setValue(round(_STEPS * share))

    def _on_primary(self) -> None:
        (self.measure_requested if self._measures else self.start_requested).emit()

    def _lay_out(self) -> None:
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.title)
        buttons.addStretch(1)
        for button in (self.anew_button, self.stop_button, self.start_button):
            buttons.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(buttons)
        for part in (self.phase, self.progress, self.said, self.error, self.notice):
            layout.addWidget(part)
