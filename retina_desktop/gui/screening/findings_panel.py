"""The right-hand panel: what the program concluded about the photograph on screen.

In the order of what must be read first: not gradable, referral, quality, eye, findings; the
model that answered stands at the foot.
"""

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from retina_desktop.gui.screening.eye_row import EyeRow
from retina_desktop.gui.screening.finding_groups import chosen_label, group_findings
from retina_desktop.gui.screening.findings_list import FindingsList
from retina_desktop.gui.screening.quality_card import QualityCard
from retina_desktop.gui.screening.referral_card import ReferralCard
from retina_desktop.gui.screening.state import Photograph, PhotographStatus
from retina_desktop.gui.screening.summary_area import SummaryArea
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

if TYPE_CHECKING:
    from retina_desktop.domain.analyses import Analysis, ModelIdentity


class FindingsPanel(QWidget):
    """Shows one photograph's analysis, or why there is none yet."""

    label_chosen = Signal(str)
    eye_stated = Signal(str)  # "R", "L" or "" for withdrawn

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("findingsPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setMinimumWidth(264)
        self._shown: tuple[object, ...] = ()
        self._announced: Analysis | None = None
        self.title = QLabel(self.tr("Findings"))
        self.title.setObjectName("panelTitle")
        self.message = WrappedLabel("muted")
        self.error = WrappedLabel("errorText")
        self.ungradable = WrappedLabel("caution")
        self.referral = ReferralCard(theme)
        self.quality = QualityCard(theme)
        self.eye = EyeRow(theme)
        self.findings = FindingsList(theme)
        self.model = WrappedLabel("fieldName")
        self.findings.label_chosen.connect(self.label_chosen)
        self.eye.eye_stated.connect(self.eye_stated)
        self._lay_out()
        self.render_photograph(None)

    def render_photograph(self, photograph: Photograph | None) -> None:
        """Show `photograph`; the same one again changes nothing."""
        analysis = photograph.analysis if photograph else None
        shown = (
            analysis,
            photograph.label if photograph else None,
            photograph.status if photograph else None,
            photograph.error if photograph else "",
        )
        if shown == self._shown:
            return
        self._shown = shown
        self.message.say(_message(photograph))
        self.error.say(photograph.error if photograph else "")
        is_fundus = analysis is not None and analysis.quality.is_fundus
        self.referral.setVisible(analysis is not None)
        self.quality.setVisible(analysis is not None)
        self.eye.setVisible(is_fundus)
        self.findings.setVisible(is_fundus)
        self._filler.setVisible(not is_fundus)
        self.model.setVisible(is_fundus)
        self._rule.setVisible(is_fundus)
        if analysis is None:
            self.ungradable.say("")
            return
        self._render_analysis(analysis, photograph.label if photograph else None)
        self._announce(analysis)

    def _render_analysis(self, analysis: "Analysis", wish: str | None) -> None:
        quality = analysis.quality
        self.ungradable.say(_caution(analysis))
        self.referral.show_referral(analysis.referral.tier, analysis.referral.reason)
        self.quality.show_quality(quality)
        if not quality.is_fundus:
            return
        self.eye.show_eye(analysis.laterality)
        self.findings.show_groups(
            group_findings(analysis.findings, analysis.range_check),
            chosen=chosen_label(analysis, wish),
            reliable=quality.gradable,
        )
        self.model.say(_foot(analysis))

    def _announce(self, analysis: "Analysis") -> None:
        """Tell a screen reader the answer, once: nothing takes its focus to the cards."""
        if analysis is not self._announced and QAccessible.isActive():
            referral = analysis.referral
            words = f"{_caution(analysis)} {referral.tier.shown}. {referral.reason}".strip()
            event = QAccessibleAnnouncementEvent(self, words)
            QAccessible.updateAccessibility(event)
        self._announced = analysis

    def _lay_out(self) -> None:
        self._filler = QWidget()
        self._rule = QFrame()
        self._rule.setObjectName("rule")
        content = QWidget()
        top = QVBoxLayout(content)
        top.setContentsMargins(10, 0, 10, 0)
        top.setSpacing(8)
        for part in (self.message, self.error, self.ungradable):
            top.addWidget(part)
        for card in (self.referral, self.quality, self.eye):
            top.addWidget(card)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 6, 12, 8)
        foot.addWidget(self.model)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        self.title.setContentsMargins(12, 0, 12, 0)
        layout.addWidget(self.title)
        self.summary = SummaryArea(content)
        layout.addWidget(self.summary)
        layout.addWidget(self.findings, 1)
        layout.addWidget(self._filler, 1)
        layout.addWidget(self._rule)
        layout.addLayout(foot)


def _message(photograph: Photograph | None) -> str:
    """Return what is said instead of, or above, an answer."""
    if photograph is None:
        return "The findings of the photograph you choose are shown here."
    if photograph.status is PhotographStatus.CANCELLED:
        return "The analysis was cancelled. Press F5 to analyse this photograph."
    if photograph.is_unfinished:
        if photograph.analysis is not None:
            return "Being analysed again; the answer below is the one before."
        waiting = photograph.status is PhotographStatus.WAITING
        return "Waiting for its turn…" if waiting else "Being analysed…"
    return ""


def _caution(analysis: "Analysis") -> str:
    if not analysis.quality.is_fundus:
        return "Not a fundus photograph: no label was assessed."
    ungradable = (
        "NOT GRADABLE. This photograph cannot be judged: what is not found on it may still be "
        "there."
    )
    outside = (
        "OUTSIDE THIS MODEL'S VALIDATED RANGE. It says nothing of this photograph: what is not "
        "found on it may still be there."
    )
    cautions = [outside] if analysis.in_range is False else []
    return "\n".join(cautions if analysis.quality.gradable else [*cautions, ungradable])


def _foot(analysis: "Analysis") -> str:
    """Return who answered, and how much was not asked: always in sight, unlike the list."""
    count = len(analysis.findings)
    missing = sum(not finding.is_assessed for finding in analysis.findings)
    line = _model_line(analysis.model)
    return f"{line}\n{missing} of {count} labels are not assessed." if missing else line


def _model_line(model: "ModelIdentity") -> str:
    engine = {"onnx": "ONNX Runtime", "torch": "PyTorch"}.get(model.engine, model.engine)
    device = model.device.removesuffix("ExecutionProvider")
    return f"{model.id} {model.version}, {engine} on {device}"
