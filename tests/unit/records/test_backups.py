from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.backups import (
    BackupPlan,
    BackupState,
    LastBackup,
    Rotation,
    backup_id,
    due,
    is_backup_id,
    kept,
    overdue,
)
from retina_desktop.domain.record_errors import InvalidEntryError

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
moments = st.lists(
    st.integers(0, 26_000).map(lambda hours: NOON - timedelta(hours=hours)), max_size=60
)


@pytest.mark.parametrize(
    ("last_h", "failed_min", "expected"),
    [
        (None, None, True),
        (23, None, False),
        (24, None, True),
        (-1, None, True),  # made in the future: the clock was wrong
        (30, 10, False),  # tried a moment ago
        (30, 61, True),
        (30, -5, True),
    ],
)
def test_when_a_backup_is_due(last_h, failed_min, expected):
    last = None if last_h is None else NOON - timedelta(hours=last_h)
    failed = None if failed_min is None else NOON - timedelta(minutes=failed_min)
    assert due(NOON, last=last, failed=failed, interval=DAY) is expected


def test_a_free_weekend_is_no_alarm_and_a_week_is():
    assert not overdue(NOON, last=NOON - timedelta(hours=71), interval=DAY)
    assert overdue(NOON, last=NOON - timedelta(hours=72), interval=DAY)
    assert overdue(NOON, last=None, interval=DAY)


def test_without_a_plan_nothing_is_expected():
    state = BackupState(BackupPlan())
    assert not state.due(NOON)
    assert not state.overdue(NOON)
    planned = BackupState(BackupPlan("/backups"), LastBackup("x", NOON - 4 * DAY, "/backups"))
    assert planned.due(NOON)
    assert planned.overdue(NOON)


def test_a_year_of_daily_backups_keeps_days_weeks_and_months():
    made = {f"{number}": NOON - number * DAY for number in range(400)}
    left = sorted(int(name) for name in kept(made, Rotation()))
    assert left[:7] == list(range(7))
    assert len(left) <= 7 + 4 + 12
    assert max(left) > 300


def test_a_clinic_that_was_closed_keeps_what_it_had():
    made = {"old": NOON - 200 * DAY, "older": NOON - 201 * DAY}
    assert kept(made, Rotation()) == {"old", "older"}


@given(moments, st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))
def test_the_newest_is_always_kept_and_never_too_many(made, daily, weekly, monthly):
    named = {f"{number:03}": moment for number, moment in enumerate(made)}
    left = kept(named, Rotation(daily, weekly, monthly))
    assert left <= named.keys()
    assert len(left) <= max(daily + weekly + monthly + 1, 1)
    if named:
        assert max(named, key=lambda name: (named[name], name)) in left


def test_names_sort_as_moments_and_are_free():
    first = backup_id(NOON)
    second = backup_id(NOON, [first])
    assert (first, second) == ("20260302T120000Z", "20260302T120000Z-2")
    assert is_backup_id(first)
    assert is_backup_id(second)
    assert not is_backup_id("../20260302T120000Z")


@pytest.mark.parametrize("hours", [0, -1, 24 * 32])
def test_a_plan_out_of_all_measure_is_refused(hours):
    with pytest.raises(InvalidEntryError):
        BackupPlan("/backups", hours)


def test_a_rotation_out_of_all_measure_is_refused():
    with pytest.raises(InvalidEntryError):
        Rotation(daily=-1)
