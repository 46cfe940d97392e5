"""The window's pages: what each can do, and where one leads to another."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

if TYPE_CHECKING:
    from retina_desktop.gui.file_dialogs import FileDialogs
    from retina_desktop.gui.notifications import Notifications
    from retina_desktop.gui.records.session import RecordsSession
    from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
    from retina_desktop.gui.services_port import WindowServices
    from retina_desktop.gui.theme import ThemeKeeper


class PageId(StrEnum):
    """Every page; the examination has no entry of its own in the rail."""

    SCREENING = "screening"
    WORKLIST = "worklist"
    PATIENTS = "patients"
    EXAMINATION = "examination"
    TRAINING = "training"


# What shows nothing of any patient, and is there without the records being open.
WITHOUT_RECORDS = frozenset({PageId.SCREENING, PageId.TRAINING})


def rail_page(page: PageId) -> PageId:
    """Return the page under whose entry of the rail `page` stands."""
    return PageId.PATIENTS if page is PageId.EXAMINATION else page


@dataclass(frozen=True, slots=True)
class Place:
    """A page and what it shows: a patient's or an examination's number in the records."""

    page: PageId
    item_id: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class PageTools:
    """What a page of the records is built with."""

    theme: "ThemeKeeper"
    session: "RecordsSession"
    dialogs: "FileDialogs"
    notifications: "Notifications"
    services: "WindowServices"  # analyses of the model in force, heatmaps, the resources
    lanes: "Lanes"
    screening: "ScreeningViewModel"  # its photographs and answers can be kept for a patient


class Page(QWidget):
    """A page of the window, built when it is first shown, with the records open.

    ``place_requested`` asks the window to go somewhere else. ``place_changed`` tells what the
    page shows now, so that the window reopens there after a crash. Both carry a `Place`.
    """

    id: ClassVar[PageId]
    place_requested = Signal(object)  # Place
    place_changed = Signal(object)  # Place

    def activated(self) -> None:
        """Be shown: again and again, each time the user comes here; read what may be new."""

    def leave(self) -> bool:
        """Save what is unsaved, without waiting; False when the page must not be left now."""
        return True

    def open_item(self, item_id: int) -> None:
        """Show the patient or examination with this number in the records."""

    def unsaved(self) -> str:
        """Return a sentence on what could not be saved, "" when nothing would be lost."""
        return ""

    def forget(self) -> None:
        """Drop everything of every patient: the user logged out, or another logged in."""
