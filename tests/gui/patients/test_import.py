"""The import dialog: looked at first, carried out, stopped, told."""

from dataclasses import replace
from datetime import date
from hashlib import sha256

import numpy as np
import pytest
from shiboken6 import isValid

from retina_desktop.domain.users import Role
from retina_desktop.gui.patients.import_state import ImportSource, ImportStep
from retina_desktop.gui.patients.import_table import ImportColumn
from retina_desktop.gui.services_port import LoadedModel
from retina_desktop.services.importing import FileOutcome
from retina_desktop.services.screening import AnalysedPhotograph
from tests.helpers.analyses import make_analysis
from tests.helpers.fakes import IDENTITY
from tests.helpers.records import make_manifest


@pytest.fixture
def dialog(qtbot, page):
    dialog = page.import_photographs()
    yield dialog
    if isValid(dialog):
        dialog.reject()


@pytest.fixture
def folder(clinic, tmp_path):
    folder = tmp_path / "delivery"
    folder.mkdir()
    for name in ("P-1_OD_2026-01-05", "P-1_OS_2026-01-05", "P-2_OD_2026-01-06", "strange"):
        clinic.photograph().rename(folder / f"{name}.jpg")
    return folder


def wait(qtbot, dialog):
    qtbot.waitUntil(lambda: dialog._handle is None, timeout=20_000)


def test_a_folder_is_looked_at_then_brought_in(qtbot, page, clinic, dialog, folder):
    clinic.patient("P-1", "Asha Rao")
    assert not dialog.next_button.isEnabled()
    dialog.wishes.path.setText(str(folder))
    dialog.next_button.click()
    wait(qtbot, dialog)

    assert dialog.state.step is ImportStep.PLANNED
    counts = dialog.state.report.counts
    assert (counts[FileOutcome.NEW_PATIENT], counts[FileOutcome.REFUSED]) == (1, 1)
    first = dialog.table.index(0, ImportColumn.REMARK)
    assert first.data() == "The file's name does not fit the pattern."
    assert dialog.next_button.text() == "Import 3 photographs"

    dialog.next_button.click()
    wait(qtbot, dialog)
    assert dialog.state.step is ImportStep.DONE
    assert dialog.state.to_bring_in == 3
    qtbot.waitUntil(lambda: len(page.search.state.hits) == 2)

    dialog.back_button.click()
    dialog.wishes.path.setText(str(folder))
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.state.report.counts[FileOutcome.ALREADY_THERE] == 3
    assert not dialog.next_button.isEnabled()


def test_a_table_says_what_it_lacks(qtbot, dialog, tmp_path):
    table = tmp_path / "list.csv"
    table.write_text("name,when\nAsha,2026-01-05\n")
    dialog.wishes.sources[ImportSource.TABLE].click()
    dialog.wishes.path.setText(str(table))
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.state.step is ImportStep.WISHES
    assert dialog.error.text()
    dialog.wishes.path.setText(str(tmp_path / "gone.csv"))
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.error.text() == "The table cannot be read."


def test_a_table_of_photographs_is_brought_in(qtbot, page, clinic, dialog, tmp_path):
    photograph = clinic.photograph("one.jpg")
    table = tmp_path / "list.csv"
    table.write_text(
        f"file,record_number,name,eye,visit_date\n{photograph.name},P-5,Nagy,OD,05/01/2026\n"
    )
    dialog.wishes.sources[ImportSource.TABLE].click()
    dialog.wishes.path.setText(str(table))
    dialog.wishes.date_format.setText("DD/MM/YYYY")
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.state.report.files[0].claim.visit_date == date(2026, 1, 5)
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.state.to_bring_in == 1


def test_a_pattern_that_makes_no_sense_is_told(qtbot, dialog, folder):
    dialog.wishes.path.setText(str(folder))
    dialog.wishes.pattern.setText("{shoe_size}")
    dialog.go_on()
    wait(qtbot, dialog)
    assert "A pattern knows the fields" in dialog.error.text()


def test_an_empty_folder_is_told(qtbot, dialog, tmp_path):
    (tmp_path / "empty").mkdir()
    dialog.wishes.path.setText(str(tmp_path / "empty"))
    dialog.go_on()
    wait(qtbot, dialog)
    assert dialog.error.text() == "There is no photograph to import."


def test_closing_stops_what_runs(qtbot, dialog, folder):
    dialog.wishes.path.setText(str(folder))
    dialog.go_on()
    dialog.stop_or_close()
    wait(qtbot, dialog)
    assert dialog.state.step in (ImportStep.WISHES, ImportStep.PLANNED)


def test_who_may_not_examine_is_told(qtbot, page, dialog, folder, become, session):
    become(Role.TECHNICIAN)
    services = session.services
    gone = replace(services.user, active=False)
    session._services = replace(services, acting=replace(services.acting, user=gone))
    dialog.wishes.path.setText(str(folder))
    dialog.go_on()
    wait(qtbot, dialog)
    assert "Your role does not include" in dialog.error.text()


def test_the_windows_model_is_asked_about_each_photograph(qtbot, page, clinic, tools, folder):
    manifest = make_manifest()
    model = LoadedModel(manifest, IDENTITY, None)
    tools.screening.state = replace(tools.screening.state, model=model)

    def analyse(context, path, *, laterality, model=None):
        analysis = make_analysis(sha256=sha256(path.read_bytes()).hexdigest())
        return AnalysedPhotograph(analysis, np.zeros((2, 2, 3), np.uint8))

    object.__setattr__(tools, "services", replace(tools.services, analyse=analyse))
    dialog = page.import_photographs()
    dialog.wishes.path.setText(str(folder))
    dialog.go_on()
    wait(qtbot, dialog)
    dialog.go_on()
    wait(qtbot, dialog)
    dialog.reject()
    services = tools.session.services
    found = services.patients.find_by_number("P-1")
    (visit,) = services.open_patient(services.acting, found.id).visits
    assert visit.analysed_images == 2
