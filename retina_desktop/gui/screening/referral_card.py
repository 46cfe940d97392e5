"""The referral light with its words and its reason, of one photograph or of a patient."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QScrollArea, QVBoxLayout, QWidget

from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.screening.referral_light import ReferralLight
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_LIGHT_SIDE, _SMALL_LIGHT_SIDE = 32, 20
_REASON_HEIGHT = 96  # of a compact card; more is scrolled to


class ReferralCard(QFrame):
    """A card with a light; a title says whose referral it is when that is not plain.

    A compact card never takes more than a little height, however much there is to say.
    """

    def __init__(
        self,
        theme: ThemeKeeper,
        *,
        title: str = "",
        compact: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._theme = theme
        self._tier: ReferralTier | None = None
        self._light = ReferralLight(_SMALL_LIGHT_SIDE if compact else _LIGHT_SIDE)
        self._title = WrappedLabel("fieldName")
        self._title.say(title)
        self._words = WrappedLabel("panelTitle" if compact else "tierText")
        self._within = WrappedLabel("muted")  # by when
        self._reason = WrappedLabel("reason")
        layout = QGridLayout(self)
        layout.setContentsMargins(12, 10, 12, 10)
        layout.setHorizontalSpacing(12)
        layout.setVerticalSpacing(4)
        layout.setColumnStretch(1, 1)
        layout.addWidget(self._title, 0, 0, 1, 2)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(self._words)
        words.addWidget(self._within)
        layout.addWidget(self._light, 1, 0, Qt.AlignmentFlag.AlignVCenter)
        layout.addLayout(words, 1, 1, Qt.AlignmentFlag.AlignVCenter)
        layout.addWidget(self._scrolled() if compact else self._reason, 2, 0, 1, 2)
        theme.changed.connect(self._repaint)

    def show_referral(self, tier: ReferralTier, reason: str) -> None:
        """Show an advice."""
        self._tier = tier
        words, _, within = tier.shown.partition(" (")
        self._words.say(words)
        self._within.say(within.rstrip(")"))
        self._reason.say(reason)
        self.setAccessibleName(f"{tier.shown}. {reason}")
        self._repaint()

    def _scrolled(self) -> QScrollArea:
        area = QScrollArea()
        area.setObjectName("bare")
        area.setWidgetResizable(True)
        area.setMaximumHeight(_REASON_HEIGHT)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setAccessibleName(self.tr("Reason"))
        area.setWidget(self._reason)
        return area

    def _repaint(self) -> None:
        self._light.show_tier(self._tier, self._theme.colors)
