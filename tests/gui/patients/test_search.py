"""Searching as one types, on real records with a real worker."""

from datetime import date

import pytest
from PySide6.QtCore import Qt

from retina_desktop.gui.patients.hit_model import spoken_hit
from retina_desktop.gui.patients.search_state import PAGE, SearchFilters
from tests.gui.patients.clinic import RIGHT

DAY = date(2026, 3, 2)


@pytest.fixture
def searched(qtbot, page):
    """Return a function that types words and waits for their answer."""

    def search(words=""):
        page.search_view.field.setText(words)
        page.search.ask()
        qtbot.waitUntil(lambda: page.search.state.answered and not page.search.state.searching)
        return [hit.patient.details.record_number for hit in page.search.state.hits]

    return search


def test_typing_finds_by_part_of_a_name_and_by_number(qtbot, page, clinic):
    clinic.patient("P-1", "Asha Rao")
    clinic.patient("P-2", "王小明")

    qtbot.keyClicks(page.search_view.field, "ash")
    qtbot.waitUntil(lambda: len(page.search.state.hits) == 1)
    assert page.search.state.hits[0].patient.details.name == "Asha Rao"

    page.search_view.field.setText("王")
    qtbot.waitUntil(
        lambda: [h.patient.details.record_number for h in page.search.state.hits] == ["P-2"]
    )


def test_only_the_answer_to_the_last_question_is_shown(qtbot, page, clinic, searched):
    clinic.patient("P-1", "Asha Rao")
    clinic.patient("P-2", "Bela Nagy")
    shown = []
    page.search.state_changed.connect(
        lambda s: shown.append((s.words, len(s.hits), s.searching))
    )

    for words in ("Asha", "Bela", "nobody at all"):
        page.search.type_words(words)
        page.search.ask()
    qtbot.waitUntil(lambda: not page.search.state.searching)

    assert page.search.state.hits == ()
    answers = [words for words, _, searching in shown if not searching]
    assert set(answers) <= {"nobody at all", "Asha", "Bela"}
    assert answers[-1] == "nobody at all"


def test_enter_in_the_field_opens_the_first_hit(qtbot, page, clinic, searched):
    patient = clinic.patient("P-1", "Asha Rao")
    searched("asha")

    qtbot.keyClick(page.search_view.field, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: page.record.state.patient is not None)
    assert page.record.state.patient == patient
    assert page.right.currentWidget() is page.record_view


def test_the_arrow_walks_into_the_list_and_enter_opens_there(qtbot, page, clinic, searched):
    clinic.patient("P-1", "Asha Rao")
    clinic.patient("P-2", "Asha Raja")
    numbers = searched("asha")

    qtbot.keyClick(page.search_view.field, Qt.Key.Key_Down)
    qtbot.keyClick(page.search_view.list, Qt.Key.Key_Down)
    qtbot.keyClick(page.search_view.list, Qt.Key.Key_Return)

    qtbot.waitUntil(lambda: page.record.state.patient is not None)
    assert page.record.state.patient.details.record_number == numbers[1]


def test_scrolling_to_the_end_brings_the_next_page_without_doubles(
    qtbot, page, clinic, searched
):
    for number in range(PAGE + 7):
        clinic.patient(f"P-{number}", f"Patient {number}")
    searched()
    assert page.search.state.more
    assert len(page.search.state.hits) == PAGE

    page.search_view.list.scrollToBottom()

    qtbot.waitUntil(lambda: len(page.search.state.hits) == PAGE + 7)
    ids = [hit.patient.id for hit in page.search.state.hits]
    assert len(set(ids)) == len(ids)
    assert not page.search.state.more


def test_filters_narrow_to_unsigned_visits_labels_and_days(qtbot, page, clinic):
    sick, healthy = clinic.patient("P-1", "Asha"), clinic.patient("P-2", "Bela")
    clinic.visit(sick, DAY, dr={RIGHT: 0.95})
    clinic.visit(healthy, date(2025, 1, 7))
    filters = page.search_view.filters

    def numbers():
        return [hit.patient.details.record_number for hit in page.search.state.hits]

    page.search.ask()
    qtbot.waitUntil(lambda: len(numbers()) == 2)
    filters.label.setCurrentIndex(filters.label.findData("DR"))
    qtbot.waitUntil(lambda: numbers() == ["P-1"])
    filters.label.setCurrentIndex(0)
    filters.dates.click()
    filters.visited_to.setText(
        "31/12/2025" if filters.visited_to._order == "dmy" else "2025-12-31"
    )
    qtbot.waitUntil(lambda: numbers() == ["P-2"])
    filters.dates.click()  # hidden dates must not act unseen
    assert page.search.state.filters == SearchFilters()
    filters.unsigned.click()
    qtbot.waitUntil(lambda: len(numbers()) == 2)


def test_dates_the_wrong_way_round_are_told_in_a_sentence(qtbot, page):
    page.search.set_filters(SearchFilters(visited_from=DAY, visited_to=date(2020, 1, 1)))
    qtbot.waitUntil(lambda: bool(page.search.state.error))
    assert "swap the dates" in page.search_view.error.text()


def test_an_empty_answer_says_what_to_do(page, searched):
    searched("nobody")
    assert "No patient fits" in page.search_view.message.text()
    searched("")
    assert "Enter the first one" in page.search_view.message.text()


def test_a_row_is_spoken_whole(page, clinic, searched):
    patient = clinic.patient("P-1", "Asha Rao", birth_date=date(1961, 5, 4))
    clinic.visit(patient, DAY, dr={RIGHT: 0.95})
    searched("asha")
    spoken = spoken_hit(page.search.state.hits[0], DAY)
    for words in ("Asha Rao", "P-1", "64 years", "1 not signed", "Refer soon"):
        assert words in spoken


def test_a_date_being_changed_does_not_go_on_acting(qtbot, page, clinic):
    clinic.patient("P-1", "Asha", birth_date=date(1961, 5, 4))
    born = page.search_view.filters.born
    page.search_view.filters.dates.click()
    born.setText(born._order.written(date(1961, 5, 4)))
    assert page.search.state.filters.birth_date == date(1961, 5, 4)
    born.setText(born.text()[:-1])
    assert page.search.state.filters.birth_date is None
    born.editingFinished.emit()
    assert page.search_view.filters.refusal.text()
