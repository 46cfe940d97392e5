"""Which model looks at a visit's photographs: by the patient's age, or as a person chose."""

from datetime import date

import pytest

from retina_desktop.domain.model_choice import ModelChoice
from retina_desktop.domain.patients import PatientDetails
from tests.gui.examination.conftest import add_photographs, write_photograph

CHOICES = (
    ModelChoice("adults", "RFMiD labels", in_force=True),
    ModelChoice("children", "Retinoblastoma screening (children)", for_children=True),
)
DAY = date(2026, 3, 2)


@pytest.fixture
def born():
    return date(1961, 5, 4)


@pytest.fixture
def patient(session, born):
    services = session.services
    return services.add_patient(services.acting, PatientDetails("P-1", "Asha Rao", born))


@pytest.fixture
def visit(page, shown):
    page.model.offer_models(CHOICES)
    return shown(day=DAY)


def photograph(qtbot, page, tmp_path):
    add_photographs(qtbot, page, write_photograph(tmp_path / "a.jpg"))


@pytest.mark.parametrize("born", [date(2024, 1, 9)])
@pytest.mark.usefixtures("visit")
def test_a_small_child_is_seen_by_the_children_s_model(qtbot, page, model, tmp_path):
    assert page.models.isVisible()
    assert page.models.box.currentData() == "children"
    assert "Suggested by the patient's age (2)" in page.models.note.text()

    photograph(qtbot, page, tmp_path)

    assert model.asked == ["children"]


@pytest.mark.parametrize("born", [date(1961, 5, 4), None])
@pytest.mark.usefixtures("visit")
def test_nobody_else_is_unless_a_person_chooses_it(qtbot, page, model, tmp_path):
    photograph(qtbot, page, tmp_path)
    assert model.asked == [None]
    assert page.models.note.text() == ""

    page.models.box.setCurrentIndex(1)
    page.models.box.activated.emit(1)
    assert "is for children below 6" in page.models.note.text()
    page.commands.analyse_again()
    qtbot.waitUntil(lambda: len(model.asked) == 2 and not page.model.state.analysing)

    assert model.asked == [None, "children"]


@pytest.mark.parametrize("born", [date(2024, 1, 9)])
def test_with_one_model_there_is_no_choice_and_it_answers(qtbot, page, shown, model, tmp_path):
    page.model.offer_models(CHOICES[:1])
    shown(day=DAY)

    photograph(qtbot, page, tmp_path)

    assert model.asked == [None]
    assert not page.models.isVisible()
