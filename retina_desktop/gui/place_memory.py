"""Where a user was, kept in the records: after a crash the window reopens there."""

import logging
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from retina_desktop.gui.page_flow import PageFlow
from retina_desktop.gui.pages import PageId, Place, rail_page
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from retina_desktop.domain.clinic_settings import FormDraft
    from retina_desktop.gui.records.port import RecordsServices

log = logging.getLogger(__name__)

_FORM = "window"  # the name of the draft that holds page and number


class PlaceMemory(QObject):
    """Saves each place of `flow`, and goes to the last one at a user's first login.

    Logging out forgets the place: whoever logs in next begins where they choose to.
    """

    def __init__(
        self, flow: PageFlow, session: RecordsSession, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._flow = flow
        self._session = session
        self._returned: set[str] = set()  # the users who were brought back already
        self._ready = False  # until the last place was read, none is written over it
        session.opened.connect(self._on_opened)
        session.closed.connect(self._on_closed)
        flow.place_changed.connect(self._save)

    def forget(self) -> None:
        """Drop the place of who is about to log out."""
        self._ready = False

        def discard(services: "RecordsServices", _: TaskContext) -> None:
            services.house.drafts.discard(services.user.name, _FORM)

        self._write(discard)

    @Slot(object)
    def _on_opened(self, services: "RecordsServices") -> None:
        if services.user.name in self._returned:
            self._ready = True
            return
        self._returned.add(services.user.name)

        def last(services: "RecordsServices", _: TaskContext) -> "FormDraft | None":
            return services.house.drafts.get(services.user.name, _FORM)

        handle = self._session.read(last)
        handle.succeeded.connect(self._on_read)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_read(self, draft: "FormDraft | None") -> None:
        if not self._session.is_open:
            return
        self._ready = True
        place = None if draft is None else place_of(draft)
        if place is None or self._flow.place.item_id is not None:
            return
        # Who chose another page has said where they want to be.
        if self._flow.place.page is rail_page(place.page):
            self._flow.go(place)

    @Slot()
    def _on_closed(self) -> None:
        self._ready = False

    @Slot(object)
    def _save(self, place: Place) -> None:
        if not self._ready or not self._session.is_open:
            return

        def save(services: "RecordsServices", _: TaskContext) -> None:
            content = {"page": place.page.value, "item": place.item_id or 0}
            at = services.acting.now()
            services.house.drafts.save(services.user.name, _FORM, content, at=at)

        self._write(save)

    def _write(self, work: "Callable[[RecordsServices, TaskContext], None]") -> None:
        handle = self._session.write(work)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        # A place that is not kept is no reason to interrupt anybody.
        log.warning("the window's place was not kept: %s", type(error).__name__)


def place_of(draft: "FormDraft") -> Place | None:
    """Return the place in `draft`; None where a newer program wrote one not known here."""
    page, item = draft.content.get("page"), draft.content.get("item")
    try:
        known = PageId(str(page))
    except ValueError:
        return None
    number = item if isinstance(item, int) and item > 0 else None
    if known is PageId.EXAMINATION and number is None:
        return None
    return Place(known, number)
