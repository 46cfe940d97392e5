"""Every action with its keys, read off the actions themselves so that it cannot be wrong."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.gui.actions import ActionEntry, build_actions
from retina_desktop.gui.help.close_box import close_box


class ShortcutsDialog(QDialog):
    """A table of actions under the menus they are found in, then `entries` by their page."""

    def __init__(
        self,
        menus: Mapping[str, Sequence[QAction]],
        entries: Sequence[ActionEntry] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        self.resize(980, 620)
        rows = [(menu, action) for menu, actions in menus.items() for action in actions]
        for entry in entries:
            # Of no widget, so that these keys do nothing here.
            (action,) = build_actions(self, [entry]).values()
            rows.append((entry.menu.replace("/", " \u203a "), action))
        self.table = QTableWidget(len(rows), 4)
        self.table.setAccessibleName(self.tr("Keyboard shortcuts"))
        self.table.setHorizontalHeaderLabels(
            [
                self.tr("Menu or page"),
                self.tr("Action"),
                self.tr("Keys"),
                self.tr("What it does"),
            ]
        )
        for number, (menu, action) in enumerate(rows):
            self._fill(number, menu, action)
        self._style()
        buttons = close_box(self)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)

    def _fill(self, number: int, menu: str, action: QAction) -> None:
        native = QKeySequence.SequenceFormat.NativeText
        keys = "  or  ".join(keys.toString(native) for keys in action.shortcuts())
        texts = (menu, action.text().replace("&", ""), keys, action.statusTip())
        for column, text in enumerate(texts):
            item = QTableWidgetItem(text)
            item.setToolTip(text)
            self.table.setItem(number, column, item)

    def _style(self) -> None:
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.table.verticalHeader().hide()
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft)
