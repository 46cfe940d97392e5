"""The right-hand panel: findings and decisions, conclusion, what is missing, signature."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QScrollArea,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.range_checks import suspicion_of
from retina_desktop.domain.reading_steps import MissingStep
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.gui.examination.added_findings import AddedFindings
from retina_desktop.gui.examination.addenda import AddendaPanel
from retina_desktop.gui.examination.conclusion import CommentField, EyeGrade, ReferralChoice
from retina_desktop.gui.examination.decision_card import DecisionCard
from retina_desktop.gui.examination.model_panel import ModelPanel
from retina_desktop.gui.examination.pictures import shown_label
from retina_desktop.gui.examination.reading_list import ReadingList
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.visit_form import VisitForm
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.screening.finding_groups import FindingGroups, group_findings
from retina_desktop.gui.screening.quality_card import QualityCard
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_LEAST_LIST = 96
_LIST_SHARE = 0.52  # of the panel; the card of the chosen finding stays in sight
_MISSING_ROWS = 3


class ReadingPanel(QWidget):
    """Tabs for reading, visit and model; the signature's foot stays in sight."""

    missing_chosen = Signal(object)  # MissingStep

    def __init__(
        self, theme: ThemeKeeper, actions: dict[str, QAction], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("findingsPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(300)
        self._actions = actions
        self._fit = QTimer(self)  # after the layout: rows are as high as the width lets them
        self._fit.setSingleShot(True)
        self._fit.timeout.connect(self._fit_list)
        self.caution = WrappedLabel("caution")
        self.locked = WrappedLabel("muted")
        self.quality = QualityCard(theme)
        self.eye_grade = EyeGrade()
        self.findings = ReadingList(theme)
        self.card = DecisionCard()
        self.added = AddedFindings()
        self.referral = ReferralChoice(theme)
        self.comment = CommentField()
        self.addenda = AddendaPanel()
        self.visit = VisitForm()
        self.model = ModelPanel()
        self.missing = QListWidget()
        self.missing.setAccessibleName(self.tr("Still to do before signing"))
        self.missing.itemActivated.connect(self._on_missing)
        self.missing.itemClicked.connect(self._on_missing)
        self.why_not = WrappedLabel("muted")
        self.sign_button = QPushButton()
        self.sign_button.setObjectName("primary")
        self.sign_button.clicked.connect(actions["sign"].trigger)
        self.hand_over_button = QPushButton(self.tr("Hand over to a reader"))
        self.hand_over_button.setObjectName("primary")
        self.hand_over_button.clicked.connect(actions["hand_over"].trigger)
        self.next_button = QPushButton(self.tr("Back to the worklist"))
        self.next_button.setObjectName("primary")
        self.next_button.clicked.connect(actions["worklist"].trigger)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(self._reading_tab(), self.tr("Reading"))
        self.tabs.addTab(_scrolled(self.visit), self.tr("Visit"))
        self.tabs.addTab(_scrolled(self.model), self.tr("Model"))
        self._lay_out()

    def render_state(self, state: ExaminationState) -> None:
        """Show the photograph on screen, the conclusion, and what is missing."""
        newest = state.newest(state.selected_id)
        self._render_findings(state, newest)
        for part in (
            self.eye_grade,
            self.card,
            self.added,
            self.referral,
            self.comment,
            self.addenda,
            self.visit,
            self.model,
        ):
            part.render_state(state)
        signed = state.signature is not None
        if signed:
            self.eye_grade.hide()
        self.added.field.setVisible(not signed)
        self.added.add_button.setVisible(not signed)
        self.comment.setVisible(not signed or bool(state.reading.comment))
        problems = len(state.field_problems)
        self.tabs.setTabText(1, self.tr("Visit (!)") if problems else self.tr("Visit"))
        self._render_foot(state)

    def _render_findings(self, state: ExaminationState, newest: StoredAnalysis | None) -> None:
        self.caution.say(_caution(state, newest))
        self.locked.say(state.powers.read if state.visit else "")
        self.quality.setVisible(newest is not None)
        if newest is not None:
            self.quality.show_quality(newest.content.quality)
        assessed = newest is not None and newest.content.quality.is_fundus
        self.findings.setVisible(assessed)
        self.findings.deciding = not state.powers.read
        seen = state.seen_on(state.selected_id)
        said = state.reading.decisions if seen is not None else ()
        decisions = {d.label: d for d in said if seen is not None and d.eye is seen.eye}
        groups = FindingGroups()
        if newest is not None and assessed:
            groups = group_findings(newest.content.findings, newest.content.range_check)
        self.findings.show_reading(
            groups,
            decisions,
            chosen=shown_label(state, newest),
            reliable=newest is None or newest.content.quality.gradable,
        )
        self._fit.start()

    def _render_foot(self, state: ExaminationState) -> None:
        powers, signed = state.powers, state.signature is not None
        may_sign = not powers.read
        steps = state.missing if may_sign and state.visit is not None else ()
        self._show_missing(steps)
        ready = state.visit is not None and not state.signing and state.conflict is None
        can_accept = ready and may_sign and bool(state.seen)
        words = self.tr("Sign…") if not steps else self.tr("Accept all and sign…")
        if state.signing:
            words = self.tr("Signing…")
        self.sign_button.setText(words)
        self.sign_button.setToolTip(powers.read or self._actions["sign"].toolTip())
        self.sign_button.setVisible(may_sign and not signed)
        self.sign_button.setEnabled(can_accept)
        hand = not may_sign and not signed and not powers.examine and state.visit is not None
        handed = state.draft is not None and state.draft.handed_over
        self.hand_over_button.setVisible(hand and not handed)
        self.next_button.setVisible(signed or (hand and handed))
        self.why_not.say("" if may_sign or signed else powers.read)

    def _show_missing(self, steps: tuple[MissingStep, ...]) -> None:
        shown = [self.missing.item(i).text() for i in range(self.missing.count())]
        if shown != [tr(step.sentence) for step in steps]:
            self.missing.clear()
            for step in steps:
                item = QListWidgetItem(tr(step.sentence))
                item.setData(Qt.ItemDataRole.UserRole, step)
                item.setToolTip(self.tr("Go there"))
                self.missing.addItem(item)
        self.missing.setVisible(bool(steps))
        rows = min(len(steps), _MISSING_ROWS)
        row = self.missing.sizeHintForRow(0) if steps else 0
        self.missing.setFixedHeight(rows * row + 2)

    def _on_missing(self, item: QListWidgetItem) -> None:
        step = item.data(Qt.ItemDataRole.UserRole)
        if isinstance(step, MissingStep):
            self.missing_chosen.emit(step)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the list the height of what it shows."""
        super().resizeEvent(event)
        self._fit.start()

    def _fit_list(self) -> None:
        """Give the list what it needs, and leave the decision's card in sight below it."""
        rows = self.findings.findings.rowCount()
        height = sum(self.findings.sizeHintForRow(row) for row in range(rows)) + 4
        most = max(_LEAST_LIST, round(_LIST_SHARE * self.tabs.height()))
        self.findings.setFixedHeight(max(_LEAST_LIST, min(height, most)))
        chosen = self.findings.currentIndex()
        if chosen.isValid():
            self.findings.scrollTo(chosen)

    def sizeHint(self) -> QSize:
        """Return the width at which most labels stand on one line."""
        return QSize(364, 600)

    def _reading_tab(self) -> QScrollArea:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 8, 0, 8)
        column.setSpacing(8)
        top, below = QVBoxLayout(), QVBoxLayout()
        for rows in (top, below):
            rows.setContentsMargins(10, 0, 10, 0)
            rows.setSpacing(8)
        top.addWidget(self.locked)
        top.addWidget(self.caution)
        top.addWidget(self.quality)
        column.addLayout(top)
        column.addWidget(self.findings)
        column.addLayout(below)
        for part in (
            self.card,
            self.added,
            self.eye_grade,
            self.referral,
            self.comment,
            self.addenda,
        ):
            below.addWidget(part)
        column.addStretch(1)
        return _scrolled(inner)

    def _lay_out(self) -> None:
        rule = QFrame()
        rule.setObjectName("rule")
        foot = QVBoxLayout()
        foot.setContentsMargins(10, 6, 10, 10)
        foot.setSpacing(6)
        for part in (
            self.missing,
            self.why_not,
            self.sign_button,
            self.hand_over_button,
            self.next_button,
        ):
            foot.addWidget(part)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.tabs, 1)
        layout.addWidget(rule)
        layout.addLayout(foot)


def _scrolled(widget: QWidget) -> QScrollArea:
    area = QScrollArea()
    area.setObjectName("bare")
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.setWidget(widget)
    return area


def _caution(state: ExaminationState, newest: StoredAnalysis | None) -> str:
    if state.visit is None:
        return ""
    if not state.images:
        return tr("No photograph yet: add the photographs of both eyes.")
    if newest is None:
        return tr("NOT ANALYSED. The model has said nothing of this photograph.")
    if not newest.content.quality.is_fundus:
        return tr("Not a fundus photograph: no label was assessed.")
    cautions: list[str] = []
    if newest.content.range_check is not None and not newest.content.in_range:
        cautions.append(
            tr(
                "OUTSIDE THIS MODEL'S VALIDATED RANGE. It says nothing of this photograph: "
                "what is not found on it may still be there."
            )
        )
        cautions.append(tr(suspicion_of(newest.content.range_check.not_relied_on)))
    if not newest.content.quality.gradable:
        cautions.append(
            tr(
                "NOT GRADABLE. This photograph cannot be judged: what is not found on it may "
                "still be there."
            )
        )
    return "\n".join(caution for caution in cautions if caution)
