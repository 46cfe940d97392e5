from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.pseudonyms import Pseudonyms, shown_age
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.retention import RetentionRule, retention_of, years_after

RULE = RetentionRule()
VISITS = {"first_day": date(2010, 6, 1), "last_day": date(2015, 6, 1)}


@pytest.mark.parametrize(
    ("birth", "until"),
    [
        (date(1950, 1, 1), date(2025, 6, 1)),  # ten years after the last visit
        (date(2008, 2, 29), date(2033, 3, 1)),  # a child: until 25
        (None, date(2035, 6, 1)),  # perhaps a newborn of the first visit
    ],
)
def test_the_longer_of_both_rules_holds(birth, until):
    kept = retention_of(RULE, birth_date=birth, **VISITS)
    assert kept.until == until
    assert not kept.over_on(date.fromordinal(until.toordinal() - 1))
    assert kept.over_on(until)


def test_a_clinic_may_keep_nothing_longer_than_it_must():
    kept = retention_of(RetentionRule(0, 0), birth_date=None, **VISITS)
    assert kept.until == date(2015, 6, 1)


@pytest.mark.parametrize("years", [-1, 101])
def test_a_rule_has_sensible_years(years):
    with pytest.raises(InvalidEntryError):
        RetentionRule(years_after_last_visit=years)
    with pytest.raises(InvalidEntryError):
        RetentionRule(until_age=years)


@given(st.dates(max_value=date(2900, 1, 1)), st.integers(0, 100))
def test_years_later_is_the_same_day_or_the_next(day, years):
    later = years_after(day, years)
    assert later.year == day.year + years
    assert (later.month, later.day) in {(day.month, day.day), (3, 1)}


ONE, OTHER = Pseudonyms(bytes(32)), Pseudonyms(bytes([1]) * 32)


def test_pseudonyms_are_stable_within_a_clinic_and_unlike_between_clinics():
    assert ONE.name("patient", 1) == Pseudonyms(bytes(32)).name("patient", 1)
    names = {
        p.name(kind, n) for p in (ONE, OTHER) for kind in ("patient", "visit") for n in (1, 2)
    }
    assert len(names) == 8


@given(
    st.integers(1, 10**6),
    st.dates(min_value=date(1990, 1, 1)),
    st.dates(min_value=date(1990, 1, 1)),
)
def test_a_shift_keeps_intervals_and_always_goes_back(patient, one, other):
    first, second = ONE.shifted(patient, one), ONE.shifted(patient, other)
    assert second - first == other - one
    assert 183 <= (one - first).days <= 3650


def test_shifts_differ_between_patients():
    day = date(2024, 3, 2)
    assert len({ONE.shifted(patient, day) for patient in range(50)}) > 40


@pytest.mark.parametrize(("age", "shown"), [(None, ""), (0, "0"), (89, "89"), (90, "90+")])
def test_great_ages_share_a_band(age, shown):
    assert shown_age(age) == shown


def test_a_short_key_is_refused_and_never_shown():
    with pytest.raises(ValueError, match="32 bytes"):
        Pseudonyms(b"short")
    assert "\\x00" not in repr(ONE)
