"""Dates as people type them: right, or refused with what to type instead."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.patients.typed_dates import DateOrder, order_of, read_date

BORN = date(1961, 3, 4)


@pytest.mark.parametrize(
    ("typed", "order"),
    [
        ("4/3/1961", DateOrder.DAY_FIRST),
        ("04.03.1961", DateOrder.DAY_FIRST),
        ("4 3 1961", DateOrder.DAY_FIRST),
        ("04031961", DateOrder.DAY_FIRST),
        ("3/4/1961", DateOrder.MONTH_FIRST),
        ("03041961", DateOrder.MONTH_FIRST),
        ("1961-03-04", DateOrder.MONTH_FIRST),
        ("1961-3-4", DateOrder.DAY_FIRST),
        ("1961/3/4", DateOrder.DAY_FIRST),
        ("19610304", DateOrder.YEAR_FIRST),
        ("1961年3月4日", DateOrder.YEAR_FIRST),
        ("٤/٣/١٩٦١", DateOrder.DAY_FIRST),
        ("०४-०३-१९६१", DateOrder.DAY_FIRST),
    ],
)
def test_what_a_country_types_is_understood(typed, order):
    assert read_date(typed, order, field="birth_date") == BORN


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("1961", "Day, month and year"),
        ("3/1961", "Day, month and year"),
        ("4/3/61", "four digits"),
        ("31/2/1961", "no such day"),
        ("4/13/1961", "no such day"),
        ("4 March 1961", "not a date"),
        ("4/3/1961/2", "Day, month and year"),
        ("²/3/1961", "not a date"),
        ("0/0/0000", "no such day"),
    ],
)
def test_what_cannot_be_a_date_is_refused_with_an_example(typed, said):
    with pytest.raises(InvalidEntryError, match=said) as caught:
        read_date(typed, DateOrder.DAY_FIRST, field="birth_date")
    assert "31/12/1960" in str(caught.value)
    assert caught.value.field == "birth_date"


def test_nothing_typed_is_no_date():
    assert read_date("  ", DateOrder.DAY_FIRST, field="birth_date") is None


@pytest.mark.parametrize(
    ("short", "order"),
    [
        ("dd/MM/yyyy", DateOrder.DAY_FIRST),
        ("d.M.yy", DateOrder.DAY_FIRST),
        ("M/d/yy", DateOrder.MONTH_FIRST),
        ("yyyy-MM-dd", DateOrder.YEAR_FIRST),
        ("yyyy. M. d.", DateOrder.YEAR_FIRST),
        ("", DateOrder.YEAR_FIRST),
    ],
)
def test_the_order_is_taken_from_the_country(short, order):
    assert order_of(short) is order


@given(st.dates(min_value=date(1000, 1, 1)), st.sampled_from(DateOrder))
def test_what_the_form_writes_it_reads_back(day, order):
    assert read_date(order.written(day), order, field="birth_date") == day


@given(st.text(max_size=30), st.sampled_from(DateOrder))
def test_whatever_is_typed_is_a_date_nothing_or_a_sentence(text, order):
    try:
        found = read_date(text, order, field="birth_date")
    except InvalidEntryError as error:
        found = str(error)
    assert found is None or isinstance(found, date) or found.endswith(".")
