"""The conclusion: can the eye be graded, the referral beside the model's, a comment."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.decisions import Grade, UngradableReason
from retina_desktop.domain.labels import DISEASE_RISK
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.examination.fields import fill_choices, put_choice, put_line, put_text
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import eye_word, tr
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_LIGHT = 18
_GRADABLE = ""


class EyeGrade(QWidget):
    """One line: the eye on the screen can be graded, or why not."""

    chosen = Signal(object)  # UngradableReason, None for gradable

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = QLabel()
        self.name.setObjectName("fieldName")
        self.box = QComboBox()
        self.box.setAccessibleName(self.tr("Whether this eye can be graded"))
        fill_choices(self.box, [(self.tr("whole eye: nothing said"), _GRADABLE)])
        fill_choices(
            self.box,
            [
                (self.tr("cannot be graded: {0}").format(tr(r.value)), r.value)
                for r in UngradableReason
            ],
        )
        self.box.activated.connect(self._on_activated)
        self.name.setBuddy(self.box)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.name)
        layout.addWidget(self.box, 1)

    def render_state(self, state: ExaminationState) -> None:
        """Show what the reader says of the eye as a whole."""
        seen = state.seen_on(state.selected_id)
        self.setVisible(seen is not None)
        if seen is None:
            return
        self.name.setText(eye_word(seen.eye))
        whole = state.reading.decision(seen.eye, DISEASE_RISK)
        cannot = whole is not None and whole.grade is Grade.CANNOT_GRADE
        why = whole.ungradable if whole is not None and cannot else None
        put_choice(self.box, why.value if why else _GRADABLE)
        self.box.setEnabled(not state.powers.read)
        self.box.setToolTip(state.powers.read)

    def _on_activated(self, _index: int) -> None:
        value = self.box.currentData()
        self.chosen.emit(UngradableReason(value) if value else None)


class ReferralChoice(QFrame):
    """Five tiers, each with its light and words; the model's suggestion stands beside them."""

    chosen = Signal(object)  # ReferralTier
    note_typed = Signal(str)

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        title = QLabel(self.tr("Referral"))
        title.setObjectName("panelTitle")
        self.box = QComboBox()
        self.box.setAccessibleName(self.tr("Referral"))
        self.box.setPlaceholderText(self.tr("Choose the referral (Ctrl+R)"))
        self.box.setIconSize(QSize(_LIGHT, _LIGHT))
        fill_choices(self.box, [(tr(tier.shown), tier.value) for tier in ReferralTier])
        self.box.setCurrentIndex(-1)
        self.box.activated.connect(
            lambda _: self.chosen.emit(ReferralTier(self.box.currentData()))
        )
        self.suggestion = WrappedLabel("muted")
        self.take = QPushButton(self.tr("Take it"))
        self.take.setToolTip(self.tr("Take the model's suggestion"))
        self.take.clicked.connect(self._on_take)
        self.note = QLineEdit()
        self.note.setPlaceholderText(self.tr("Note on the referral"))
        self.note.setAccessibleName(self.tr("Note on the referral"))
        self.note.textEdited.connect(self.note_typed)
        self.problem = WrappedLabel("errorText")
        self._suggested: ReferralTier | None = None
        beside = QHBoxLayout()
        beside.addWidget(self.suggestion, 1)
        beside.addWidget(self.take, 0, Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 8, 10, 8)
        layout.setSpacing(5)
        layout.addWidget(title)
        layout.addWidget(self.box)
        layout.addLayout(beside)
        layout.addWidget(self.note)
        layout.addWidget(self.problem)
        theme.changed.connect(self._tint)
        self._tint()

    def render_state(self, state: ExaminationState) -> None:
        """Show the referral chosen, and the model's."""
        reading, why_not = state.reading, state.powers.read
        put_choice(self.box, reading.referral.value if reading.referral else None)
        put_line(self.note, reading.referral_note)
        self.problem.say(state.entry_problems.get("referral_note", ""))
        suggestion = state.suggestion
        self._suggested = suggestion.tier if suggestion else None
        if suggestion is None:
            words = self.tr("No suggestion: nothing is analysed yet.")
        else:
            words = self.tr("Model: {tier}. {reason}").format(
                tier=tr(suggestion.tier.shown), reason=tr(suggestion.reason)
            )
        self.suggestion.say(words)
        differs = suggestion is not None and suggestion.tier is not reading.referral
        self.take.setVisible(differs and not why_not)
        for field in (self.box, self.note):
            field.setEnabled(not why_not)
            field.setToolTip(why_not)

    def _on_take(self) -> None:
        if self._suggested is not None:
            self.chosen.emit(self._suggested)

    def _tint(self) -> None:
        ratio = self.devicePixelRatioF()
        for number, tier in enumerate(ReferralTier):
            picture = QPixmap(round(_LIGHT * ratio), round(_LIGHT * ratio))
            picture.setDevicePixelRatio(ratio)
            picture.fill(Qt.GlobalColor.transparent)
            painter = QPainter(picture)
            paint_light(painter, QRectF(1, 1, _LIGHT - 2, _LIGHT - 2), tier, self._theme.colors)
            painter.end()
            self.box.setItemIcon(number, QIcon(picture))


class CommentField(QWidget):
    """The reader's free text."""

    typed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.field = QPlainTextEdit()
        self.field.setPlaceholderText(self.tr("Comment"))
        self.field.setAccessibleName(self.tr("Comment"))
        self.field.setTabChangesFocus(True)
        self.field.setMinimumHeight(52)
        self.field.setMaximumHeight(110)
        self.field.textChanged.connect(lambda: self.typed.emit(self.field.toPlainText()))
        self.problem = WrappedLabel("errorText")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.field)
        layout.addWidget(self.problem)

    def render_state(self, state: ExaminationState) -> None:
        """Show the comment."""
        why_not = state.powers.read
        if "comment" not in state.entry_problems:
            put_text(self.field, state.reading.comment)
        self.problem.say(state.entry_problems.get("comment", ""))
        self.field.setReadOnly(bool(why_not))
        self.field.setToolTip(why_not)
