"""Where the window reopens, the way back, and closing with something unsaved."""

from datetime import date
from types import SimpleNamespace

import pytest

from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.gui.pages import PageId, Place
from retina_desktop.gui.place_memory import place_of
from tests.gui.records.conftest import NAME, PASSWORD, carried_out
from tests.helpers.records import make_details


def add_patient(qtbot, session):
    return carried_out(
        qtbot, session.write(lambda s, _: s.add_patient(s.acting, make_details()))
    )


def kept_place(qtbot, session):
    def read(services, _):
        return services.house.drafts.get(services.user.name, "window")

    assert session._writes.finish()
    return carried_out(qtbot, session.read(read))


def test_after_a_restart_the_login_leads_back(qtbot, logged_in):
    first = logged_in()
    patient = add_patient(qtbot, first.shell.session)
    first.shell.flow.go(Place(PageId.PATIENTS, patient.id))
    draft = kept_place(qtbot, first.shell.session)
    assert dict(draft.content) == {"page": "patients", "item": patient.id}

    again = logged_in()  # the first one never closed: it is as after a crash
    qtbot.waitUntil(lambda: again.shell.flow.place == Place(PageId.PATIENTS, patient.id))


def add_visit(qtbot, session, patient):
    details = ExaminationDetails(date(2026, 3, 2))
    return carried_out(
        qtbot,
        session.write(
            lambda s, c: s.begin_examination(
                c, s.acting, patient_id=patient.id, details=details
            )
        ),
    )


def reopened(qtbot, open_shell):
    """The window opened again the way the application starts, and logged in."""
    again = open_shell()
    again.shell.return_to_page()
    door = again.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login and not again.shell.session.state.busy)
    again.shell.session.open(NAME, PASSWORD)
    return again


def test_after_a_crash_the_very_examination_is_on_the_screen(qtbot, logged_in, open_shell):
    first = logged_in()
    session = first.shell.session
    visit = add_visit(qtbot, session, add_patient(qtbot, session))
    place = Place(PageId.EXAMINATION, visit.id)
    first.shell.flow.go(place)
    page = first.shell.flow.page(PageId.EXAMINATION)
    qtbot.waitUntil(lambda: page.model.state.visit is not None)
    assert dict(kept_place(qtbot, session).content) == {"page": "examination", "item": visit.id}

    again = reopened(qtbot, open_shell)  # the first one never closed
    qtbot.waitUntil(lambda: again.shell.flow.place == place, timeout=10_000)
    page = again.shell.flow.page(PageId.EXAMINATION)
    qtbot.waitUntil(lambda: page.model.state.visit is not None)
    assert page.model.state.visit.examination.id == visit.id
    assert again.window.stack.currentWidget() is page


def test_who_chooses_another_page_stays_there(qtbot, logged_in, open_shell):
    first = logged_in()
    patient = add_patient(qtbot, first.shell.session)
    first.shell.flow.go(Place(PageId.PATIENTS, patient.id))
    kept_place(qtbot, first.shell.session)

    again = open_shell()
    again.shell.flow.go(Place(PageId.WORKLIST))
    door = again.window.stack.currentWidget()
    qtbot.waitUntil(lambda: door.shown is door.login and not again.shell.session.state.busy)
    again.shell.session.open(NAME, PASSWORD)
    qtbot.waitUntil(lambda: again.shell.places._ready)  # the kept place was read
    assert again.shell.flow.place == Place(PageId.WORKLIST)


def test_a_page_left_for_the_worklist_is_the_place(qtbot, logged_in, open_shell):
    first = logged_in()
    session = first.shell.session
    visit = add_visit(qtbot, session, add_patient(qtbot, session))
    first.shell.flow.go(Place(PageId.EXAMINATION, visit.id))
    page = first.shell.flow.page(PageId.EXAMINATION)
    qtbot.waitUntil(lambda: page.model.state.visit is not None)
    first.shell.flow.go(Place(PageId.WORKLIST))
    assert kept_place(qtbot, session).content["page"] == "worklist"

    again = reopened(qtbot, open_shell)
    qtbot.waitUntil(lambda: again.shell.places._ready)
    assert again.shell.flow.place == Place(PageId.WORKLIST)


