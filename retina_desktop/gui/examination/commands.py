"""What each action of the examination page does: asks where needed, then the view model."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QWidget

from retina_desktop.domain.decisions import Agreement
from retina_desktop.domain.reading_steps import MissingStep
from retina_desktop.gui.examination.intake import Intake
from retina_desktop.gui.examination.intents import ReaderIntents, VisitIntents
from retina_desktop.gui.examination.reading_panel import ReadingPanel
from retina_desktop.gui.examination.sign_dialog import SignDialog
from retina_desktop.gui.examination.state import ExaminationState
from retina_desktop.gui.examination.tiles import PhotographTiles, unanalysed_ids
from retina_desktop.gui.examination.view_model import ExaminationViewModel
from retina_desktop.gui.pages import PageId, PageTools, Place
from retina_desktop.gui.screening.photograph_tasks import search_task
from retina_desktop.gui.viewer.view import ViewerPane


class PageParts(Protocol):
    """What of the page its commands work with; see `page.ExaminationPage`."""

    actions_by_id: dict[str, QAction]
    model: ExaminationViewModel
    reader: ReaderIntents
    visitor: VisitIntents
    intake: Intake
    panel: ReadingPanel
    tiles: PhotographTiles
    viewer: ViewerPane


class PageCommands(QObject):
    """One method per action that is more than a call of the view model.

    ``window`` is what dialogs lie over, ``go`` asks the window to go to a place.
    """

    def __init__(
        self,
        page: PageParts,
        tools: PageTools,
        *,
        window: QWidget,
        go: Callable[[Place], None],
    ) -> None:
        super().__init__(window)
        self._page = page
        self._tools = tools
        self._window = window
        self._go_to_place = go
        self.open_dialog: QDialog | None = None
        for name, command in self._by_action().items():
            page.actions_by_id[name].triggered.connect(command)

    def _by_action(self) -> dict[str, Callable[[], object]]:
        page = self._page
        model, panel = page.model, page.panel
        return {
            "undo": model.undo,
            "redo": model.redo,
            "accept_all": page.reader.accept_all,
            "sign": self.sign,
            "hand_over": self.hand_over,
            "report": self.show_report,
            "add": lambda: self.add_paths(self._tools.dialogs.photographs(self._window)),
            "previous": lambda: model.step(-1),
            "next": lambda: model.step(1),
            "previous_finding": lambda: self._choose_next(-1),
            "next_finding": lambda: self._choose_next(1),
            "analyse": self.analyse_again,
            "find": lambda: self._go(panel.added.field),
            "referral": lambda: self._go(panel.referral.box),
            "comment": lambda: self._go(panel.comment.field),
            "visit": lambda: self._go(panel.visit.operator, tab=1),
            "focus_findings": lambda: self._go(panel.findings),
            "focus_picture": lambda: page.viewer.canvas.setFocus(),
            "worklist": lambda: self._go_to_place(Place(PageId.WORKLIST)),
        }

    def render_actions(self, state: ExaminationState) -> None:
        """Enable what can be done in `state`; a tip says why not."""
        actions, powers = self._page.actions_by_id, state.powers
        history, signed = state.history, state.signature is not None
        there = state.visit is not None
        undo = history.undo_label if history and not signed else ""
        redo = history.redo_label if history and not signed else ""
        self._name(actions["undo"], self.tr("Undo"), undo)
        self._name(actions["redo"], self.tr("Redo"), redo)
        self._allow("accept_all", there and bool(state.missing), powers.read)
        self._allow("sign", there and bool(state.seen) and not state.signing, powers.read)
        self._allow("add", there, powers.examine)
        image = state.image(state.selected_id)
        self._allow("analyse", image is not None and not state.analysing, powers.analyse)
        self._allow("report", there, "")
        handed = state.draft is not None and state.draft.handed_over
        words = self.tr("Take back from the readers") if handed else self.tr("Hand over")
        actions["hand_over"].setText(words)
        self._allow("hand_over", there, powers.examine)
        several = len(state.seen) > 1
        for name in ("previous", "next"):
            actions[name].setEnabled(several)
        for name in ("find", "referral", "comment"):
            self._allow(name, there, powers.read)

    # -- deciding --------------------------------------------------------------------------

    @Slot(object)
    def say(self, agreement: Agreement) -> None:
        """Decide on the finding that is marked; agreeing goes on to the next undecided one."""
        page = self._page
        state = page.model.state
        if state.label is None:
            marked = page.panel.findings.marked()
            if marked is None:
                return
            page.model.choose(marked)
        if page.reader.say(agreement) and agreement is Agreement.AGREE:
            self._choose_undecided()

    @Slot(object)
    def go_to(self, step: MissingStep) -> None:
        """Show the place where something is missing."""
        page = self._page
        if step.label is not None and step.image_id is not None:
            page.model.select(step.image_id)
            page.model.choose(step.label)
            self._go(page.panel.findings)
        elif page.model.state.images:
            self._go(page.panel.referral.box)
        else:
            page.tiles.add_button.setFocus()

    def _choose_undecided(self) -> None:
        state = self._page.model.state
        here = [s for s in state.missing if s.image_id == state.selected_id and s.label]
        if here:
            self._page.model.choose(here[0].label)

    def _choose_next(self, step: int) -> None:
        self._page.panel.findings.choose_next(step)

    # -- signing ---------------------------------------------------------------------------

    @Slot()
    def sign(self) -> None:
        """Accept what is left, then ask once, showing what will stand and that it locks."""
        model = self._page.model
        self._page.reader.accept_all()
        state = model.state
        if state.powers.read or state.signature is not None or state.visit is None:
            return
        if state.missing:
            self.go_to(state.missing[0])
            return
        dialog = SignDialog(state, self._window)
        dialog.accepted.connect(model.saving.sign)
        self._open(dialog)

    @Slot()
    def hand_over(self) -> None:
        """Ask for a reader, or take that back."""
        draft = self._page.model.state.draft
        if draft is not None:
            self._page.visitor.hand_over(handed_over=not draft.handed_over)

    # -- photographs -----------------------------------------------------------------------

    def add_paths(self, paths: Sequence[Path]) -> None:
        """Add files, and the photographs in folders."""
        if not paths:
            return
        handle = self._tools.lanes.files.prepare(search_task(self._tools.services, paths))
        handle.succeeded.connect(self._page.intake.add_files)
        handle.failed.connect(self._tools.notifications.report)
        handle.start()

    @Slot()
    def analyse_again(self) -> None:
        """Have the present model look at the photograph on the screen."""
        state = self._page.model.state
        image = state.image(state.selected_id)
        if image is not None:
            self._page.intake.analyse([image])

    @Slot()
    def analyse_unanalysed(self) -> None:
        """Analyse what no model has looked at yet."""
        state = self._page.model.state
        images = [state.image(image_id) for image_id in unanalysed_ids(state)]
        self._page.intake.analyse([image for image in images if image is not None])

    # -- report ----------------------------------------------------------------------------

    @Slot()
    def show_report(self) -> None:
        """Look at the report of what is saved."""
        state = self._page.model.state
        if state.examination_id is None:
            return
        from retina_desktop.gui.report_preview.dialog import ReportDialog

        self._page.model.saving.flush()
        self._open(
            ReportDialog(
                self._tools,
                state.examination_id,
                signed=state.signature is not None,
                parent=self._window,
            )
        )

    def close_dialogs(self) -> None:
        """Close what is open, without doing it."""
        if self.open_dialog is not None:
            self.open_dialog.reject()

    def _open(self, dialog: QDialog) -> None:
        self.close_dialogs()
        self.open_dialog = dialog
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()

    @Slot(int)
    def _on_dialog_finished(self, _result: int) -> None:
        dialog, self.open_dialog = self.open_dialog, None
        if dialog is not None:
            dialog.deleteLater()

    # -- private ---------------------------------------------------------------------------

    def _go(self, widget: QWidget, *, tab: int = 0) -> None:
        self._page.panel.tabs.setCurrentIndex(tab)
        widget.setFocus()

    def _allow(self, name: str, sensible: bool, why_not: str) -> None:
        action = self._page.actions_by_id[name]
        action.setEnabled(sensible and not why_not)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setToolTip(why_not or f"{action.statusTip()} ({keys})")

    def _name(self, action: QAction, verb: str, label: str) -> None:
        action.setEnabled(bool(label))
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        action.setIconText(verb)
        action.setText(f"{verb}: {label}" if label else verb)
        action.setToolTip(f"{verb}: {label} ({keys})" if label else f"{verb} ({keys})")
