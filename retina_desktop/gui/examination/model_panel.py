"""Which models looked at the photograph, and what a newer one says differently."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QVBoxLayout, QWidget

from retina_desktop.domain.model_choice import age_caution
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import change_words, moment_word, tr
from retina_desktop.gui.wrapped_label import WrappedLabel

_MOST_LINES = 12


class ModelPanel(QWidget):
    """The analyses of the photograph on the screen, newest first, never overwritten."""

    analyse_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.button = QPushButton(self.tr("Analyse again with the present model"))
        self.button.setToolTip(
            self.tr("Adds a new analysis beside the older ones; nothing is overwritten. (F5)")
        )
        self.button.clicked.connect(self.analyse_wanted)
        self.note = WrappedLabel("muted")
        self._shown: tuple[int, ...] | None = None
        self._cards = QVBoxLayout()
        self._cards.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 10, 10)
        layout.setSpacing(8)
        layout.addWidget(self.button)
        layout.addWidget(self.note)
        layout.addLayout(self._cards)
        layout.addStretch(1)

    def render_state(self, state: ExaminationState) -> None:
        """Show the analyses of the photograph on the screen."""
        analyses = state.analyses.get(state.selected_id or 0, ())
        why_not = state.powers.analyse
        ready = state.image(state.selected_id) is not None and not state.analysing
        self.button.setEnabled(ready and not why_not)
        if why_not:
            self.button.setToolTip(why_not)
        words = ""
        if state.selected_id is not None and not analyses:
            words = self.tr("Not analysed yet: the model has said nothing of this photograph.")
        self.note.say(words)
        key = tuple(analysis.id for analysis in analyses)
        if key != self._shown:
            self._shown = key
            self._show(analyses)

    def _show(self, analyses: tuple[StoredAnalysis, ...]) -> None:
        while (item := self._cards.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for place in range(len(analyses) - 1, -1, -1):
            older = analyses[place - 1] if place else None
            self._cards.addWidget(_card(analyses[place], older))


def model_note(state: ExaminationState) -> str:
    """Return what speaks against the model for this patient, or why it was suggested."""
    model, age = state.model, state.age
    caution = age_caution(model, age)
    if caution or model is None:
        return tr(caution) if caution else ""
    if model.for_children and state.model_id is None:
        return tr(
            "Suggested by the patient's age ({age}); a person may choose another."
        ).format(age=age)
    return ""


def _card(analysis: StoredAnalysis, older: StoredAnalysis | None) -> QFrame:
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(10, 8, 10, 8)
    layout.setSpacing(4)
    model = analysis.content.model
    title = QLabel(f"{model.id} {model.version}")
    title.setObjectName("panelTitle")
    layout.addWidget(title)
    facts = WrappedLabel("muted", card)
    findings = analysis.content.findings
    missing = sum(not finding.is_assessed for finding in findings)
    facts.say(
        tr(
            "{moment}, {user}. {tier}. {missing} of {count} labels are not assessed. "
            "Model {model}, {engine}, program {program}."
        ).format(
            moment=moment_word(analysis.created_at),
            user=analysis.created_by,
            tier=tr(analysis.content.referral.tier.shown),
            missing=missing,
            count=len(findings),
            model=model.sha256[:12],
            engine=model.engine,
            program=analysis.content.software_version,
        )
    )
    layout.addWidget(facts)
    if analysis.content.in_range is False:
        outside = WrappedLabel("caution", card)
        outside.say(tr("Outside this model's validated range."))
        layout.addWidget(outside)
    if older is not None:
        heading = QLabel(tr("What changed against the analysis before"))
        heading.setObjectName("fieldName")
        layout.addWidget(heading)
        lines = change_words(older.content, analysis.content) or [tr("Nothing.")]
        rest = len(lines) - _MOST_LINES
        if rest > 0:
            lines = [*lines[:_MOST_LINES], tr("and {0} more").format(rest)]
        changes = WrappedLabel(parent=card)
        changes.say("\n".join(lines))
        layout.addWidget(changes)
    return card