def test_a_visit_left_before_it_was_read_does_not_come_back(qtbot, logged_in):
    first = logged_in()
    session = first.shell.session
    visit = add_visit(qtbot, session, add_patient(qtbot, session))
    first.shell.flow.go(Place(PageId.EXAMINATION, visit.id))
    first.shell.flow.go(Place(PageId.WORKLIST))
    page = first.shell.flow.page(PageId.EXAMINATION)
    qtbot.waitUntil(lambda: not page.model.state.loading)
    assert kept_place(qtbot, session).content["page"] == "worklist"


def test_logging_out_forgets_the_place(qtbot, logged_in):
    first = logged_in()
    patient = add_patient(qtbot, first.shell.session)
    first.shell.flow.go(Place(PageId.PATIENTS, patient.id))
    first.shell.log_out()
    assert first.shell.session._writes.finish()
    again = logged_in()
    qtbot.waitUntil(lambda: again.shell.places._ready)
    assert again.shell.flow.place == Place(PageId.PATIENTS)


def test_the_window_starts_at_the_door_of_its_last_page(qtbot, logged_in, open_shell):
    logged_in().window.close()
    again = open_shell()
    again.shell.return_to_page()
    assert again.shell.flow.place.page is PageId.PATIENTS
    qtbot.waitUntil(lambda: again.shell.session.state.records is not None)
    assert not again.window.view.isVisible()


def test_the_remembered_file_holds_no_number(qtbot, logged_in, fake):
    opened = logged_in()
    patient = add_patient(qtbot, opened.shell.session)
    opened.shell.flow.go(Place(PageId.PATIENTS, patient.id))
    written = (fake.folder / "window.ini").read_text()
    assert "page=patients" in written


def test_the_way_back(qtbot, logged_in):
    opened = logged_in()
    flow, actions = opened.shell.flow, opened.window.actions_by_id
    actions["page_worklist"].trigger()
    actions["page_screening"].trigger()
    assert actions["page_screening"].isChecked()
    assert opened.window.tool_bar.isVisible()
    actions["back"].trigger()
    assert flow.place.page is PageId.WORKLIST
    assert not opened.window.tool_bar.isVisible()
    assert not actions["remove"].isEnabled()
    assert not actions["copy_overlay"].isEnabled()
    actions["back"].trigger()
    assert flow.place.page is PageId.PATIENTS
    assert opened.window.rail.page_buttons[PageId.PATIENTS].isChecked()


def test_a_page_that_must_not_be_left_stays(qtbot, logged_in, monkeypatch):
    opened = logged_in()
    page = opened.shell.flow.page(PageId.PATIENTS)
    monkeypatch.setattr(page, "leave", lambda: False)
    opened.window.actions_by_id["page_worklist"].trigger()
    assert opened.shell.flow.place.page is PageId.PATIENTS
    assert opened.window.actions_by_id["page_patients"].isChecked()
    assert opened.window.rail.page_buttons[PageId.PATIENTS].isChecked()


def test_closing_asks_only_about_what_could_not_be_saved(
    qtbot, logged_in, dialogs, monkeypatch
):
    opened = logged_in()
    page = opened.shell.flow.page(PageId.PATIENTS)
    with monkeypatch.context() as patched:
        patched.setattr(page, "unsaved", lambda: "The note could not be saved.")
        dialogs.leaves = False
        assert not opened.window.close()
        assert dialogs.told == ["The note could not be saved."]
        opened.window.actions_by_id["log_out"].trigger()
        assert opened.shell.session.is_open
    dialogs.told = []
    assert opened.window.close()
    assert dialogs.told == []


@pytest.mark.parametrize(
    ("content", "place"),
    [
        ({"page": "examination", "item": 3}, Place(PageId.EXAMINATION, 3)),
        ({"page": "worklist", "item": 0}, Place(PageId.WORKLIST)),
        ({"page": "examination", "item": 0}, None),
        ({"page": "of a newer program"}, None),
        ({}, None),
    ],
)
def test_a_kept_place_is_read_as_far_as_it_is_known(content, place):
    assert place_of(SimpleNamespace(content=content)) == place
