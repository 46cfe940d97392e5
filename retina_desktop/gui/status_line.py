"""The foot of the window: what is going on, where the pointer is, and the research notice."""

from PySide6.QtCore import QSize, Slot
from PySide6.QtWidgets import (
    QLabel,
    QProgressBar,
    QSizePolicy,
    QStatusBar,
    QToolButton,
    QWidget,
)

from retina_desktop.gui.screening.state import ScreeningState

RESEARCH_NOTICE = "Research and education software, not a certified medical device."
_STEPS = 1000


class StatusLine(QStatusBar):
    """Progress on the left, the notice always on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizeGripEnabled(False)
        self.text = QLabel()
        self.text.setObjectName("statusText")
        self.progress = QProgressBar()
        self.progress.setAccessibleName(self.tr("Progress of all analyses"))
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(120)
        self.cancel_button = QToolButton()
        self.cancel_button.setText(self.tr("Cancel all"))
        self.cancel_button.setAccessibleName(self.tr("Cancel all analyses"))
        self.cancel_button.setToolTip(self.tr("Stop every analysis (Ctrl+Shift+K)"))
        self.cancel_button.setIconSize(QSize(16, 16))
        self.place = QLabel()
        self.place.setObjectName("researchNotice")
        self.place.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.notice = QLabel(self.tr(RESEARCH_NOTICE))
        self.notice.setObjectName("researchNotice")
        self.addWidget(self.text)
        self.addWidget(self.progress)
        self.addWidget(self.cancel_button)
        self.addWidget(self.place, 1)
        self.addPermanentWidget(self.notice)

    def render_state(self, state: ScreeningState) -> None:
        """Show how far the list is."""
        self.text.setText(status_text(state))
        self.progress.setVisible(state.busy)
        self.cancel_button.setVisible(state.busy)
        self.progress.setValue(round(_STEPS * state.progress))

    def add_sign(self, sign: QWidget) -> None:
        """Put a sign beside the notice, at its left."""
        self.removeWidget(self.notice)
        self.addPermanentWidget(sign)
        self.addPermanentWidget(self.notice)
        self.notice.show()

    @Slot(str)
    def show_place(self, text: str) -> None:
        """Show what is under the pointer."""
        self.place.setText(text)


def status_text(state: ScreeningState) -> str:
    """Return in a few words what is going on."""
    if state.searching:
        return "Looking for photographs\u2026"
    count = len(state.photographs)
    if state.busy:
        number = min(state.finished_count + 1, count)
        return f"Analysing {number} of {count}"
    if state.model_error:
        return "No model"
    if state.model is None:
        return "Loading the model\u2026"
    failed = sum(bool(photograph.error) for photograph in state.photographs)
    if failed:
        return f"{count - failed} of {count} analysed, {failed} could not be"
    return "Ready"
