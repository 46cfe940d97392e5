"""Entering and correcting a patient: judged, kept as drafts, undone, in conflict."""

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt

from retina_desktop.domain.patients import Condition, Sex
from retina_desktop.domain.users import Role
from retina_desktop.gui.patients.conflict import Keep
from retina_desktop.gui.patients.page import PatientsPage

BORN = date(1961, 5, 4)


@pytest.fixture
def form(qtbot, page):
    """The form of a new patient, empty."""
    page.new_patient()
    qtbot.waitUntil(lambda: not page.form._drafts.waiting)
    return page.form


@pytest.fixture
def editing(qtbot, page, clinic):
    """Return a function that opens a patient's form."""

    def edit(patient):
        page.open_item(patient.id)
        qtbot.waitUntil(lambda: page.record.state.patient is not None)
        page.edit_patient()
        qtbot.waitUntil(lambda: not page.form._drafts.waiting)
        return page.form

    return edit


def typed(qtbot, page, field, text):
    widget = page.form_view.fields.fields[field]
    widget.setFocus()
    qtbot.keyClicks(widget, text)


def test_a_patient_is_entered_by_the_keyboard_alone(qtbot, page, form):
    typed(qtbot, page, "record_number", "P-9")
    typed(qtbot, page, "name", "Asha Rao")
    typed(qtbot, page, "birth_date", form.order.written(BORN))
    fields = page.form_view.fields.fields
    fields["sex"].setCurrentIndex(0)
    fields["diabetes"].setCurrentIndex(0)
    typed(qtbot, page, "risk_factors", "Smoking")

    qtbot.keyClick(fields["name"], Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)

    qtbot.waitUntil(lambda: page.record.state.patient is not None)
    details = page.record.state.patient.details
    assert (details.record_number, details.name, details.birth_date) == (
        "P-9",
        "Asha Rao",
        BORN,
    )
    assert details.sex is Sex.FEMALE
    assert details.diabetes is Condition.YES
    assert details.risk_factors == ("Smoking",)
    assert page.right.currentWidget() is page.record_view


def test_each_field_says_what_is_wrong_beside_it(qtbot, page, form):
    typed(qtbot, page, "name", "Asha")
    typed(qtbot, page, "birth_date", "1961")
    page.form_view.save_button.click()

    sentences = page.form_view.fields.sentences
    assert "Day, month and year" in sentences["birth_date"].text()
    assert "empty" in sentences["record_number"].text()
    assert not sentences["name"].isVisible()
    assert page.form_view.fields.fields["birth_date"].accessibleDescription()
    qtbot.waitUntil(page.form_view.fields.fields["record_number"].hasFocus)


def test_the_birth_date_is_told_back_with_its_month_in_letters(qtbot, page, form):
    typed(qtbot, page, "birth_date", form.order.written(BORN))
    assert "4 May 1961" in page.form_view.fields.understood.text()


def test_a_number_taken_is_told_at_its_field(qtbot, page, clinic, form):
    clinic.patient("P-1")
    form.edit("record_number", "P-1")
    form.edit("name", "Somebody Else")
    form.save()
    qtbot.waitUntil(lambda: "record_number" in form.state.faults)
    assert "Another patient has this record number" in form.state.faults["record_number"]
    assert form.state.entry.name == "Somebody Else"


def test_who_seems_to_be_there_already_is_shown_while_typing(qtbot, page, clinic, form):
    there = clinic.patient("P-1", "Asha Rao", birth_date=BORN)
    form.edit("name", "Asha Rao")
    form.edit("birth_date", form.order.written(BORN))
    qtbot.waitUntil(lambda: bool(form.state.similar), timeout=10_000)
    button = page.form_view.similar_buttons[0]
    assert "P-1" in button.text()

    button.click()

    qtbot.waitUntil(lambda: page.record.state.patient is not None)
    assert page.record.state.patient.id == there.id


