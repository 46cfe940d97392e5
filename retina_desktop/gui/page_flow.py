"""Where the window is: which page is on screen, the door before the records, the way back."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QStackedWidget, QWidget

from retina_desktop.gui.pages import WITHOUT_RECORDS, Page, PageId, Place
from retina_desktop.gui.records.session import Access, RecordsSession

if TYPE_CHECKING:
    from retina_desktop.gui.records.port import RecordsServices

_SCREENING = Place(PageId.SCREENING)
_WAY_BACK = 50  # places kept


class PageFlow(QObject):
    """Shows pages in `stack`; those of the records are built when first asked for.

    Without `session` (no records on this computer's program) only the screening page is there.
    ``build`` makes a page, ``build_door`` what is shown before the records are open and while
    the window is locked.
    """

    shown = Signal(object)  # PageId: the page now on screen, or behind the door
    covered = Signal()  # or uncovered: the window was locked or unlocked, see `is_covered`
    place_changed = Signal(object)  # Place of a records' page, to be remembered

    def __init__(
        self,
        stack: QStackedWidget,
        *,
        screening: QWidget,
        session: RecordsSession | None,
        build: Callable[[PageId], Page],
        build_door: Callable[[], QWidget],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._stack = stack
        self._screening = screening
        self._session = session
        self._build, self._build_door = build, build_door
        self._pages: dict[PageId, Page] = {}
        self._door: QWidget | None = None
        self._way: list[Place] = []
        self.place = _SCREENING
        stack.addWidget(screening)
        if session is not None:
            session.opened.connect(self._on_opened)
            session.locked.connect(self._on_locked)
            session.unlocked.connect(self._on_unlocked)
            session.closed.connect(self._on_closed)

    @property
    def is_covered(self) -> bool:
        """Whether the window is locked."""
        return self._session is not None and self._session.state.access is Access.LOCKED

    @property
    def can_go_back(self) -> bool:
        """Whether there is a page before this one."""
        return bool(self._way)

    def page(self, page: PageId) -> Page | None:
        """Return a page of the records that was built."""
        return self._pages.get(page)

    def go(self, place: Place) -> bool:
        """Show `place`; False when the page on screen must not be left, or all is locked."""
        before = self.place
        if not self._moved(place):
            return False
        if before != place:
            self._way = [*self._way, before][-_WAY_BACK:]
            self.shown.emit(place.page)
        return True

    @Slot()
    def back(self) -> bool:
        """Show the page before this one."""
        if not self._way or not self._moved(self._way[-1]):
            return False
        self._way.pop()
        self.shown.emit(self.place.page)
        return True

    def unsaved(self) -> list[str]:
        """Have every page save what it holds; return sentences on what could not be."""
        for page in self._pages.values():
            page.leave()
        return [sentence for page in self._pages.values() if (sentence := page.unsaved())]

    # -- the session -----------------------------------------------------------------------

    @Slot(object)
    def _on_opened(self, _services: "RecordsServices") -> None:
        self._show(self.place)
        self.covered.emit()

    @Slot()
    def _on_locked(self) -> None:
        self._show_door()
        self.covered.emit()

    @Slot()
    def _on_unlocked(self) -> None:
        current = self._pages.get(self.place.page, self._screening)
        self._stack.setCurrentWidget(current)
        self.covered.emit()

    @Slot()
    def _on_closed(self) -> None:
        for page in self._pages.values():
            page.forget()
        self._way.clear()
        self.place = Place(self.place.page)
        if self.place.page not in WITHOUT_RECORDS:
            self._show_door()
        self.covered.emit()

    # -- showing ---------------------------------------------------------------------------

    def _moved(self, place: Place) -> bool:
        if self.is_covered or (self._session is None and place.page not in WITHOUT_RECORDS):
            return False
        current = self._pages.get(self.place.page)
        if current is not None and place != self.place and not current.leave():
            self.shown.emit(self.place.page)  # a rail's button was checked meanwhile
            return False
        self.place = place
        self._show(place)
        return True

    def _show(self, place: Place) -> None:
        if place.page is PageId.SCREENING:
            self._stack.setCurrentWidget(self._screening)
            return
        open_to_all = place.page in WITHOUT_RECORDS
        if not open_to_all and (self._session is None or not self._session.is_open):
            self._show_door()
            return
        page = self._page_of(place.page)
        self._stack.setCurrentWidget(page)
        if place.item_id is not None:
            page.open_item(place.item_id)
        page.activated()
        if not open_to_all:
            self.place_changed.emit(place)

    def _page_of(self, wanted: PageId) -> Page:
        page = self._pages.get(wanted)
        if page is None:
            page = self._pages[wanted] = self._build(wanted)
            page.place_requested.connect(self.go)
            page.place_changed.connect(self._on_place_changed)
            self._stack.addWidget(page)
        return page

    def _show_door(self) -> None:
        if self._door is None:
            self._door = self._build_door()
            self._stack.addWidget(self._door)
        self._stack.setCurrentWidget(self._door)
        if self._session is not None:
            self._session.look()

    @Slot(object)
    def _on_place_changed(self, place: Place) -> None:
        if place.page is self.place.page:
            self.place = place
            self.place_changed.emit(place)
