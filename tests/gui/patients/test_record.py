"""A patient's record: visits, pictures, words, the course, and what can be done."""

import time
from datetime import date, timedelta

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication

from retina_desktop.domain.decisions import Grade
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.retention import DeletionReason
from retina_desktop.domain.users import Role
from retina_desktop.gui.pages import PageId, Place
from retina_desktop.gui.patients.words import today
from retina_desktop.services.deletion import RetentionRule
from tests.gui.patients.clinic import LEFT, RIGHT

DAY = date(2026, 3, 2)


@pytest.fixture
def opened(qtbot, page):
    """Return a function that opens a patient and waits until everything is there."""

    def show(patient):
        page.open_item(patient.id)
        model = page.record
        qtbot.waitUntil(
            lambda: not model._record.waiting and not model._details.waiting, timeout=10_000
        )
        return model.state

    return show


@pytest.fixture
def places(page):
    asked = []
    page.place_requested.connect(asked.append)
    return asked


def drop(widget, paths):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPoint(50, 50), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(widget, enter)
    hinted = widget._hint.isVisible()
    event = QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, left, none)
    QApplication.sendEvent(widget, event)
    return hinted


def test_visits_stand_newest_first_with_words_and_pictures(qtbot, page, clinic, opened):
    patient = clinic.patient()
    old = clinic.visit(patient, DAY - timedelta(days=400), dr={RIGHT: 0.8, LEFT: 0.2})
    clinic.sign(old, grade=Grade.ABSENT)
    clinic.visit(patient, DAY, dr={RIGHT: 0.9, LEFT: 0.7})

    state = opened(patient)

    newest, oldest = state.visits
    assert newest.summary.visit_date == DAY
    assert newest.model_words == "Diabetic retinopathy (OD 90\u00a0%, OS 70\u00a0%)"
    assert newest.reader_words == "not read yet"
    assert oldest.reader_words == "not: Diabetic retinopathy (OD)"
    assert [newest.of_eye(eye) != () for eye in (RIGHT, LEFT)] == [True, True]
    page.record_view.list.viewport().repaint()
    qtbot.waitUntil(lambda: page.thumbnails.pixmap(newest.of_eye(RIGHT)[0]) is not None)
    assert not page.thumbnails.pixmap(newest.of_eye(RIGHT)[0]).isNull()


def test_the_course_joins_model_threshold_and_reader(page, clinic, opened):
    patient = clinic.patient()
    for years, probability in ((2, 0.2), (1, 0.6), (0, 0.9)):
        visit = clinic.visit(
            patient, DAY.replace(year=DAY.year - years), dr={RIGHT: probability, LEFT: 0.1}
        )
        if years:
            clinic.sign(visit, grade=Grade.PRESENT if probability > 0.5 else Grade.ABSENT)
    state = opened(patient)

    assert state.trend.name == "Diabetic retinopathy"
    right = state.trend.of_eye(RIGHT)
    assert [point.probability for point in right] == [0.2, 0.6, 0.9]
    assert [point.grade for point in right] == [Grade.ABSENT, Grade.PRESENT, None]
    assert {point.threshold for point in right} == {0.5}
    assert "above threshold, reader: present" in page.record_view.chart.accessibleDescription()
    place = page.record_view.chart._place(right[1].day, 0.6)
    assert page.record_view.chart.point_at(place) == right[1]
    page.record.choose_trend("ARMD")
    assert page.record_view.labels.currentText() == "Age-related macular degeneration"


def test_enter_on_a_visit_leads_to_its_examination(qtbot, page, clinic, opened, places):
    patient = clinic.patient()
    visit = clinic.visit(patient, DAY)
    opened(patient)
    qtbot.keyClick(page.record_view.list, Qt.Key.Key_Return)
    assert places == [Place(PageId.EXAMINATION, visit)]


def test_dropped_photographs_become_todays_visit_and_more_join_it(
    qtbot, page, clinic, opened, places
):
    patient = clinic.patient()
    opened(patient)
    assert drop(page.record_view, [clinic.photograph(), clinic.photograph()])
    qtbot.waitUntil(lambda: len(places) == 1)
    state = opened(patient)
    assert state.visits[0].summary.images == 2
    assert state.visits[0].summary.visit_date == today()
    assert state.visits[0].summary.state is ExaminationState.CAPTURED

    drop(page.record_view, [clinic.photograph()])
    qtbot.waitUntil(lambda: len(places) == 2)
    assert places[0] == places[1]
    assert opened(patient).visits[0].summary.images == 3


def test_what_is_no_photograph_is_refused_by_name_and_the_others_are_kept(
    qtbot, page, clinic, opened, places
):
    patient = clinic.patient()
    opened(patient)
    text = clinic.folder / "letter.jpg"
    text.write_text("not a photograph")
    drop(page.record_view, [text, clinic.photograph()])
    qtbot.waitUntil(lambda: bool(page.record.state.visits) and page.record.state.complete)
    assert "letter.jpg:" in page.record_view.error.text()
    assert page.record.state.visits[0].summary.images == 1
    assert places == []  # the refusal must be read here first


def test_a_new_examination_is_begun_by_its_key(qtbot, page, clinic, opened, places):
    opened(clinic.patient())
    page.record_view.list.setFocus()
    qtbot.keyClick(page.record_view.list, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: len(places) == 1)
    assert places[0].page is PageId.EXAMINATION


def test_a_record_that_vanished_is_told_in_a_sentence(qtbot, page, clinic, session, opened):
    patient = clinic.patient()
    opened(patient)
    page.record.open(patient.id + 99)
    qtbot.waitUntil(lambda: page.right.currentWidget() is page.empty)
    assert page.empty.text() == "There is no such patient in the records."


