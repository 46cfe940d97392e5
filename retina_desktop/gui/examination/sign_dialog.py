"""The last look before signing: what will stand, what to beware of, and that it locks."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.decisions import Grade, Severity
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import eye_word, grade_word, isolated, label_word, tr
from retina_desktop.gui.wrapped_label import WrappedLabel

_WIDTH = 520


class SignDialog(QDialog):
    """Accepted means: sign. Enter signs, Escape does not."""

    def __init__(self, state: ExaminationState, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Sign and lock"))
        self.setModal(True)
        name = state.patient.details.name if state.patient else ""
        who = WrappedLabel("tierText", self)
        who.say(isolated(name))
        self.summary = WrappedLabel(parent=self)
        self.summary.say("\n".join(summary_lines(state)))
        self.cautions = WrappedLabel("caution", self)
        self.cautions.say("\n".join(caution_lines(state)))
        self.locks = locks = WrappedLabel("muted", self)
        locks.say(
            self.tr(
                "Signing locks this examination: nothing in it can be changed afterwards. "
                "Later words are addenda."
            )
        )
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        for part in (self.summary, self.cautions):
            column.addWidget(part)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("bare")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setMinimumHeight(170)
        self.buttons = QDialogButtonBox()
        sign = self.buttons.addButton(
            self.tr("Sign and lock"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        sign.setObjectName("primary")
        sign.setDefault(True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addWidget(who)
        if state.user is not None:
            signs = QLabel(self.tr("Signs: {0}").format(isolated(state.user.shown_name)))
            signs.setObjectName("muted")
            signs.setTextFormat(Qt.TextFormat.PlainText)
            layout.addWidget(signs)
        layout.addWidget(area, 1)
        layout.addWidget(locks)
        layout.addWidget(self.buttons)
        self.resize(_WIDTH, 380)
        sign.setFocus()


def summary_lines(state: ExaminationState) -> list[str]:
    """Return what is about to be signed, eye by eye, then the referral."""
    lines = []
    reading = state.reading
    eyes = list(dict.fromkeys(seen.eye for seen in state.seen))
    for eye in eyes:
        said = []
        for decision in reading.decisions:
            if decision.eye is eye and decision.label != DISEASE_RISK:
                words = f"{label_word(decision.label)} {grade_word(decision.grade)}"
                if decision.severity is not Severity.NOT_STATED:
                    words += f", {tr(decision.severity.value)}"
                said.append(words)
        said += [isolated(own.name) for own in reading.own_findings if own.eye is eye]
        whole = reading.decision(eye, DISEASE_RISK)
        if whole is not None and whole.grade is Grade.CANNOT_GRADE:
            why = tr(whole.ungradable.value) if whole.ungradable else ""
            said.insert(0, tr("cannot be graded: {0}").format(why))
        lines.append(f"{eye_word(eye)}: {'; '.join(said) or tr('no finding')}.")
    if reading.referral is not None:
        suggestion = state.suggestion
        same = suggestion is not None and suggestion.tier is reading.referral
        model = tr("as the model suggests") if same else tr("other than the model suggests")
        beside = f" ({model})" if suggestion is not None else ""
        lines.append(tr("Referral: {0}.").format(tr(reading.referral.shown) + beside))
    return lines


def caution_lines(state: ExaminationState) -> list[str]:
    """Return what a reader should know before signing; empty when there is nothing."""
    lines = []
    for seen in state.seen:
        newest = state.newest(seen.image_id)
        eye = eye_word(seen.eye)
        if newest is None:
            lines.append(tr("{0}: a photograph is not analysed.").format(eye))
        elif not newest.content.quality.is_fundus:
            words = tr("{0}: a photograph is not a fundus photograph; nothing was assessed.")
            lines.append(words.format(eye))
        elif not newest.content.quality.gradable:
            words = tr("{0}: a photograph is not gradable; what is not found may be there.")
            lines.append(words.format(eye))
    eyes = {seen.eye for seen in state.seen}
    if None in eyes:
        lines.append(tr("The eye of a photograph is not known."))
    else:
        words = tr("{0}: not photographed.")
        lines += [words.format(eye.shown) for eye in Laterality if eye not in eyes]
    missing = {
        finding.label
        for seen in state.seen
        for finding in seen.findings
        if not finding.is_assessed
    }
    if missing:
        lines.append(tr("The model does not assess {0} labels.").format(len(missing)))
    if state.field_problems:
        lines.append(tr("A field of the visit could not be read and is not kept; see Visit."))
    return list(dict.fromkeys(lines))
