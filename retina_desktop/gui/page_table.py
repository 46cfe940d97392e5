"""Builds each page of the records when it is first shown: the first paint waits for none."""

from retina_desktop.gui.pages import Page, PageId, PageTools


def build_page(page: PageId, tools: PageTools) -> Page:
    """Return a new page."""
    match page:
        case PageId.PATIENTS:
            from retina_desktop.gui.patients.page import PatientsPage

            return PatientsPage(tools)
        case PageId.WORKLIST:
            from retina_desktop.gui.worklist.page import WorklistPage

            return WorklistPage(tools)
        case PageId.EXAMINATION:
            from retina_desktop.gui.examination.page import ExaminationPage

            return ExaminationPage(tools)
        case PageId.SCREENING | PageId.TRAINING:
            raise ValueError("this page is none of the records")