def test_undo_and_redo_walk_over_the_fields(qtbot, page, form):
    typed(qtbot, page, "name", "Asha")
    typed(qtbot, page, "contact", "Lane 3")
    name = page.form_view.fields.fields["name"]
    name.setFocus()

    qtbot.keyClick(name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert form.state.entry.contact == ""
    qtbot.keyClick(name, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert name.text() == ""
    page.form_view.redo_button.click()
    page.form_view.redo_button.click()
    assert (form.state.entry.name, form.state.entry.contact) == ("Asha", "Lane 3")


def test_what_was_typed_is_offered_again_after_the_window_died(
    qtbot, page, tools, session, form
):
    typed(qtbot, page, "name", "Asha Ra")
    page.form.keep_draft()  # as leaving the field, or a pause, does

    after_crash = PatientsPage(tools)  # nothing was closed in order
    qtbot.addWidget(after_crash)
    after_crash.new_patient()
    qtbot.waitUntil(lambda: after_crash.form.state.offered is not None)
    after_crash.form_view.take_button.click()

    assert after_crash.form.state.entry.name == "Asha Ra"
    after_crash.form.close()  # and what the user closes is not offered again
    after_crash.new_patient()
    qtbot.waitUntil(lambda: not after_crash.form._drafts.waiting)
    assert after_crash.form.state.offered is None


def test_leaving_a_field_keeps_the_draft(qtbot, page, session, form):
    typed(qtbot, page, "name", "Asha")
    page.form_view.fields.fields["contact"].setFocus()
    services = session.services
    qtbot.waitUntil(
        lambda: services.patients.drafts.get(services.user.name, "patient.new") is not None
    )
    assert page.form.state.draft_kept


def test_saving_forgets_the_draft(qtbot, page, session, form):
    form.edit("record_number", "P-9")
    form.edit("name", "Asha")
    form.keep_draft()
    form.save()
    qtbot.waitUntil(lambda: page.record.state.patient is not None)
    services = session.services
    assert services.patients.drafts.all(services.user.name) == ()


def test_two_changes_of_one_patient_are_put_together_field_by_field(
    qtbot, page, clinic, session, editing
):
    patient = clinic.patient("P-1", "Asha Rao", contact="Lane 3")
    form = editing(patient)
    form.edit("contact", "Lane 5")
    form.edit("notes", "mine")
    services = session.services
    theirs = replace(patient.details, contact="Lane 9", sex=Sex.FEMALE)
    services.patients.change(services.acting, patient.id, theirs, expected_version=1)

    form.save()
    qtbot.waitUntil(lambda: form.state.conflict is not None)

    view = page.form_view
    assert not view.fields.isVisible()
    assert not view.save_button.isEnabled()  # the contact was changed by both
    view.conflict.buttons["contact", Keep.MINE].click()
    view.save_button.click()
    qtbot.waitUntil(lambda: page.right.currentWidget() is page.record_view)
    qtbot.waitUntil(lambda: page.record.state.patient.version == 3)
    details = page.record.state.patient.details
    assert (details.contact, details.notes, details.sex) == ("Lane 5", "mine", Sex.FEMALE)


def test_a_third_change_during_the_conflict_asks_again(qtbot, page, clinic, session, editing):
    patient = clinic.patient("P-1", "Asha Rao", contact="Lane 3")
    form = editing(patient)
    form.edit("contact", "Lane 5")
    services = session.services
    for version, lane in ((1, "Lane 8"), (2, "Lane 9")):
        theirs = replace(patient.details, contact=lane)
        services.patients.change(services.acting, patient.id, theirs, expected_version=version)
        if version == 1:
            form.save()
            qtbot.waitUntil(lambda: form.state.conflict is not None)
            form.choose("contact", Keep.MINE)
    form.save_merged()
    qtbot.waitUntil(lambda: form.state.conflict.stored.version == 3)
    assert form.state.conflict.undecided == ("contact",)


def test_who_may_not_change_patients_is_told_and_keeps_the_typing(qtbot, page, form, become):
    form.edit("record_number", "P-9")
    form.edit("name", "Asha")
    services = page._tools.session.services
    gone = replace(services.user, active=False)
    page._tools.session._services = replace(
        services, acting=replace(services.acting, user=gone)
    )
    form.save()
    qtbot.waitUntil(lambda: bool(form.state.error))
    assert "Your role does not include" in page.form_view.error.text()
    assert form.state.entry.name == "Asha"


def test_a_technician_enters_patients(qtbot, page, become):
    become(Role.TECHNICIAN)
    page.new_patient()
    page.form.edit("record_number", "P-9")
    page.form.edit("name", "Asha")
    page.form.save()
    qtbot.waitUntil(lambda: page.record.state.patient is not None)


def test_what_was_searched_in_vain_stands_in_the_new_form(qtbot, page, clinic):
    page.search_view.field.setText("Asha Rao")
    page.search.ask()
    qtbot.waitUntil(lambda: page.search.state.answered)
    page.new_patient()
    assert page.form.state.entry.name == "Asha Rao"
