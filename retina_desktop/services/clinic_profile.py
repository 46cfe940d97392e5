"""The clinic's name, address and logo, and when an idle window locks."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from retina_desktop.domain.clinic import (
    DEFAULT_LOCK_MINUTES,
    ClinicProfile,
    check_lock_minutes,
)
from retina_desktop.domain.json_values import JsonValue
from retina_desktop.domain.record_errors import RecordsDamagedError
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.settings_ports import SettingStore

PROFILE, LOCK_AFTER = "clinic.profile", "window.lock_after_minutes"


class VersionedProfile(NamedTuple):
    """The profile, None before the first, and the version that a change expects."""

    profile: ClinicProfile | None
    version: int


class VersionedMinutes(NamedTuple):
    """After how many idle minutes a window locks, 0 for never; and the version."""

    minutes: int
    version: int


@dataclass(frozen=True, slots=True)
class OpenClinicProfile:
    """Show who examines and reports."""

    settings: SettingStore

    def __call__(self, acting: Acting) -> VersionedProfile:
        """Return the profile.

        Raises
        ------
        RecordsDamagedError
            If it is not what the program wrote.
        """
        acting.allowed(Permission.SEE_RECORDS)
        stored = self.settings.get(PROFILE)
        if stored is None:
            return VersionedProfile(None, 0)
        return VersionedProfile(_profile_of(stored.value), stored.version)


@dataclass(frozen=True, slots=True)
class SaveClinicProfile:
    """Change who examines and reports."""

    settings: SettingStore
    as_png: Callable[[bytes], bytes]  # `imaging.marks.mark_as_png`

    def __call__(
        self, acting: Acting, profile: ClinicProfile, *, expected_version: int
    ) -> VersionedProfile:
        """Return the profile as stored; its logo may be any PNG or JPEG.

        Raises
        ------
        ConflictError, ImageUnreadableError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        before = self.settings.get(PROFILE)
        kept = _profile_of(before.value) if before else None
        if profile.logo and (kept is None or profile.logo != kept.logo):
            profile = replace(profile, logo=self.as_png(profile.logo))
        stored = self.settings.put(
            PROFILE, _value_of(profile), expected_version=expected_version, by=by
        )
        return VersionedProfile(profile, stored.version)


@dataclass(frozen=True, slots=True)
class OpenLockTime:
    """Tell after how many idle minutes a window locks."""

    settings: SettingStore

    def __call__(self, acting: Acting) -> VersionedMinutes:
        """Return the minutes; the default where nobody has chosen."""
        acting.allowed(Permission.SEE_RECORDS)
        stored = self.settings.get(LOCK_AFTER)
        if stored is None:
            return VersionedMinutes(DEFAULT_LOCK_MINUTES, 0)
        if not isinstance(stored.value, int):
            raise _damaged()
        return VersionedMinutes(stored.value, stored.version)


@dataclass(frozen=True, slots=True)
class SaveLockTime:
    """Choose after how many idle minutes a window locks."""

    settings: SettingStore

    def __call__(
        self, acting: Acting, minutes: int, *, expected_version: int
    ) -> VersionedMinutes:
        """Return the minutes as stored; 0 is never.

        Raises
        ------
        ConflictError, InvalidEntryError, PermissionDeniedError
        """
        by = acting.allowed(Permission.ADMINISTER)
        stored = self.settings.put(
            LOCK_AFTER, check_lock_minutes(minutes), expected_version=expected_version, by=by
        )
        return VersionedMinutes(minutes, stored.version)


def _value_of(profile: ClinicProfile) -> JsonValue:
    return {
        "name": profile.name,
        "address": profile.address,
        "contact": profile.contact,
        "logo": b64encode(profile.logo).decode(),
    }


def _profile_of(value: JsonValue) -> ClinicProfile:
    if not isinstance(value, Mapping):
        raise _damaged()
    try:
        return ClinicProfile(
            name=str(value["name"]),
            address=str(value["address"]),
            contact=str(value["contact"]),
            logo=b64decode(str(value["logo"]), validate=True),
        )
    except (LookupError, ValueError, binascii.Error) as error:
        raise _damaged() from error


def _damaged() -> RecordsDamagedError:
    return RecordsDamagedError(
        "A setting of the clinic is not what the program wrote; save it again."
    )
