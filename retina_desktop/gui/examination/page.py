"""The examination page: one visit from its photographs to the signature."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QResizeEvent
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from retina_desktop.gui.examination.actions import build_page_actions
from retina_desktop.gui.examination.banner import ConflictBar, IntakeBar, PatientBanner
from retina_desktop.gui.examination.commands import PageCommands
from retina_desktop.gui.examination.fields import FieldKeeper
from retina_desktop.gui.examination.intake import Intake
from retina_desktop.gui.examination.intents import ReaderIntents, VisitIntents
from retina_desktop.gui.examination.model_panel import model_note
from retina_desktop.gui.examination.pictures import PageHeatmap, PagePicture, PagePictures
from retina_desktop.gui.examination.reading_panel import ReadingPanel
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.tiles import PhotographTiles
from retina_desktop.gui.examination.view_model import ExaminationViewModel
from retina_desktop.gui.pages import Page, PageId, PageTools, Place
from retina_desktop.gui.screening.drop_hint import DropHint, dropped_paths
from retina_desktop.gui.screening.model_bar import ModelBar
from retina_desktop.gui.screening.state import ScreeningState
from retina_desktop.gui.viewer.view import ViewerPane
from retina_desktop.gui.wrapped_label import WrappedLabel

_LEFT, _MIDDLE, _RIGHT = 204, 620, 364  # first widths, logical pixels


class ExaminationPage(Page):
    """Photographs, the picture with its heatmap, and the reader's word beside it."""

    id: ClassVar[PageId] = PageId.EXAMINATION

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
        self.setAcceptDrops(True)
        self.model = ExaminationViewModel(tools.session, parent=self)
        self.reader = ReaderIntents(self.model)
        self.visitor = VisitIntents(self.model)
        self.intake = Intake(tools.session, tools.services, tools.lanes.analysis, self.model)
        self.pictures = PagePictures(
            tools.session,
            pictures=tools.lanes.pictures,
            heatmaps=tools.lanes.heatmaps,
            parent=self,
        )
        self.actions_by_id = build_page_actions(self)
        self.banner = PatientBanner(self.actions_by_id)
        self.conflict = ConflictBar()
        self.intake_bar = IntakeBar()
        self.models = ModelBar()
        self.problem = WrappedLabel("errorText")
        self.problem.setContentsMargins(12, 6, 12, 6)
        self.tiles = PhotographTiles(tools.theme)
        self.viewer = ViewerPane()
        self.panel = ReadingPanel(tools.theme, self.actions_by_id)
        self.commands = PageCommands(self, tools, window=self, go=self.place_requested.emit)
        self._hint = DropHint(self)
        self._lay_out()
        self._connect()
        self.render_state(self.model.state)

    # -- the window's side -----------------------------------------------------------------

    def open_item(self, item_id: int) -> None:
        """Show the examination with this number in the records."""
        self.model.open(item_id)

    def leave(self) -> bool:
        """Save what is unsaved, without waiting."""
        self.model.leave()
        return True

    def unsaved(self) -> str:
        """Return what could not be saved."""
        state = self.model.state
        if state.conflict is not None:
            return self.tr("An examination was changed elsewhere, and your changes wait.")
        if state.save_problem:
            return self.tr("An examination could not be saved: {0}").format(state.save_problem)
        return ""

    def forget(self) -> None:
        """Drop everything of every patient."""
        self.intake.forget()
        self.commands.close_dialogs()
        self.model.forget()
        self.pictures.forget()

    # -- state in --------------------------------------------------------------------------

    @Slot(object)
    def render_state(self, state: ExaminationState) -> None:
        """Show `state`, and enable what can be done in it."""
        self.banner.render_state(state)
        self.conflict.render_state(state)
        self.intake_bar.render_state(state)
        self._render_models(state)
        self.problem.say(state.save_problem or (state.problem if state.visit is None else ""))
        self.splitter.setEnabled(state.visit is not None)
        self.tiles.render_state(state)
        self.panel.render_state(state)
        self.pictures.follow(state)
        self.commands.render_actions(state)

    def _render_models(self, state: ExaminationState) -> None:
        model = state.model
        self.models.render_choice(
            state.models,
            model.id if model else None,
            note=model_note(state),
            enabled=state.visit is not None and not state.powers.analyse,
        )

    @Slot(object)
    def _on_screening(self, screening: ScreeningState) -> None:
        self.model.offer_models(screening.choices)

    @Slot(object)
    def _on_picture(self, picture: PagePicture) -> None:
        image = picture.image
        self.viewer.show_photograph(
            picture.pixels, width=image.width, height=image.height, key=str(image.id)
        )

    @Slot(object)
    def _on_heatmap(self, shown: PageHeatmap) -> None:
        self.viewer.set_heatmap(shown.heat, label=shown.name, strength=shown.strength)

    # -- Qt's events -----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files where photographs may be added."""
        powers = self.model.state.powers
        if self.model.state.visit and not powers.examine and dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self._hint.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the sign away."""
        self._hint.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        self._hint.hide()
        event.acceptProposedAction()
        self.add_paths(dropped_paths(event.mimeData()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the sign over the whole page."""
        super().resizeEvent(event)
        if self._hint.isVisible():
            self._hint.cover()

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files, and the photographs in folders."""
        self.commands.add_paths(paths)

    # -- building --------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        for part in (self.tiles, self.viewer, self.panel):
            self.splitter.addWidget(part)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_LEFT, _MIDDLE, _RIGHT])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        bars = (self.banner, self.models, self.problem, self.conflict, self.intake_bar)
        for bar in bars:
            layout.addWidget(bar)
        layout.addWidget(self.splitter, 1)

    def _connect(self) -> None:
        model, panel, tiles = self.model, self.panel, self.tiles
        model.state_changed.connect(self.render_state)
        model.failed.connect(self._tools.notifications.report)
        model.opened.connect(self._on_opened)
        self.models.model_chosen.connect(model.choose_model)
        self._tools.screening.state_changed.connect(self._on_screening)
        model.offer_models(self._tools.screening.state.choices)
        self.pictures.picture_changed.connect(self._on_picture)
        self.pictures.heatmap_changed.connect(self._on_heatmap)
        self.pictures.cleared.connect(self.viewer.clear)
        self.pictures.failed.connect(self._tools.notifications.report)
        tiles.photograph_chosen.connect(model.select)
        tiles.eye_stated.connect(self.visitor.set_eye)
        tiles.withdraw_wanted.connect(
            lambda image, withdrawn: self.visitor.set_withdrawn(image, withdrawn=withdrawn)
        )
        tiles.add_wanted.connect(self.actions_by_id["add"].trigger)
        tiles.analyse_wanted.connect(self.commands.analyse_unanalysed)
        self.conflict.mine.connect(model.saving.keep_mine)
        self.conflict.theirs.connect(model.saving.take_theirs)
        self.intake_bar.cancel_wanted.connect(self.intake.cancel_waiting)
        self.intake_bar.close_wanted.connect(self.intake.clear_failed)
        self.intake_bar.accept_wanted.connect(self.intake.accept_others)
        panel.missing_chosen.connect(self.commands.go_to)
        self._connect_reading()
        self._connect_visit()
        keeper = FieldKeeper(model.seal, self)
        keeper.keep(
            panel.card.reason,
            panel.referral.note,
            panel.comment.field,
            panel.added.field,
            *panel.visit.text_fields,
        )

    def _connect_reading(self) -> None:
        panel, reader = self.panel, self.reader
        panel.findings.label_chosen.connect(self.model.choose)
        panel.findings.said.connect(self.commands.say)
        panel.findings.reason_wanted.connect(panel.card.reason.setFocus)
        panel.findings.clear_wanted.connect(reader.clear)
        panel.card.said.connect(self.commands.say)
        panel.card.graded.connect(reader.grade)
        panel.card.severity_chosen.connect(reader.set_severity)
        panel.card.reason_typed.connect(reader.set_reason)
        panel.card.clear_wanted.connect(reader.clear)
        panel.added.add_wanted.connect(reader.add_finding)
        panel.added.chosen.connect(self.model.choose)
        panel.added.clear_wanted.connect(reader.clear)
        panel.eye_grade.chosen.connect(reader.set_eye_ungradable)
        panel.referral.chosen.connect(reader.set_referral)
        panel.referral.note_typed.connect(reader.set_referral_note)
        panel.comment.typed.connect(reader.set_comment)
        panel.addenda.typed.connect(self.model.saving.type_addendum)
        panel.addenda.add_wanted.connect(self.model.saving.add_addendum)
        panel.model.analyse_wanted.connect(self.actions_by_id["analyse"].trigger)

    def _connect_visit(self) -> None:
        form, visitor = self.panel.visit, self.visitor
        form.date_chosen.connect(visitor.set_date)
        form.operator_typed.connect(visitor.set_operator)
        form.reason_typed.connect(visitor.set_reason)
        form.measured.connect(
            lambda eye, entry, what, typing: visitor.set_measurement(
                eye, entry, what, typing=typing
            )
        )

    @Slot(int)
    def _on_opened(self, examination_id: int) -> None:
        self.place_changed.emit(Place(PageId.EXAMINATION, examination_id))
        self.panel.findings.setFocus()
