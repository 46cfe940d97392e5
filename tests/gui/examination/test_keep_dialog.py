"""Photographs of the screening page become a visit, without being analysed again."""

from dataclasses import replace

import pytest

from retina_desktop.domain.images import Laterality
from retina_desktop.gui.examination.keep_dialog import KeepDialog, keepable
from retina_desktop.gui.screening.state import Photograph, PhotographStatus, ScreeningState
from retina_desktop.gui.services_port import LoadedModel
from retina_desktop.services.tasks import TaskContext
from tests.gui.examination.answers import manifest
from tests.gui.examination.conftest import stored, write_photograph
from tests.helpers.fakes import IDENTITY


@pytest.fixture
def screened(tmp_path, model):
    """A screening list with two analysed photographs and one that failed."""
    photographs = []
    for number, name in enumerate(("a.jpg", "b.jpg"), start=1):
        path = write_photograph(tmp_path / name, number)
        answer, _ = model(TaskContext(), path.read_bytes(), laterality=None)
        photographs.append(
            Photograph(number, path, PhotographStatus.DONE, 1.0, analysis=answer.analysis)
        )
    photographs[1] = replace(photographs[1], laterality=Laterality.LEFT)
    failed = Photograph(3, tmp_path / "c.jpg", PhotographStatus.FAILED, error="no")
    loaded = LoadedModel(manifest(), IDENTITY, None)
    return ScreeningState((*photographs, failed), model=loaded)


@pytest.fixture
def dialog(qtbot, tools, screened, page):
    dialog = KeepDialog(tools, keepable(screened), page)
    dialog.show()
    yield dialog
    dialog.reject()


def test_answers_are_kept_for_a_patient_that_is_known(qtbot, dialog, patient, session, model):
    asked = model.calls
    assert not dialog.keep_button.isEnabled()
    qtbot.keyClicks(dialog.words, "asha")
    qtbot.waitUntil(lambda: dialog.hits.rowCount() == 1, timeout=10_000)
    dialog.list.setCurrentIndex(dialog.hits.index(0))

    with qtbot.waitSignal(dialog.kept, timeout=10_000) as kept:
        dialog.keep_button.click()

    record = stored(session, kept.args[0])
    assert record.examination.patient_id == patient.id
    assert [i.laterality for i in record.images] == [Laterality.RIGHT, Laterality.LEFT]
    assert len(record.analyses) == 2
    assert session.services.examination.maps(record.analyses[0].id) is not None
    assert model.calls == asked


def test_or_for_a_new_one_and_only_what_is_checked(qtbot, dialog, session):
    dialog.tabs.setCurrentIndex(1)
    qtbot.keyClicks(dialog.number, "P-77")
    qtbot.keyClicks(dialog.name, "Lakshmi Devi")
    dialog.photographs.item(0).setCheckState(dialog.photographs.item(0).checkState().Unchecked)

    with qtbot.waitSignal(dialog.kept, timeout=10_000) as kept:
        dialog.keep_button.click()

    record = stored(session, kept.args[0])
    assert [i.original_name for i in record.images] == ["b.jpg"]


def test_a_file_that_changed_meanwhile_is_a_sentence_and_can_be_left_out(
    qtbot, dialog, session, tmp_path
):
    write_photograph(tmp_path / "a.jpg", 99)
    dialog.tabs.setCurrentIndex(1)
    qtbot.keyClicks(dialog.number, "P-77")
    qtbot.keyClicks(dialog.name, "Lakshmi Devi")
    dialog.keep_button.click()
    qtbot.waitUntil(lambda: "changed" in dialog.problem.text(), timeout=10_000)

    dialog.photographs.item(0).setCheckState(dialog.photographs.item(0).checkState().Unchecked)
    with qtbot.waitSignal(dialog.kept, timeout=10_000) as kept:
        dialog.keep_button.click()

    assert len(stored(session, kept.args[0]).images) == 1
