"""The patients page."""

from typing import ClassVar

from PySide6.QtWidgets import QWidget

from retina_desktop.gui.pages import Page, PageId, PageTools


class PatientsPage(Page):
    """The patients page."""

    id: ClassVar[PageId] = PageId.PATIENTS

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
