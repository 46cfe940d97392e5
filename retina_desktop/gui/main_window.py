"""The main window: menus and bars around the screening screen, and nothing it decides."""

from collections.abc import Callable, Mapping

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QKeyEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import (
    QHBoxLayout,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QToolBar,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.actions import ACTIONS, MENUS, build_actions, tint_actions, translated
from retina_desktop.gui.navigation_rail import NavigationRail
from retina_desktop.gui.notifications import NotificationBanner, Notifications
from retina_desktop.gui.page_flow import PageFlow
from retina_desktop.gui.pages import PageId
from retina_desktop.gui.screening.drop_hint import DropHint, dropped_paths
from retina_desktop.gui.screening.empty_state import EmptyState
from retina_desktop.gui.screening.picture_view_model import PictureViewModel
from retina_desktop.gui.screening.state import ScreeningState
from retina_desktop.gui.screening.view import ScreeningView
from retina_desktop.gui.screening.view_model import ScreeningViewModel
from retina_desktop.gui.status_line import StatusLine
from retina_desktop.gui.theme import ThemeChoice, ThemeKeeper
from retina_desktop.gui.viewer.view import ViewerPane
from retina_desktop.gui.window_memory import WindowMemory

TITLE = "Retina Desktop"  # and never a file's or a patient's name
_FIRST_SIZE = QSize(1280, 800)
_THEMES = {
    "theme_system": ThemeChoice.SYSTEM,
    "theme_light": ThemeChoice.LIGHT,
    "theme_dark": ThemeChoice.DARK,
}


# What makes sense on every page, also while the window is locked.
_ALWAYS = {"quit", "theme_system", "theme_light", "theme_dark", "shortcuts", "about"}
# What leads somewhere from every page, but not while the window is locked.
_ON_EVERY_PAGE = {
    *("open", "open_folder", "sample", "lock", "log_out", "settings", "model_information"),
    *("page_screening", "page_worklist", "page_patients", "page_training", "back"),
}
_OF_RECORDS = {"page_worklist", "page_patients", "lock", "log_out", "settings", "back"}
_AT_FIRST_OFF = {*_OF_RECORDS, "page_training"}  # until the shell says that they are there
_PAGE_ACTIONS = {
    "page_screening": PageId.SCREENING,
    "page_worklist": PageId.WORKLIST,
    "page_patients": PageId.PATIENTS,
    "page_training": PageId.TRAINING,
}


class MainWindow(QMainWindow):
    """Shows the view models' states and hands the user's actions to `WindowCommands`."""

    def __init__(
        self,
        theme: ThemeKeeper,
        *,
        screening: ScreeningViewModel,
        pictures: PictureViewModel,
        notifications: Notifications,
        memory: WindowMemory,
        viewer: ViewerPane,
    ) -> None:
        super().__init__()
        self.setWindowTitle(TITLE)
        self.setAcceptDrops(True)
        self.setMinimumSize(1024, 600)  # the sum of what the rail and the three parts need
        self.setWindowIcon(theme.icons.icon("application"))
        self.theme = theme
        self.viewer = viewer
        self._screening = screening
        self._memory = memory
        self.actions_by_id = build_actions(self)
        self.addActions(list(self.actions_by_id.values()))
        self.banner = NotificationBanner(theme)
        self.stack = QStackedWidget()
        self.rail = NavigationRail(theme, self.actions_by_id)
        self.view = self._build_view()
        self._flow: PageFlow | None = None
        self.may_close: Callable[[], bool] = lambda: True
        self._elsewhere: dict[str, bool] = dict.fromkeys(_AT_FIRST_OFF, False)
        self.status_line = StatusLine()
        self.setStatusBar(self.status_line)
        self.menus = self._build_menus()
        self._hint = DropHint(self)
        self._connect(pictures, notifications)
        self._tint()
        if not memory.restore(self, self.view.splitter):
            self.resize(_FIRST_SIZE)
        self.render_state(screening.state)

    def obey(
        self, commands: Mapping[str, Callable[[], object]], *, state_eye: Callable[[str], None]
    ) -> None:
        """Have every action carried out by its command, the eye's buttons by `state_eye`."""
        for name, command in commands.items():
            self.actions_by_id[name].triggered.connect(command)
        self.status_line.cancel_button.clicked.connect(self.actions_by_id["cancel_all"].trigger)
        self.view.eye_stated.connect(state_eye)

    def follow(self, flow: PageFlow) -> None:
        """Have the rail, the bars and the actions agree with the page that `flow` shows."""
        self._flow = flow
        flow.shown.connect(self._on_page_shown)
        flow.covered.connect(self._on_covered)
        self._on_page_shown(flow.place.page)

    def enable(self, enabled: Mapping[str, bool]) -> None:
        """Say which actions that do not hang on the screening page's state make sense now."""
        self._elsewhere = {**self._elsewhere, **enabled}
        self._enable()

    @Slot(object)
    def render_state(self, state: ScreeningState) -> None:
        """Show `state`, and enable what can be done in it."""
        self.view.render_state(state)
        self.status_line.render_state(state)
        self._enable()

    def show_full_screen(self, full: bool) -> None:
        """Give the picture the whole screen; the notice stays."""
        self.view.show_picture_only(alone=full)
        self.tool_bar.setVisible(not full)
        self.rail.setVisible(not full)
        self.menuBar().setVisible(not full)
        state, flag = self.windowState(), Qt.WindowState.WindowFullScreen
        self.setWindowState(state | flag if full else state & ~flag)

    def shortcut_table(self) -> dict[str, list[QAction]]:
        """Return every action under its menu, the viewer's too."""
        table: dict[str, list[QAction]] = {}
        for entry in ACTIONS:
            menu = entry.menu.replace("/", " \u203a ")
            table.setdefault(menu, []).append(self.actions_by_id[entry.id])
        for menu, actions in self.viewer.actions_by_menu().items():
            table[f"View \u203a {menu}"] = list(actions)
        return table

    # -- Qt's events -----------------------------------------------------------------------

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders, and say so over the whole window."""
        if self._is_screening and dropped_paths(event.mimeData()):
            event.acceptProposedAction()
            self._hint.cover()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Take the sign away."""
        self._hint.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Open what was dropped."""
        self._hint.hide()
        event.acceptProposedAction()
        self._screening.open_paths(dropped_paths(event.mimeData()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave the full screen with Escape."""
        if event.key() == Qt.Key.Key_Escape and self.isFullScreen():
            self.show_full_screen(full=False)
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the sign over the whole window."""
        super().resizeEvent(event)
        if self._hint.isVisible():
            self._hint.cover()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the window, unless something would be lost by closing it."""
        if not self.may_close():
            event.ignore()
            return
        if self.isFullScreen():
            self.show_full_screen(full=False)
        self._memory.save(self, self.view.splitter, self.theme.choice)
        super().closeEvent(event)

    # -- building --------------------------------------------------------------------------

    def _build_view(self) -> ScreeningView:
        empty = EmptyState(
            self.theme,
            open_action=self.actions_by_id["open"],
            sample_action=self.actions_by_id["sample"],
        )
        view = ScreeningView(self.theme, empty=empty, viewer=self.viewer)
        # Not a bar of the main window: that would lie over the rail, which must not move.
        self.tool_bar = self._build_tool_bar()
        beside = QVBoxLayout()
        beside.setSpacing(0)
        beside.addWidget(self.tool_bar)
        beside.addWidget(self.banner)
        beside.addWidget(self.stack, 1)
        central = QWidget()
        layout = QHBoxLayout(central)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.rail)
        layout.addLayout(beside, 1)
        self.setCentralWidget(central)
        return view

    def _build_tool_bar(self) -> QToolBar:
        bar = QToolBar(self.tr("Tools"))
        bar.setObjectName("toolBar")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        bar.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        for entry in ACTIONS:
            if not entry.on_tool_bar:
                continue
            if entry.separated:
                bar.addSeparator()
            bar.addAction(self.actions_by_id[entry.id])
            button = bar.widgetForAction(self.actions_by_id[entry.id])
            button.setAccessibleName(entry.name)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            if entry.id == "open" and isinstance(button, QToolButton):
                button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
                button.setText(self.tr("Open"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        return bar

    def _build_menus(self) -> Mapping[str, QMenu]:
        menus: dict[str, QMenu] = {}
        for path, title in MENUS.items():
            above = menus.get(path.partition("/")[0]) if "/" in path else None
            text = translated(title)
            menus[path] = above.addMenu(text) if above else self.menuBar().addMenu(text)
        for name, actions in self.viewer.actions_by_menu().items():
            menu = menus["View"].addMenu(name)
            menu.addActions(list(actions))
            menus[f"View/{name}"] = menu
        for entry in ACTIONS:
            menu = menus[entry.menu]
            if entry.separated and not menu.isEmpty():
                menu.addSeparator()
            menu.addAction(self.actions_by_id[entry.id])
        return menus

    def _connect(self, pictures: PictureViewModel, notifications: Notifications) -> None:
        self._screening.state_changed.connect(self.render_state)
        self._screening.failed.connect(notifications.report)
        pictures.failed.connect(notifications.report)
        notifications.raised.connect(self.banner.show_sentence)
        self.view.photograph_chosen.connect(self._screening.select)
        self.view.label_chosen.connect(self._screening.choose_label)
        self.view.model_chosen.connect(self._screening.choose_model)
        pictures.picture_changed.connect(self.view.show_picture)
        pictures.heatmap_changed.connect(self.view.show_heatmap)
        pictures.cleared.connect(self.viewer.clear)
        self.viewer.hovered.connect(self.status_line.show_place)
        self.viewer.full_screen_requested.connect(
            lambda: self.show_full_screen(full=not self.isFullScreen())
        )
        self.theme.changed.connect(self._tint)

    @property
    def _is_screening(self) -> bool:
        flow = self._flow
        return flow is None or (flow.place.page is PageId.SCREENING and not flow.is_covered)

    @Slot(object)
    def _on_page_shown(self, page: PageId) -> None:
        self.rail.show_page(page)
        for name, known in _PAGE_ACTIONS.items():
            self.actions_by_id[name].setChecked(known is page)
        self._show_bars()

    @Slot()
    def _on_covered(self) -> None:
        covered = self._flow is not None and self._flow.is_covered
        if covered and self.isFullScreen():
            self.show_full_screen(full=False)
        self.banner.setVisible(self.banner.isVisible() and not covered)
        self.status_line.show_place("")
        self._show_bars()

    def _show_bars(self) -> None:
        screening = self._is_screening
        self.tool_bar.setVisible(screening and not self.isFullScreen())
        for name in self.viewer.actions_by_menu():
            self.menus[f"View/{name}"].menuAction().setEnabled(screening)
        self._enable()

    def _enable(self) -> None:
        locked = self._flow is not None and self._flow.is_covered
        sensible = {**enabled_actions(self._screening.state), **self._elsewhere}
        for name, action in self.actions_by_id.items():
            here = name in _ALWAYS or (
                not locked and (self._is_screening or name in _ON_EVERY_PAGE)
            )
            enabled = here and sensible.get(name, True)
            if action.isEnabled() != enabled:
                action.setEnabled(enabled)

    @Slot()
    def _tint(self) -> None:
        tint_actions(self.actions_by_id, self.theme.icons)
        for name, choice in _THEMES.items():
            self.actions_by_id[name].setChecked(choice is self.theme.choice)


def enabled_actions(state: ScreeningState) -> dict[str, bool]:
    """Return which actions make sense in `state`; those not named always do."""
    chosen = state.selected
    analysis = chosen.analysis if chosen is not None else None
    answered = analysis is not None
    is_fundus = analysis is not None and analysis.quality.is_fundus
    unfinished = chosen is not None and chosen.is_unfinished
    several = len(state.photographs) > 1
    return {
        "save_overlay": answered,
        "keep": any(p.analysis is not None for p in state.photographs) and not state.busy,
        "copy_overlay": answered,
        "previous": several,
        "next": several,
        "previous_finding": is_fundus,
        "next_finding": is_fundus,
        "eye_right": is_fundus,
        "eye_left": is_fundus,
        "eye_auto": chosen is not None and chosen.laterality is not None,
        "retry": chosen is not None and not unfinished,
        "cancel": unfinished,
        "cancel_all": state.busy,
        "remove": chosen is not None,
        "clear": bool(state.photographs),
        "focus_list": bool(state.photographs),
        "focus_picture": bool(state.photographs),
        "focus_findings": is_fundus,
    }
