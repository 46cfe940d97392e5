"""What the reader says of the finding that is chosen: agreement, grade, severity, reason."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.decisions import (
    Agreement,
    Decision,
    Grade,
    OwnFinding,
    Severity,
    UngradableReason,
)
from retina_desktop.domain.findings import Finding
from retina_desktop.domain.reading_steps import SeenFindings
from retina_desktop.gui.examination.fields import fill_choices, put_choice, put_line
from retina_desktop.gui.examination.state import OWN, ExaminationState
from retina_desktop.gui.examination.words import eye_word, grade_word, isolated, label_word, tr
from retina_desktop.gui.wrapped_label import WrappedLabel


class DecisionCard(QFrame):
    """Shows the decision on the chosen label, or a finding of the reader's own."""

    said = Signal(object)  # Agreement
    graded = Signal(object, object)  # Grade, UngradableReason or None
    severity_chosen = Signal(object)
    reason_typed = Signal(str)
    clear_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.title = WrappedLabel("panelTitle")
        self.buttons = {
            Agreement.AGREE: self._segment(self.tr("&Agree"), self.tr("Agree (A)")),
            Agreement.DISAGREE: self._segment(self.tr("&Disagree"), self.tr("Disagree (D)")),
            Agreement.UNSURE: self._segment(self.tr("&Unsure"), self.tr("Unsure (U)")),
        }
        self._group = QButtonGroup(self)
        for agreement, button in self.buttons.items():
            self._group.addButton(button)
            button.clicked.connect(lambda _=False, said=agreement: self.said.emit(said))
        self.grade = _box(self.tr("Grade"))
        fill_choices(self.grade, [(grade_word(g).capitalize(), g.value) for g in Grade])
        self.ungradable = _box(self.tr("Why it cannot be graded"))
        reasons = [(tr(r.value).capitalize(), r.value) for r in UngradableReason]
        fill_choices(self.ungradable, reasons)
        self.severity = _box(self.tr("Severity"))
        fill_choices(
            self.severity,
            [(_severity_word(s), s.value) for s in Severity],
        )
        self.reason = QLineEdit()
        self.reason.setPlaceholderText(self.tr("Reason or note (R)"))
        self.reason.setAccessibleName(self.tr("Reason for the decision"))
        self.problem = WrappedLabel("errorText")
        self.clear = QToolButton()
        self.clear.setText(self.tr("Take back"))
        self.clear.setToolTip(self.tr("Take back what you said of this finding (Del)"))
        self.grade.activated.connect(lambda _: self._emit_grade())
        self.ungradable.activated.connect(lambda _: self._emit_grade())
        self.severity.activated.connect(
            lambda _: self.severity_chosen.emit(Severity(self.severity.currentData()))
        )
        self.reason.textEdited.connect(self.reason_typed)
        self.clear.clicked.connect(self.clear_wanted)
        self._lay_out()

    def render_state(self, state: ExaminationState) -> None:
        """Show what is chosen in `state`, or nothing."""
        seen, label = state.seen_on(state.selected_id), state.label
        own = _own(state, seen, label)
        finding = _finding(seen, label)
        shown = seen is not None and label is not None and state.signature is None
        self.setVisible(shown)
        if not shown or seen is None or label is None:
            return
        decision = state.reading.decision(seen.eye, label)
        name = isolated(own.name) if own else label_word(label)
        self.title.say(f"{name}, {eye_word(seen.eye)}")
        self._render_buttons(decision, finding)
        self._render_boxes(decision, own)
        text = own.note if own else decision.reason if decision else ""
        put_line(self.reason, text)
        self.problem.say(state.entry_problems.get("reason", ""))
        self._allow(state.powers.read, decided=decision is not None or own is not None)

    def _render_buttons(self, decision: Decision | None, finding: Finding | None) -> None:
        assessed = finding is not None and finding.is_assessed
        self._group.setExclusive(False)
        for agreement, button in self.buttons.items():
            button.setVisible(assessed)
            said = decision.agreement if decision else None
            button.setChecked(said is agreement)
        self._group.setExclusive(True)

    def _render_boxes(self, decision: Decision | None, own: OwnFinding | None) -> None:
        self.grade.setVisible(own is None)
        put_choice(self.grade, decision.grade.value if decision else None)
        cannot = decision is not None and decision.grade is Grade.CANNOT_GRADE
        self.ungradable.setVisible(cannot)
        why = decision.ungradable if decision else None
        put_choice(self.ungradable, why.value if why else None)
        severity = own.severity if own else decision.severity if decision else None
        put_choice(self.severity, (severity or Severity.NOT_STATED).value)

    def _allow(self, why_not: str, *, decided: bool) -> None:
        for field in (*self.buttons.values(), self.grade, self.ungradable):
            field.setEnabled(not why_not)
        for field in (self.severity, self.reason, self.clear):
            field.setEnabled(not why_not and decided)
        self.reason.setToolTip(why_not or self.tr("Decide first, then say why."))
        self.setToolTip(why_not)

    def _emit_grade(self) -> None:
        grade = Grade(self.grade.currentData())
        why = self.ungradable.currentData() if grade is Grade.CANNOT_GRADE else None
        self.graded.emit(grade, UngradableReason(why) if why else None)

    def _segment(self, text: str, name: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("segment")
        button.setCheckable(True)
        button.setAccessibleName(name)
        button.setToolTip(name)
        return button

    def _lay_out(self) -> None:
        segments = QHBoxLayout()
        segments.setSpacing(0)
        for button in self.buttons.values():
            segments.addWidget(button, 1)
        head = QHBoxLayout()
        head.addWidget(self.title, 1)
        head.addWidget(self.clear, 0, Qt.AlignmentFlag.AlignTop)
        boxes = QGridLayout()
        boxes.setHorizontalSpacing(6)
        boxes.setVerticalSpacing(4)
        boxes.addWidget(self.grade, 0, 0)
        boxes.addWidget(self.severity, 0, 1)
        boxes.addWidget(self.ungradable, 1, 0, 1, 2)
        boxes.setColumnStretch(0, 1)
        boxes.setColumnStretch(1, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(5)
        layout.addLayout(head)
        layout.addLayout(segments)
        layout.addLayout(boxes)
        layout.addWidget(self.reason)
        layout.addWidget(self.problem)


def _box(name: str) -> QComboBox:
    box = QComboBox()
    box.setAccessibleName(name)
    box.setToolTip(name)
    box.setPlaceholderText(name)
    box.setMinimumContentsLength(8)
    box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
    return box


def _severity_word(severity: Severity) -> str:
    if severity is Severity.NOT_STATED:
        return tr("Severity")
    return tr(severity.value).capitalize()


def _own(
    state: ExaminationState, seen: SeenFindings | None, label: str | None
) -> OwnFinding | None:
    if seen is None or label is None or not label.startswith(OWN):
        return None
    name = label.removeprefix(OWN)
    found = (f for f in state.reading.own_findings if (f.eye, f.name) == (seen.eye, name))
    return next(found, None)


def _finding(seen: SeenFindings | None, label: str | None) -> Finding | None:
    if seen is None:
        return None
    return next((f for f in seen.findings if f.label == label), None)
