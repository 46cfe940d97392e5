"""The screening screen: photographs on the left, the picture, findings on the right."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from retina_desktop.domain.model_choice import CHILDREN_BELOW
from retina_desktop.gui.screening.empty_state import EmptyState
from retina_desktop.gui.screening.findings_panel import FindingsPanel
from retina_desktop.gui.screening.model_bar import ModelBar
from retina_desktop.gui.screening.photograph_list import PhotographPanel
from retina_desktop.gui.screening.picture_view_model import ShownHeatmap, ShownPicture
from retina_desktop.gui.screening.state import ScreeningState
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.viewer.view import ViewerPane

_LEFT, _MIDDLE, _RIGHT = 264, 652, 364  # first widths, logical pixels


class ScreeningView(QWidget):
    """Shows a `ScreeningState`, and the pictures the picture view model sends."""

    photograph_chosen = Signal(int)
    label_chosen = Signal(str)
    eye_stated = Signal(str)
    model_chosen = Signal(str)

    def __init__(
        self,
        theme: ThemeKeeper,
        *,
        empty: EmptyState,
        viewer: ViewerPane,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.empty = empty
        self.viewer = viewer
        self.photographs = PhotographPanel(theme)
        self.findings = FindingsPanel(theme)
        self._alone = False  # the picture, without what stands around it
        self.models = ModelBar()
        self.models.model_chosen.connect(self.model_chosen)
        self.photographs.list.photograph_chosen.connect(self.photograph_chosen)
        self.findings.label_chosen.connect(self.label_chosen)
        self.findings.eye_stated.connect(self.eye_stated)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.photographs, self.viewer, self.findings):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_LEFT, _MIDDLE, _RIGHT])
        self._pages = QStackedWidget()
        self._pages.addWidget(self.empty)
        self._pages.addWidget(self.splitter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.models)
        layout.addWidget(self._pages, 1)

    def render_state(self, state: ScreeningState) -> None:
        """Show list and findings; the page that teaches when the list is empty."""
        page = self.splitter if state.photographs else self.empty
        if self._pages.currentWidget() is not page:
            self._pages.setCurrentWidget(page)
        self._render_models(state)
        self.photographs.render_state(state)
        self.findings.render_photograph(state.selected)

    def _render_models(self, state: ScreeningState) -> None:
        asked = state.asked_model
        choices = state.choices
        shown = state.loading or (asked.manifest.id if asked else None)
        chosen = next((choice for choice in choices if choice.id == shown), None)
        note = ""
        if state.loading is not None:
            note = self.tr("Being loaded…")
        elif chosen is not None and chosen.for_children:
            note = self.tr("A demonstration for children below {0} years only.").format(
                CHILDREN_BELOW
            )
        self.models.render_choice(choices, shown, note=note)
        if self._alone:
            self.models.hide()

    def show_picture(self, picture: ShownPicture) -> None:
        """Give the viewer a photograph, or more of its pixels."""
        self.viewer.show_photograph(
            picture.pixels,
            width=picture.width,
            height=picture.height,
            key=str(picture.photograph_id),
        )

    def show_heatmap(self, shown: ShownHeatmap) -> None:
        """Lay a heatmap over the photograph, or none."""
        self.viewer.set_heatmap(shown.heat, label=shown.name, strength=shown.strength)

    def show_picture_only(self, alone: bool) -> None:
        """Hide or show the panels beside the picture."""
        self._alone = alone
        self.models.setVisible(not alone and self.models.box.count() > 1)
        self.photographs.setVisible(not alone)
        self.findings.setVisible(not alone)
