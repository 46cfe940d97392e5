"""The referral light with its words and its reason, of one photograph or of a patient."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QWidget

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.screening.referral_light import ReferralLight
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_LIGHT_SIDE = 34


class ReferralCard(QFrame):
    """A card with a light; a title says whose referral it is when that is not plain."""

    def __init__(
        self, theme: ThemeKeeper, *, title: str = "", parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        self._tier: ReferralTier | None = None
        self._light = ReferralLight(_LIGHT_SIDE)
        self._title = WrappedLabel("fieldName")
        self._title.say(title)
        self._words = WrappedLabel("tierText")
        self._reason = WrappedLabel("reason")
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self._title, 0, 0, 1, 2)
        layout.addWidget(self._light, 1, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._words, 1, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._reason, 2, 0, 1, 2)
        theme.changed.connect(self._repaint)

    def show_referral(self, tier: ReferralTier, reason: str) -> None:
        """Show an advice."""
        self._tier = tier
        self._words.say(tier.shown)
        self._reason.say(reason)
        self.setAccessibleName(f"{tier.shown}. {reason}")
        self._repaint()

    def _repaint(self) -> None:
        self._light.show_tier(self._tier, self._theme.colors)
