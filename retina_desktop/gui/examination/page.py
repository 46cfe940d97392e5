"""The examination page."""

from typing import ClassVar

from PySide6.QtWidgets import QWidget

from retina_desktop.gui.pages import Page, PageId, PageTools


class ExaminationPage(Page):
    """The examination page."""

    id: ClassVar[PageId] = PageId.EXAMINATION

    def __init__(self, tools: PageTools, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._tools = tools
