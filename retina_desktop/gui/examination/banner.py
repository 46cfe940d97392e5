"""Whose visit this is, how far it has come, whether it is saved; never a window's title."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAction, QFontMetrics, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.patients import Sex
from retina_desktop.gui.examination.state import ExaminationState, IntakeStatus, SaveStep
from retina_desktop.gui.examination.words import age_word, isolated, moment_word, tr
from retina_desktop.gui.local_dates import day_in_words
from retina_desktop.gui.wrapped_label import WrappedLabel

_STEPS = 1000


class ElidedLabel(QLabel):
    """One line that is cut with an ellipsis where it is too long; the tip has all of it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setObjectName(name)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._whole = ""

    def say(self, text: str) -> None:
        """Show `text`."""
        if text != self._whole:
            self._whole = text
            self.setToolTip(text)
            self.setAccessibleName(text)
            self._cut()

    @property
    def whole(self) -> str:
        """The text, uncut."""
        return self._whole

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut anew."""
        super().resizeEvent(event)
        self._cut()

    def _cut(self) -> None:
        metrics = QFontMetrics(self.font())
        self.setText(metrics.elidedText(self._whole, Qt.TextElideMode.ElideRight, self.width()))


class PatientBanner(QFrame):
    """Name, number, age; state and saving; undo, report and hand-over."""

    def __init__(self, actions: dict[str, QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.name = ElidedLabel("tierText")
        self.facts = ElidedLabel("muted")
        self.saved = QLabel()
        self.saved.setObjectName("muted")
        self.saved.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        names = QVBoxLayout()
        names.setSpacing(0)
        names.addWidget(self.name)
        names.addWidget(self.facts)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 5, 8, 5)
        layout.setSpacing(6)
        layout.addLayout(names, 1)
        layout.addWidget(self.saved)
        self.buttons: dict[str, QToolButton] = {}
        for name in ("undo", "redo", "report", "hand_over"):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            self.buttons[name] = button
            layout.addWidget(button)

    def render_state(self, state: ExaminationState) -> None:
        """Show whose visit it is."""
        patient, visit = state.patient, state.visit
        if patient is None or visit is None:
            self.name.say(self.tr("Opening…") if state.loading else self.tr("No examination"))
            self.facts.say(state.problem)
            self.saved.clear()
            return
        details = patient.details
        day = (
            state.draft.details.visit_date
            if state.draft
            else visit.examination.details.visit_date
        )
        self.name.say(isolated(details.name))
        facts = [
            self.tr("No. {0}").format(isolated(details.record_number)),
            age_word(patient, day),
        ]
        if details.sex is not Sex.NOT_STATED:
            facts.append(tr(details.sex.value))
        facts.append(self.tr("visit of {0}").format(day_in_words(day)))
        facts.append(_state_word(state))
        self.facts.say(" · ".join(facts))
        words, urgent = _saved_words(state)
        self.saved.setText(words)
        name = "errorText" if urgent else "muted"
        if self.saved.objectName() != name:
            self.saved.setObjectName(name)
            self.saved.style().polish(self.saved)


class ConflictBar(QFrame):
    """What another workstation changed, and the choice that only a person can make."""

    mine = Signal()
    theirs = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.text = WrappedLabel("caution")
        self.keep = QPushButton(self.tr("Keep mine"))
        self.take = QPushButton(self.tr("Take theirs"))
        self.keep.clicked.connect(self.mine)
        self.take.clicked.connect(self.theirs)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.take)
        buttons.addWidget(self.keep)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.text)
        layout.addLayout(buttons)
        self.hide()

    def render_state(self, state: ExaminationState) -> None:
        """Show the conflict, if there is one."""
        conflict = state.conflict
        self.setVisible(conflict is not None)
        if conflict is None:
            return
        lines = [
            self.tr(
                "{user} changed this at another workstation; nothing of yours is lost."
            ).format(user=conflict.changed_by)
        ]
        for change in conflict.changes:
            lines.append(
                self.tr("{field}: theirs “{stored}”, yours “{yours}”").format(
                    field=change.field.replace("_", " "),
                    stored=isolated(change.stored) if change.stored else "-",
                    yours=isolated(change.yours) if change.yours else "-",
                )
            )
        self.text.say("\n".join(lines))


class IntakeBar(QFrame):
    """How far the photographs being added are, and the sentence of each that failed."""

    cancel_wanted = Signal()
    close_wanted = Signal()
    accept_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.text = QLabel()
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName(self.tr("Progress of the photographs being added"))
        self.cancel = QToolButton()
        self.cancel.setText(self.tr("Cancel waiting"))
        self.cancel.clicked.connect(self.cancel_wanted)
        self.accept = QToolButton()
        self.accept.setText(self.tr("It is this patient: add anyway"))
        self.accept.clicked.connect(self.accept_wanted)
        self.close_button = QToolButton()
        self.close_button.setText(self.tr("Close"))
        self.close_button.clicked.connect(self.close_wanted)
        self.errors = WrappedLabel("errorText")
        line = QHBoxLayout()
        line.addWidget(self.text)
        line.addWidget(self.progress, 1)
        line.addWidget(self.accept)
        line.addWidget(self.cancel)
        line.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 4, 8, 4)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self.errors)
        self.hide()

    def render_state(self, state: ExaminationState) -> None:
        """Show the queue."""
        failed = [i for i in state.intake if i.status is IntakeStatus.FAILED]
        done = sum(not item.is_unfinished for item in state.intake)
        count = len(state.intake)
        self.setVisible(state.analysing or bool(failed))
        self.progress.setVisible(state.analysing)
        self.cancel.setVisible(any(i.status is IntakeStatus.WAITING for i in state.intake))
        self.close_button.setVisible(not state.analysing)
        others = any(item.other_patient for item in failed)
        self.accept.setVisible(others and not state.analysing)
        running = next((i for i in state.intake if i.is_unfinished), None)
        if running is not None:
            word = self.tr("Keeping") if running.image_id is None else self.tr("Analysing")
            self.text.setText(f"{word} {min(done + 1, count)} / {count}")
            self.progress.setValue(round(_STEPS * (done + running.progress) / count))
        else:
            self.text.setText(
                self.tr("{0} of {1} could not be added").format(len(failed), count)
            )
        self.errors.say("\n".join(f"{isolated(i.name)}: {i.error}" for i in failed))


def _state_word(state: ExaminationState) -> str:
    if state.signature is not None:
        return tr("signed by {0}, {1}").format(
            isolated(state.signature.shown_name), moment_word(state.signature.at)
        )
    if state.draft is not None and state.draft.handed_over:
        return tr("handed over to a reader")
    return tr("not signed")


def _saved_words(state: ExaminationState) -> tuple[str, bool]:
    if state.signature is not None:
        return tr("Locked"), False
    if state.save_problem:
        return tr("NOT SAVED"), True
    if state.conflict is not None:
        return tr("Not saved: changed elsewhere"), True
    if state.saving is SaveStep.SAVED:
        return tr("Saved"), False
    return tr("Saving…"), False
