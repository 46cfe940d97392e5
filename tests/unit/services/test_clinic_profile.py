"""The clinic's profile and the idle lock, kept on a real database."""

import json
from dataclasses import replace

import pytest

from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.record_errors import (
    ConflictError,
    InvalidEntryError,
    PermissionDeniedError,
    RecordsDamagedError,
)
from retina_desktop.domain.users import Role, User
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.imaging.marks import mark_as_png
from retina_desktop.services.acting import Acting
from retina_desktop.services.clinic_profile import (
    LOCK_AFTER,
    PROFILE,
    OpenClinicProfile,
    OpenLockTime,
    SaveClinicProfile,
    SaveLockTime,
)
from tests.helpers.clinic_logins import ANNA, Clock
from tests.helpers.record_fixtures import new_records, sqlite_backend, sqlite_records
from tests.helpers.records import stamp
from tests.helpers.rendered_fundus import render_fundus

__all__ = ["new_records", "sqlite_backend", "sqlite_records"]

ACTING = Acting(ANNA, "desk-1", Clock())
READER = Acting(User("ria", "Dr Ria", frozenset({Role.READER})), "desk-1", Clock())
CLINIC = ClinicProfile("Clínica Ñandú", " 1 Harbour Lane \r\n\nPort Ellen", "+44 1496 0")


@pytest.fixture
def settings(sqlite_records):
    return sqlite_records.settings


def test_a_profile_comes_back_as_it_was_saved(settings):
    assert OpenClinicProfile(settings)(READER) == (None, 0)
    save = SaveClinicProfile(settings, mark_as_png)
    logo = encode_jpeg(render_fundus(size=(60, 90), seed=1))
    saved = save(ACTING, replace(CLINIC, logo=logo), expected_version=0)
    assert OpenClinicProfile(settings)(READER) == saved
    profile, version = saved
    assert (profile.name, version) == ("Clínica Ñandú", 1)
    assert profile.address_lines == ("1 Harbour Lane", "Port Ellen")
    assert profile.logo.startswith(b"\x89PNG")
    again = save(ACTING, replace(profile, contact="new"), expected_version=1)
    assert again.profile.logo == profile.logo
    with pytest.raises(ConflictError):
        save(ACTING, profile, expected_version=1)
    assert save(ACTING, replace(profile, logo=b""), expected_version=2).profile.logo == b""


def test_only_an_administrator_changes_the_clinic(settings):
    with pytest.raises(PermissionDeniedError):
        SaveClinicProfile(settings, mark_as_png)(READER, CLINIC, expected_version=0)
    with pytest.raises(PermissionDeniedError):
        SaveLockTime(settings)(READER, 5, expected_version=0)
    assert settings.get(PROFILE) is None


def test_windows_lock_after_ten_minutes_until_somebody_says_otherwise(settings):
    assert OpenLockTime(settings)(READER) == (10, 0)
    save = SaveLockTime(settings)
    assert save(ACTING, 0, expected_version=0) == (0, 1)
    assert OpenLockTime(settings)(READER) == (0, 1)
    for bad in (-1, 481):
        with pytest.raises(InvalidEntryError, match="never"):
            save(ACTING, bad, expected_version=1)


@pytest.mark.parametrize(
    "value",
    [
        [],
        {},
        "clinic",
        None,
        {"name": "", "address": "", "contact": "", "logo": ""},
        {"name": "A", "address": "", "contact": "", "logo": "no base64!"},
    ],
    ids=json.dumps,
)
def test_a_setting_of_another_form_is_a_sentence(settings, value):
    settings.put(PROFILE, value, expected_version=0, by=stamp(1))
    settings.put(LOCK_AFTER, {"minutes": 5}, expected_version=0, by=stamp(1))
    for opening in (OpenClinicProfile(settings), OpenLockTime(settings)):
        with pytest.raises(RecordsDamagedError, match="save it again"):
            opening(READER)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("name", " "),
        ("name", "a\nb"),
        ("name", "x" * 201),
        ("address", "line\n" * 9),
        ("contact", "\x07"),
    ],
)
def test_what_no_report_could_show_is_refused(field, text):
    with pytest.raises(InvalidEntryError):
        replace(CLINIC, **{field: text})
