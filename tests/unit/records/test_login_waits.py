"""The rule of waiting after wrong passwords."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.login_waits import WrongPasswords
from retina_desktop.domain.record_errors import TooManyAttemptsError

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("count", "seconds"),
    [(0, 0), (4, 0), (5, 30), (6, 60), (7, 120), (8, 240), (9, 480), (10, 900), (500, 900)],
)
def test_the_wait_doubles_from_the_fifth_to_a_quarter_of_an_hour(count, seconds):
    assert WrongPasswords(count, NOON, 0).wait_at(NOON) == timedelta(seconds=seconds)


def test_a_wait_runs_down_and_ends():
    wrong = WrongPasswords(5, NOON, 5)
    assert wrong.wait_at(NOON + timedelta(seconds=29)) == timedelta(seconds=1)
    assert wrong.wait_at(NOON + timedelta(seconds=30)) == timedelta()


def test_a_day_without_a_wrong_password_forgets_them():
    wrong = WrongPasswords(9, NOON, 9)
    tomorrow = NOON + timedelta(days=1)
    assert wrong.one_more(tomorrow) == WrongPasswords(1, tomorrow, 10)
    assert not wrong.is_spent(tomorrow)  # the trail has not been told
    assert WrongPasswords(9, NOON, 0).is_spent(tomorrow)


@given(
    count=st.integers(0, 10**6),
    seconds=st.integers(-(10**9), 10**9),
)
def test_no_clock_makes_anybody_wait_longer_than_a_quarter_of_an_hour(count, seconds):
    now = NOON + timedelta(seconds=seconds)
    wait = WrongPasswords(count, NOON, 0).seen_at(now).wait_at(now)
    assert timedelta() <= wait <= timedelta(minutes=15)


@pytest.mark.parametrize(
    ("seconds", "words"), [(1, "1 second,"), (30, "30 seconds"), (121, "3 minutes")]
)
def test_the_sentence_says_how_long(seconds, words):
    error = TooManyAttemptsError(seconds)
    assert words in str(error)
    assert error.wait_s == seconds
