"""Every action has keys, a tip and an icon; every widget one can reach has a name."""

import re
from collections import Counter
from types import SimpleNamespace

from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QScrollBar,
    QWidget,
)

from retina_desktop.gui.actions import ACTIONS
from retina_desktop.gui.screening import findings_panel
from tests.helpers.fakes import RESOURCES

REACHED = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QComboBox,
    QLineEdit,
    QProgressBar,
)


def every_action(window):
    return [*window.actions_by_id.values(), *window.viewer.actions_table()]


def nameless(root):
    found = []
    for widget in root.findChildren(QWidget):
        if not isinstance(widget, REACHED) or isinstance(widget, (QScrollBar, QHeaderView)):
            continue
        if widget.objectName().startswith("qt_") or isinstance(widget.parent(), QComboBox):
            continue  # Qt's own parts of a widget that has a name
        if isinstance(widget.parent().parent() if widget.parent() else None, QComboBox):
            continue
        if not widget.accessibleName():
            found.append(f"{type(widget).__name__} {widget.objectName()}")
    return found


def test_every_action_has_keys_a_tip_and_a_name(opened):
    for action in every_action(opened.window):
        name = action.objectName()
        assert not action.shortcut().isEmpty(), name
        assert action.text().replace("&", ""), name
        assert len(action.statusTip()) > 10, name
        assert action.toolTip() not in ("", action.text()), name


def test_no_two_actions_share_keys(opened):
    native = QKeySequence.SequenceFormat.PortableText
    keys = Counter(
        key.toString(native)
        for action in every_action(opened.window)
        for key in action.shortcuts()
    )
    assert [key for key, count in keys.items() if count > 1] == []


def test_every_action_in_a_menu_is_one_of_the_table(opened):
    known = set(map(id, every_action(opened.window)))
    for menu in opened.window.menus.values():
        for action in menu.actions():
            assert action.isSeparator() or action.menu() or id(action) in known, action.text()


def test_mnemonics_are_unique_within_a_menu(opened):
    for title, menu in opened.window.menus.items():
        letters = Counter(
            found.group(1).lower()
            for action in menu.actions()
            if (found := re.search("&(.)", action.text()))
        )
        assert [letter for letter, count in letters.items() if count > 1] == [], title


def test_every_widget_that_is_reached_has_a_name(analysed, opened):
    analysed("a.jpg", "b.jpg")
    assert nameless(opened.window) == []


def test_every_button_has_a_tip(opened):
    for button in opened.window.findChildren(QAbstractButton):
        if not button.objectName().startswith("qt_"):
            assert button.toolTip(), button.accessibleName()


def test_the_help_lists_every_action_with_its_keys(opened):
    opened.commands.show_shortcuts()
    table = opened.commands.open_dialog.table
    listed = {
        (table.item(row, 1).text(), table.item(row, 2).text())
        for row in range(table.rowCount())
    }
    native = QKeySequence.SequenceFormat.NativeText
    for action in every_action(opened.window):
        keys = "  or  ".join(key.toString(native) for key in action.shortcuts())
        assert (action.text().replace("&", ""), keys) in listed
    opened.commands.open_dialog.close()


def test_every_dialog_names_its_widgets(opened):
    for show in ("show_shortcuts", "show_about", "show_model"):
        getattr(opened.commands, show)()
        assert nameless(opened.commands.open_dialog) == [], show
        opened.commands.open_dialog.close()


def test_every_icon_of_the_table_is_drawn_in_one_colour():
    for entry in ACTIONS:
        text = (RESOURCES / "icons" / f"{entry.icon}.svg").read_text()
        assert "currentColor" in text
        assert not re.search("#[0-9a-fA-F]{3,8}", text), entry.icon


def test_actions_of_the_window_carry_an_icon(opened):
    icons = [action.icon().isNull() for action in opened.window.findChildren(QAction)[:5]]
    assert not all(icons)


def test_a_screen_reader_is_told_each_answer_once(monkeypatch, analysed, opened):
    told = []

    listening = SimpleNamespace(
        isActive=lambda: True,
        updateAccessibility=lambda event: told.append(event.message()),
    )
    monkeypatch.setattr(findings_panel, "QAccessible", listening)
    analysed("poor.jpg")
    opened.screening.choose_label("EDN")
    assert len(told) == 1
    assert told[0].startswith("NOT GRADABLE")
    assert opened.screening.state.photographs[0].analysis.referral.reason in told[0]
