"""Everything one can reach has a name, and no title or object name tells of a patient."""

from datetime import date

from PySide6.QtWidgets import QWidget

from retina_desktop.gui.patients.records_dialog import RecordsDialog
from retina_desktop.gui.worklist.page import WorklistPage
from tests.gui.test_accessibility import nameless


def test_every_widget_of_the_pages_has_a_name(qtbot, page, tools, clinic):
    patient = clinic.patient("P-1", "Asha Rao")
    page.open_item(patient.id)
    qtbot.waitUntil(lambda: page.record.state.complete)
    dialogs = [
        page.merge_patient(),
        page.delete_patient(),
        page.export_record(),
        page.import_photographs(),
    ]
    worklist = WorklistPage(tools)
    qtbot.addWidget(worklist)
    for root in (page, worklist, *dialogs):
        assert [type(root).__name__, *nameless(root)] == [type(root).__name__]
    for dialog in dialogs:
        qtbot.waitUntil(lambda: not tools.session._reads.futures())
        dialog.reject()


def test_no_title_and_no_object_name_tells_of_a_patient(qtbot, page, clinic):
    patient = clinic.patient("P-4711", "Asha Rao", birth_date=date(1961, 5, 4))
    clinic.visit(patient, date(2026, 3, 2))
    page.open_item(patient.id)
    qtbot.waitUntil(lambda: page.record.state.complete)
    page.edit_patient()
    dialog = page.merge_patient()
    assert isinstance(dialog, RecordsDialog)
    for widget in (page, dialog, *page.findChildren(QWidget), *dialog.findChildren(QWidget)):
        told = f"{widget.windowTitle()} {widget.objectName()}"
        assert "Asha" not in told
        assert "4711" not in told
    dialog.reject()
