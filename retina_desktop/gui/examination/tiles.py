"""The photographs of a visit as small pictures: the right eye on the left, as one faces it."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.visit_drafts import PhotographDraft
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.words import tr
from retina_desktop.gui.screening.referral_light import paint_light
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

_SIDE, _FOOT, _MARK = 80, 20, 14


_TIER_WORDS = {
    ReferralTier.URGENT: "urgent",
    ReferralTier.SOON: "soon",
    ReferralTier.REIMAGE: "repeat",
    ReferralTier.ROUTINE: "routine",
    ReferralTier.NONE: "no referral",
}


class PhotographTile(QAbstractButton):
    """One photograph: picture, light, and in words what is known of it."""

    def __init__(self, theme: ThemeKeeper, photograph: PhotographDraft, jpeg: bytes) -> None:
        super().__init__()
        self.image_id = photograph.image_id
        self._theme = theme
        self._picture = QImage.fromData(jpeg) if jpeg else QImage()
        self._state: ExaminationState | None = None
        self._words = ""
        self.setCheckable(True)
        self.setFixedSize(_SIDE + 8, _SIDE + _FOOT + 8)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def render_state(self, state: ExaminationState) -> None:
        """Show what is known of the photograph in `state`."""
        self._state = state
        self.setChecked(state.selected_id == self.image_id)
        photograph = state.photograph(self.image_id)
        newest = state.newest(self.image_id)
        if photograph is not None and photograph.withdrawn:
            self._words, tip = self.tr("withdrawn"), self.tr("Withdrawn: counts for nothing")
        elif newest is None:
            self._words, tip = self.tr("not analysed"), self.tr("Not analysed yet")
        elif not newest.content.quality.gradable:
            self._words, tip = self.tr("ungradable"), tr(newest.content.referral.reason)
        else:
            tier = newest.content.referral.tier
            self._words = tr(_TIER_WORDS[tier])
            tip = f"{tr(tier.shown)}. {tr(newest.content.referral.reason)}"
        eye = (
            photograph.eye.shown if photograph and photograph.eye else self.tr("Eye not known")
        )
        self.setToolTip(tip)
        self.setAccessibleName(f"{eye}: {self._words}. {tip}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the tile's size."""
        return QSize(_SIDE + 8, _SIDE + _FOOT + 8)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the tile."""
        colors = self._theme.colors
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        ground = colors.selected if self.isChecked() else colors.panel
        if self.underMouse() and not self.isChecked():
            ground = colors.hover
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(ground))
        painter.drawRoundedRect(self.rect(), 6, 6)
        self._paint_picture(painter, QRect(4, 4, _SIDE, _SIDE))
        self._paint_foot(painter, QRect(4, 6 + _SIDE, _SIDE, _FOOT - 2))
        if self.isChecked() or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(colors.accent), 2 if self.isChecked() else 1))
            painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 6, 6)
        painter.end()

    def _paint_picture(self, painter: QPainter, box: QRect) -> None:
        painter.save()
        path = QPainterPath()
        path.addRoundedRect(QRectF(box), 5, 5)
        painter.setClipPath(path)
        painter.fillRect(box, QColor("#000000"))
        photograph = self._state.photograph(self.image_id) if self._state else None
        if photograph is not None and photograph.withdrawn:
            painter.setOpacity(0.35)
        if not self._picture.isNull():
            side = min(self._picture.width(), self._picture.height())
            left = (self._picture.width() - side) // 2
            top = (self._picture.height() - side) // 2
            painter.drawImage(QRectF(box), self._picture, QRectF(left, top, side, side))
        painter.restore()

    def _paint_foot(self, painter: QPainter, box: QRect) -> None:
        colors = self._theme.colors
        newest = self._state.newest(self.image_id) if self._state else None
        photograph = self._state.photograph(self.image_id) if self._state else None
        room = QRect(box)
        if newest is not None and photograph is not None and not photograph.withdrawn:
            light = QRectF(box.x(), box.y() + (box.height() - _MARK) / 2, _MARK, _MARK)
            paint_light(painter, light, newest.content.referral.tier, colors)
            room.adjust(_MARK + 4, 0, 0, 0)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 0.82)
        painter.setFont(font)
        painter.setPen(QColor(colors.text if self.isChecked() else colors.muted))
        words = painter.fontMetrics().elidedText(
            self._words, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, words)


class PhotographTiles(QWidget):
    """OD on the left, OS on the right; unknown eyes and withdrawn photographs below."""

    photograph_chosen = Signal(int)
    eye_stated = Signal(int, object)  # image, Laterality
    withdraw_wanted = Signal(int, bool)
    add_wanted = Signal()
    analyse_wanted = Signal()

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("photographPanel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._theme = theme
        self._selected: int | None = None
        self._shown: tuple[object, ...] | None = None
        self.tiles: dict[int, PhotographTile] = {}
        self.add_button = QPushButton(self.tr("Add photographs…"))
        self.add_button.clicked.connect(self.add_wanted)
        self.analyse_button = QPushButton()
        self.analyse_button.clicked.connect(self.analyse_wanted)
        self.right = self._segment("OD", Laterality.RIGHT)
        self.left = self._segment("OS", Laterality.LEFT)
        self._segments = QButtonGroup(self)
        self._segments.addButton(self.right)
        self._segments.addButton(self.left)
        self.withdraw = QPushButton()
        self.withdraw.clicked.connect(self._on_withdraw)
        self.source = WrappedLabel("muted")
        self._grid = QGridLayout()
        self._lay_out()

    def render_state(self, state: ExaminationState) -> None:
        """Show the photographs in `state`."""
        key = tuple((p.image_id, p.eye, p.withdrawn) for p in state.in_order)
        if key != self._shown:
            self._shown = key
            self._build(state)
        self._selected = state.selected_id
        for tile in self.tiles.values():
            tile.render_state(state)
        self._render_buttons(state)

    def _render_buttons(self, state: ExaminationState) -> None:
        why_not = state.powers.examine
        photograph = state.photograph(state.selected_id)
        self.add_button.setEnabled(not why_not)
        self.add_button.setToolTip(
            why_not or self.tr("Choose photographs (Ctrl+Shift+I), or drop them")
        )
        unanalysed = unanalysed_ids(state)
        self.analyse_button.setVisible(bool(unanalysed) and not state.analysing)
        self.analyse_button.setEnabled(not state.powers.analyse)
        self.analyse_button.setToolTip(state.powers.analyse)
        self.analyse_button.setText(self.tr("Analyse {0}").format(len(unanalysed)))
        self._segments.setExclusive(False)
        eye = photograph.eye if photograph else None
        self.right.setChecked(eye is Laterality.RIGHT)
        self.left.setChecked(eye is Laterality.LEFT)
        self._segments.setExclusive(True)
        for button in (self.right, self.left, self.withdraw):
            button.setVisible(photograph is not None)
            button.setEnabled(not why_not)
            button.setToolTip(why_not)
        withdrawn = photograph is not None and photograph.withdrawn
        self.withdraw.setText(self.tr("Bring back") if withdrawn else self.tr("Withdraw"))
        self.source.say(_source_words(state))

    def _build(self, state: ExaminationState) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.tiles = {}
        heads = (self.tr("Right (OD)"), self.tr("Left (OS)"))
        for column, words in enumerate(heads):
            self._grid.addWidget(_head(words), 0, column)
        rows = {Laterality.RIGHT: 1, Laterality.LEFT: 1}
        rest: list[PhotographDraft] = []
        for photograph in state.in_order:
            if photograph.withdrawn or photograph.eye is None:
                rest.append(photograph)
                continue
            column = 0 if photograph.eye is Laterality.RIGHT else 1
            self._add_tile(state, photograph, rows[photograph.eye], column)
            rows[photograph.eye] += 1
        below = max(rows.values())
        for eye, row in rows.items():
            if row == 1 and state.visit is not None:
                column = 0 if eye is Laterality.RIGHT else 1
                self._grid.addWidget(_none(self.tr("none")), 1, column)
                below = max(below, 2)
        self._add_rest(state, rest, below)

    def _add_rest(self, state: ExaminationState, rest: list[PhotographDraft], row: int) -> None:
        for words, photographs in (
            (self.tr("Eye not known"), [p for p in rest if not p.withdrawn]),
            (self.tr("Withdrawn"), [p for p in rest if p.withdrawn]),
        ):
            if not photographs:
                continue
            self._grid.addWidget(_head(words), row, 0, 1, 2)
            for number, photograph in enumerate(photographs):
                self._add_tile(state, photograph, row + 1 + number // 2, number % 2)
            row += 2 + (len(photographs) - 1) // 2

    def _add_tile(
        self, state: ExaminationState, photograph: PhotographDraft, row: int, column: int
    ) -> None:
        image_id = photograph.image_id
        tile = PhotographTile(self._theme, photograph, state.thumbnails.get(image_id, b""))
        tile.clicked.connect(
            lambda _=False, chosen=image_id: self.photograph_chosen.emit(chosen)
        )
        self.tiles[image_id] = tile
        self._grid.addWidget(tile, row, column, Qt.AlignmentFlag.AlignHCenter)

    def _segment(self, text: str, eye: Laterality) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName("segment")
        button.setCheckable(True)
        button.setAccessibleName(self.tr("This photograph shows {0}").format(text))
        button.clicked.connect(lambda _=False: self._on_eye(eye))
        return button

    def _on_eye(self, eye: Laterality) -> None:
        if self._selected is not None:
            self.eye_stated.emit(self._selected, eye)

    def _on_withdraw(self) -> None:
        if self._selected is not None:
            withdrawn = self.withdraw.text() == self.tr("Bring back")
            self.withdraw_wanted.emit(self._selected, not withdrawn)

    def _lay_out(self) -> None:
        self._grid.setContentsMargins(4, 4, 4, 4)
        self._grid.setSpacing(4)
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(self._grid)
        column.addStretch(1)
        area = QScrollArea()
        area.setObjectName("bare")
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inner)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        eyes = QHBoxLayout()
        eyes.setSpacing(0)
        eyes.addWidget(self.right)
        eyes.addWidget(self.left)
        eyes.addStretch(1)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 4, 8, 8)
        foot.setSpacing(6)
        foot.addWidget(self.source)
        foot.addLayout(eyes)
        foot.addWidget(self.withdraw)
        foot.addWidget(self.analyse_button)
        foot.addWidget(self.add_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(foot)
        self.setFixedWidth(2 * (_SIDE + 8) + 20)


def unanalysed_ids(state: ExaminationState) -> list[int]:
    """Return the photographs in force of which no model has said anything."""
    return [
        p.image_id
        for p in state.in_order
        if not p.withdrawn and state.newest(p.image_id) is None
    ]


def _source_words(state: ExaminationState) -> str:
    image, newest = state.image(state.selected_id), state.newest(state.selected_id)
    if image is None:
        return ""
    said = {
        LateralitySource.USER: tr("Eye stated by a person."),
        LateralitySource.DICOM: tr("Eye stated in the file."),
        LateralitySource.IMAGE: tr("Eye suggested by the picture."),
        LateralitySource.NONE: tr("Eye not known: please state it."),
    }[image.laterality_source]
    photograph = state.photograph(image.id)
    if photograph is not None and photograph.eye is not image.laterality:
        said = tr("Eye stated by a person.")
    if newest is not None and newest.content.laterality.warning:
        said = f"{said} {tr(newest.content.laterality.warning)}"
    return said


def _head(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("fieldName")
    label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
    return label


def _none(words: str) -> QLabel:
    label = QLabel(words)
    label.setObjectName("muted")
    label.setFixedSize(_SIDE + 8, _SIDE)
    label.setAlignment(Qt.AlignmentFlag.AlignCenter)
    return label
