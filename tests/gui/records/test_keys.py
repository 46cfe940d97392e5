"""F1 lists every key of every page, and no key of a page is also another's."""

from collections import Counter

import pytest
from PySide6.QtGui import QKeySequence, QShortcut

from retina_desktop.gui.actions import ACTIONS
from retina_desktop.gui.examination.actions import EXAMINATION_ACTIONS
from retina_desktop.gui.main_window import _ALWAYS, _ON_EVERY_PAGE
from retina_desktop.gui.page_keys import FORM_KEYS, PATIENTS_KEYS, WORKLIST_KEYS, told_entries
from retina_desktop.gui.pages import PageId, Place

NATIVE = QKeySequence.SequenceFormat.NativeText


def keys_of(entry):
    return [key.toString(NATIVE) for key in QKeySequence.listFromString(entry.shortcut)]


@pytest.fixture
def listed(logged_in):
    opened = logged_in()
    opened.commands.show_shortcuts()
    table = opened.commands.open_dialog.table
    rows = {
        tuple(table.item(row, column).text() for column in range(3))
        for row in range(table.rowCount())
    }
    opened.commands.open_dialog.close()
    return rows


def test_the_list_of_keys_has_every_page(listed):
    for entry in (*EXAMINATION_ACTIONS, *WORKLIST_KEYS, *PATIENTS_KEYS, *FORM_KEYS):
        place = entry.menu.replace("/", " \u203a ")
        keys = "  or  ".join(keys_of(entry))
        assert (place, entry.text.replace("&", ""), keys) in listed
        assert keys
    shell = {text for place, text, _ in listed if place in ("File", "View")}
    assert {"Lock", "Log out", "Settings…", "Back", "Worklist", "Patients"} <= shell
    assert ("Examination \u203a Findings", "Agree", "A") in listed


def test_pages_stand_together_in_the_list():
    places = [entry.menu for entry in told_entries(EXAMINATION_ACTIONS)]
    assert sorted(places, key=places.index) == places


@pytest.mark.parametrize("entries", [WORKLIST_KEYS, PATIENTS_KEYS, EXAMINATION_ACTIONS])
def test_a_pages_keys_are_nothing_elses_while_it_is_shown(entries):
    everywhere = [e for e in ACTIONS if e.id in _ALWAYS | _ON_EVERY_PAGE]
    counted = Counter(key for entry in (*entries, *everywhere) for key in keys_of(entry))
    assert [key for key, count in counted.items() if count > 1] == []


def test_the_pages_hold_the_keys_that_are_listed(logged_in):
    opened = logged_in()
    opened.shell.flow.go(Place(PageId.WORKLIST))
    for page, entries in (
        (PageId.WORKLIST, WORKLIST_KEYS),
        (PageId.PATIENTS, (*PATIENTS_KEYS, *FORM_KEYS)),
    ):
        shortcuts = opened.shell.flow.page(page).findChildren(QShortcut)
        bound = [key for shortcut in shortcuts for key in list(shortcut.keys())]
        held = {key.toString(NATIVE) for key in bound}
        assert held == {key for entry in entries for key in keys_of(entry)}