def test_merged_patients_are_named_and_can_be_parted(qtbot, page, clinic, opened):
    born = date(1961, 5, 4)
    kept = clinic.patient("P-1", "Asha Rao", birth_date=born)
    other = clinic.patient("P-2", "Asha Rao", birth_date=born)
    clinic.visit(other, DAY)
    opened(kept)

    dialog = page.merge_patient()
    qtbot.waitUntil(lambda: len(dialog.state.candidates) == 1)
    dialog.choose(0)
    assert "same birth date" in dialog.reason.text()
    dialog.merge_button.click()
    qtbot.waitUntil(lambda: len(page.record.state.visits) == 1)
    header = page.record_view.header
    assert header.also.text() == "Also known as: Asha Rao (P-2)"

    header._partings[0].trigger()
    qtbot.waitUntil(lambda: not page.record.state.merged)
    qtbot.waitUntil(lambda: page.record.state.visits == ())


def test_a_merge_after_somebody_changed_the_other_says_so(qtbot, page, clinic, session, opened):
    kept, other = clinic.patient("P-1", "Asha Rao"), clinic.patient("P-2", "Bela Nagy")
    opened(kept)
    dialog = page.merge_patient()
    dialog.field.setText("P-2")
    qtbot.waitUntil(lambda: len(dialog.state.candidates) == 1)
    dialog.choose(0)
    services = session.services
    from dataclasses import replace

    details = replace(other.details, notes="changed")
    services.patients.change(services.acting, other.id, details, expected_version=1)
    dialog.merge()
    qtbot.waitUntil(lambda: bool(dialog.state.error))
    assert "changed by" in dialog.error.text()
    dialog.reject()


def test_deletion_says_why_not_and_deletes_when_it_may(qtbot, page, clinic, session, opened):
    patient = clinic.patient("P-7")
    clinic.visit(patient, today())
    opened(patient)
    dialog = page.delete_patient()
    qtbot.waitUntil(lambda: dialog._plan is not None)
    assert "cannot be deleted before" in dialog.text.text()
    assert not dialog.delete_button.isVisible()
    dialog.reject()

    services = session.services
    rule = RetentionRule(0, 0)
    services.patients.delete.setting.change(services.acting, rule)
    dialog = page.delete_patient()
    qtbot.waitUntil(lambda: dialog._plan is not None)
    dialog.number.setText("P-8")
    dialog.delete_button.click()
    qtbot.waitUntil(lambda: "not this patient's" in dialog.error.text())
    dialog.number.setText("P-7")
    dialog.reason.setCurrentIndex(list(DeletionReason).index(DeletionReason.ENTERED_BY_MISTAKE))
    dialog.delete_button.click()
    qtbot.waitUntil(lambda: page.right.currentWidget() is page.empty)
    assert page.empty.text() == "The record was deleted."


def test_a_reader_is_told_that_only_administrators_delete(qtbot, page, clinic, opened, become):
    opened(clinic.patient())
    become(Role.READER)
    dialog = page.delete_patient()
    qtbot.waitUntil(lambda: bool(dialog.error.text()))
    assert dialog.error.text() == str(_denied("delete records"))
    assert not dialog.delete_button.isVisible()
    dialog.reject()


def test_a_technician_may_not_export(qtbot, page, clinic, opened, become, tmp_path):
    opened(clinic.patient())
    become(Role.TECHNICIAN)
    dialog = page.export_record()
    dialog.export_to(tmp_path / "record.zip")
    qtbot.waitUntil(lambda: bool(dialog.error.text()))
    assert dialog.error.text() == str(_denied("export records"))
    assert not (tmp_path / "record.zip").exists()
    dialog.reject()


def test_the_whole_record_is_written_as_one_archive(qtbot, page, clinic, opened, tmp_path):
    patient = clinic.patient()
    clinic.visit(patient, DAY)
    opened(patient)
    dialog = page.export_record()
    assert "anybody" in dialog.hint.text()
    dialog.password.setText("quiet lamp")
    assert not dialog.save_button.isEnabled()
    dialog.again.setText("quiet lamp")
    assert dialog.save_button.isEnabled()
    dialog.export_to(tmp_path / "record.zip")
    qtbot.waitUntil(lambda: bool(dialog.outcome.text()), timeout=20_000)
    assert (tmp_path / "record.zip").stat().st_size > 1000
    dialog.reject()


def test_dialogs_are_covered_while_the_window_is_locked(qtbot, page, clinic, session, opened):
    opened(clinic.patient())
    dialog = page.merge_patient()
    assert dialog.isVisible()
    session.lock()
    assert not dialog.isVisible()
    session.unlocked.emit()
    assert dialog.isVisible()
    dialog.reject()


def test_logging_out_forgets_every_patient(qtbot, page, clinic, opened):
    opened(clinic.patient())
    page.forget()
    assert page.record.state.patient is None
    assert page.search.state.hits == ()
    assert "Asha" not in page.record_view.header.name.text() or not page.record_view.isVisible()


def test_opening_forty_visits_holds_the_window_up_for_a_moment_only(
    qtbot, page, clinic, opened
):
    patient = clinic.patient()
    for number in range(40):
        clinic.visit(patient, DAY - timedelta(days=30 * number), dr={RIGHT: 0.02 * number})
    opened(patient)
    state = page.record.state

    def shown_anew():
        page.record_view.render_state(type(state)())
        began = time.perf_counter()
        page.record_view.render_state(state)
        page.record_view.repaint()
        return time.perf_counter() - began

    best = min(shown_anew() for _ in range(5))
    assert best < 0.25  # 50 ms on a machine of its own; this one may be shared by many


def _denied(what):
    return PermissionDeniedError(f"Your role does not include to {what}; ask an administrator.")
