"""Training's sign at the foot of the window while it runs; pressing it leads to the page."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QToolButton, QWidget

from retina_desktop.gui.training.state import TrainingState
from retina_desktop.gui.training.words import shown_stage, tr
from retina_desktop.services.training_runs import Stage


class TrainingSign(QToolButton):
    """A few words; hidden while nothing runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("backupSign")
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(tr("Go to the Training page"))
        self.render_state(TrainingState())

    @Slot(object)
    def render_state(self, state: TrainingState) -> None:
        """Show what runs and how far it is."""
        running = state.running
        self.setVisible(running is not None)
        words = tr("Training")
        if running is not None:
            share = f" {round(100 * state.snapshot.course.share)}\u00a0%"
            words = shown_stage(running) + (share if running is Stage.TRAIN else "…")
        self.setText(words)
        self.setAccessibleName(words)
