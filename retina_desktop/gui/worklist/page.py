"""The worklist page."""

from typing import ClassVar

from PySide6.QtWidgets import QWidget

from retina_desktop.gui.pages import Page, PageId, PageTools


class WorklistPage(Page):
    """The worklist page."""

    id: ClassVar[PageId] = PageId.WORKLIST

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
