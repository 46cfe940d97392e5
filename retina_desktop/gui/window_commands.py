"""What each action of the window does: asks the user where needed, then the view models."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QDialog

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.main_window import MainWindow
from retina_desktop.gui.notifications import Notifications
from retina_desktop.gui.screening.finding_groups import chosen_label
from retina_desktop.gui.screening.photograph_tasks import overlay_task
from retina_desktop.gui.screening.state import Photograph
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.services_port import WindowServices
from retina_desktop.gui.shell import Shell
from retina_desktop.gui.theme import ThemeChoice

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

_MESSAGE_MS = 6000


class WindowCommands(QObject):
    """One method per action; `by_action` is the table.

    The dialogs are imported when they are opened: the first paint does not wait for them.
    """

    def __init__(
        self,
        window: MainWindow,
        *,
        services: WindowServices,
        lanes: Lanes,
        screening: ScreeningViewModel,
        notifications: Notifications,
        dialogs: FileDialogs,
        shell: Shell,
    ) -> None:
        super().__init__(window)
        self._window = window
        self._services = services
        self._lanes = lanes
        self._screening = screening
        self._notifications = notifications
        self._dialogs = dialogs
        self._shell = shell
        self.open_dialog: QDialog | None = None  # the one of the Help menu, if any

    def by_action(self) -> Mapping[str, Callable[[], object]]:
        """Return what to do for each action's id."""
        screening, window, theme = self._screening, self._window, self._window.theme
        return {
            "open": lambda: self._open_photographs(self._dialogs.photographs(window)),
            "open_folder": lambda: self._open_photographs(self._dialogs.folder(window)),
            "sample": self.open_sample,
            "save_overlay": self.save_overlay,
            "copy_overlay": self.copy_overlay,
            "quit": lambda: _close(window),
            "previous": lambda: screening.step(-1),
            "next": lambda: screening.step(1),
            "previous_finding": lambda: window.view.findings.findings.choose_next(-1),
            "next_finding": lambda: window.view.findings.findings.choose_next(1),
            "eye_right": lambda: self.state_eye("R"),
            "eye_left": lambda: self.state_eye("L"),
            "eye_auto": lambda: self.state_eye(""),
            "retry": lambda: self._with_chosen(lambda p: screening.retry(p.id)),
            "cancel": lambda: self._with_chosen(lambda p: screening.cancel(p.id)),
            "cancel_all": screening.cancel_all,
            "remove": lambda: self._with_chosen(lambda p: screening.remove(p.id)),
            "clear": screening.clear,
            "focus_list": lambda: window.view.photographs.list.setFocus(),
            "focus_picture": lambda: window.viewer.canvas.setFocus(),
            "focus_findings": lambda: window.view.findings.findings.setFocus(),
            "theme_system": lambda: theme.choose(ThemeChoice.SYSTEM),
            "theme_light": lambda: theme.choose(ThemeChoice.LIGHT),
            "theme_dark": lambda: theme.choose(ThemeChoice.DARK),
            "shortcuts": self.show_shortcuts,
            "model_information": self.show_model,
            "about": self.show_about,
            **self._shell.commands(),
        }

    @Slot()
    def open_sample(self) -> None:
        """Go to the screening page and analyse the sample there."""
        if self._shell.show_screening():
            self._screening.open_sample()

    def _open_photographs(self, paths: Sequence[Path]) -> None:
        if paths and self._shell.show_screening():
            self._screening.open_paths(paths)

    @Slot(str)
    def state_eye(self, eye: str) -> None:
        """Take the user's word: "R", "L", or "" to withdraw it."""
        from retina_desktop.domain.images import Laterality  # imports NumPy

        self._screening.state_laterality(Laterality(eye) if eye else None)

    @Slot()
    def save_overlay(self) -> None:
        """Ask where, then write the photograph with its heatmap."""
        chosen = self._screening.state.selected
        if chosen is None or chosen.analysis is None:
            return
        code = chosen_label(chosen.analysis, chosen.label)
        what = f"{code}.overlay" if code else "picture"
        suggestion = f"{chosen.path.stem}__{what}.jpg"  # never the photograph's own name
        target = self._dialogs.picture_target(self._window, suggestion)
        if target is not None:
            self._draw_overlay(chosen, self._on_saved, target)

    @Slot()
    def copy_overlay(self) -> None:
        """Put the photograph with its heatmap on the clipboard."""
        chosen = self._screening.state.selected
        if chosen is not None and chosen.analysis is not None:
            self._draw_overlay(chosen, self._on_drawn, None)

    @Slot()
    def show_shortcuts(self) -> None:
        """Open the list of keys."""
        from retina_desktop.gui.examination.actions import EXAMINATION_ACTIONS
        from retina_desktop.gui.help.shortcuts_dialog import ShortcutsDialog
        from retina_desktop.gui.page_keys import told_entries

        entries = told_entries(EXAMINATION_ACTIONS) if self._shell.session is not None else ()
        self._open(ShortcutsDialog(self._window.shortcut_table(), entries, self._window))

    @Slot()
    def show_about(self) -> None:
        """Open the dialog on the program."""
        from retina_desktop.gui.help.about_dialog import AboutDialog

        theme, version = self._window.theme, self._services.version
        self._open(AboutDialog(theme, version=version, parent=self._window))

    @Slot()
    def show_model(self) -> None:
        """Open the dialog on the model; refused bundles are looked for meanwhile."""
        from retina_desktop.gui.help.model_dialog import ModelDialog

        state = self._screening.state
        dialog = ModelDialog(state.asked_model, state.model_error, self._window)
        handle = self._lanes.files.prepare(lambda _: self._services.refused_bundles())
        handle.succeeded.connect(dialog.show_refused)
        handle.failed.connect(self._notifications.report)
        self._open(dialog)
        handle.start()

    def _draw_overlay(
        self, photograph: Photograph, then: Callable[["RgbImage"], None], target: Path | None
    ) -> None:
        if photograph.analysis is None:
            return
        task = overlay_task(
            self._services,
            photograph.path,
            photograph.analysis,
            chosen_label(photograph.analysis, photograph.label),
            opacity=self._window.viewer.opacity(),
            palette=self._window.viewer.heat_palette(),
            target=target,
        )
        handle = self._lanes.files.prepare(task)
        handle.succeeded.connect(then)
        handle.failed.connect(self._notifications.report)
        handle.start()

    @Slot(object)
    def _on_drawn(self, picture: "RgbImage") -> None:
        height, width = picture.shape[:2]
        stride = picture.strides[0]
        image = QImage(picture.data, width, height, stride, QImage.Format.Format_RGB888)
        QGuiApplication.clipboard().setImage(image.copy())
        self._window.status_line.showMessage(self.tr("Picture copied."), _MESSAGE_MS)

    @Slot(object)
    def _on_saved(self, _picture: object) -> None:
        self._window.status_line.showMessage(self.tr("Picture saved."), _MESSAGE_MS)

    def _with_chosen(self, act: Callable[[Photograph], None]) -> None:
        chosen = self._screening.state.selected
        if chosen is not None:
            act(chosen)

    def _open(self, dialog: QDialog) -> None:
        if self.open_dialog is not None:
            self.open_dialog.close()
        self.open_dialog = dialog
        dialog.finished.connect(self._on_dialog_finished)
        dialog.open()

    @Slot()
    def _on_dialog_finished(self) -> None:
        dialog = self.sender()
        if isinstance(dialog, QDialog):
            dialog.deleteLater()
            if dialog is self.open_dialog:
                self.open_dialog = None


def _close(window: MainWindow) -> None:
    window.close()
