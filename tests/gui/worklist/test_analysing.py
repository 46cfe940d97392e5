"""Photographs that came in without a model are analysed from the day's list."""

from threading import Event

import pytest

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.images import LateralitySource
from retina_desktop.gui.patients.words import today
from tests.gui.patients.clinic import LEFT, RIGHT


@pytest.fixture
def day(clinic):
    """Three visits: two with photographs no model has seen, one signed like that."""
    first, second, third = (clinic.patient(f"P-{n}", name) for n, name in enumerate("ABC"))
    captured = clinic.visit(first, today(), analysed=False)
    empty = clinic.visit(second, today(), analysed=False, eyes=())
    other = clinic.visit(second, today(), analysed=False, eyes=(LEFT,))
    analysed = clinic.visit(third, today(), dr={RIGHT: 0.9})
    return {"captured": captured, "empty": empty, "other": other, "analysed": analysed}


@pytest.fixture
def shown(qtbot, page, day):
    page.activated()
    qtbot.waitUntil(lambda: page.view_model.state.worklist is not None, timeout=10_000)
    return page.view_model


@pytest.fixture
def loaded(qtbot, tools, shown):
    """The list, with the window's model loaded."""
    tools.screening.load_model()
    qtbot.waitUntil(lambda: tools.screening.state.model is not None)
    return shown


@pytest.fixture
def held(model):
    """A model that waits with its second answer until the event is set or it is cancelled."""
    go, asked, call = Event(), Event(), type(model).__call__

    class Held(type(model)):
        def __call__(self, context, content, *, laterality, model=None):
            if self.calls == 1:
                asked.set()
                while not go.wait(0.005):
                    context.progress(0.5)
            return call(self, context, content, laterality=laterality, model=model)

    model.__class__ = Held
    yield go, asked
    go.set()


def visit(clinic, number):
    return clinic.services.open_examination(clinic.services.acting, number)


def told(qtbot, page):
    qtbot.waitUntil(lambda: bool(page.view.notice.text()), timeout=20_000)
    return page.view.notice.text()


def test_it_is_offered_only_once_a_model_is_loaded(qtbot, page, shown, tools, model):
    button = page.view.analyse_button
    assert button.text() == "Analyse 2 captured"
    assert button.isVisible()
    assert not button.isEnabled()
    assert button.toolTip() == "The model is not loaded yet."
    page.analyse_captured()
    assert not page.waiting.running

    tools.screening.load_model()
    qtbot.waitUntil(button.isEnabled)
    assert button.toolTip().endswith("not analysed: 3")
    assert model.calls == 0


def test_all_that_waits_is_analysed_and_kept(qtbot, page, loaded, clinic, day, model):
    page.view.analyse_button.click()
    assert page.view.cancel_button.isVisible()
    assert not page.view.analyse_button.isEnabled()
    assert told(qtbot, page) == "3 photographs were analysed."
    assert model.calls == 3
    for name, count in (("captured", 2), ("other", 1), ("analysed", 2), ("empty", 0)):
        record = visit(clinic, day[name])
        assert len(record.analyses) == count, name
        assert {i.laterality_source for i in record.images} <= {LateralitySource.USER}
    qtbot.waitUntil(lambda: loaded.state.counts[ExaminationState.ANALYSED] == 3)
    assert not page.view.analyse_button.isVisible()
    assert not loaded.state.busy


def test_a_cancel_keeps_what_was_answered(qtbot, page, loaded, clinic, day, model, held):
    go, asked = held
    page.view.analyse_button.click()
    qtbot.waitUntil(asked.is_set)
    qtbot.waitUntil(lambda: loaded.state.progress > 0.3)
    assert page.view.busy.text() == "Analysing photographs…"
    page.view.cancel_button.click()
    assert told(qtbot, page) == "Cancelled. 1 photograph was analysed."
    kept = sum(len(visit(clinic, day[name]).analyses) for name in ("captured", "other"))
    assert kept == 1
    qtbot.waitUntil(lambda: page.view.analyse_button.isEnabled())

    go.set()
    page.view.analyse_button.click()
    assert told(qtbot, page) == "2 photographs were analysed."
    assert len(visit(clinic, day["captured"]).analyses) == 2


def test_one_that_fails_is_told_and_the_rest_goes_on(
    qtbot, page, loaded, clinic, day, model, reported
):
    model.say(fails=True)
    page.view.analyse_button.click()
    words = told(qtbot, page)
    assert words.startswith("2 photographs were analysed. 1 could not be: The file ends before")
    assert reported == []
    button = page.view.analyse_button
    qtbot.waitUntil(lambda: button.text() == "Analyse 1 captured")


def test_a_file_missing_from_the_store_is_told(qtbot, page, loaded, clinic, day, gate):
    image = visit(clinic, day["other"]).images[0]
    root = clinic.folder / "data"
    (file,) = [p for p in root.rglob("*") if p.name.startswith(image.sha256)]
    file.unlink()
    page.view.analyse_button.click()
    words = told(qtbot, page)
    assert words.startswith("2 photographs were analysed. 1 could not be:")


def test_logging_out_stops_it_without_a_word(
    qtbot, page, loaded, session, model, held, reported
):
    _, asked = held
    page.view.analyse_button.click()
    qtbot.waitUntil(asked.is_set)
    session.log_out()
    assert not page.waiting.running
    assert session._writes.finish(10)
    assert page._tools.lanes.analysis.finish(10)
    qtbot.wait(1)  # the late answers are delivered
    assert page.view.notice.text() == ""
    assert reported == []


def test_another_day_can_be_looked_at_meanwhile(qtbot, page, loaded, held):
    go, asked = held
    page.view.analyse_button.click()
    qtbot.waitUntil(asked.is_set)
    page.view.before.click()
    qtbot.waitUntil(lambda: not loaded.state.loading)
    assert loaded.state.busy
    assert page.view.cancel_button.isVisible()
    go.set()
    assert told(qtbot, page) == "3 photographs were analysed."
