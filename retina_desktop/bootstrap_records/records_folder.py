"""The folder of the records: what lies in it, told without opening anything.

Light at import and in use, because a window asks as it starts: no library of the database is
loaded here.
"""

import json
import os
import platform
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop.config.folders import Folders
from retina_desktop.domain.record_errors import RecordsUnavailableError
from retina_desktop.domain.records_states import RecordsState
from retina_desktop.domain.users import SINGLE_USER, Stamp
from retina_desktop.persistence.restore_folders import SERVER_FILE, finish_restore

if TYPE_CHECKING:
    from retina_desktop.persistence.key_vault import Argon2Cost, MasterKey
    from retina_desktop.persistence.opening import Records, RecordsPlace
    from retina_desktop.persistence.user_keys import Door

DATABASE_FILE, KEYS_FILE, DEVICE_KEY_FILE = "records.db", "keys.json", "device.key"
_IMAGES, _RECOVERY = "images", "recovery key"
_SERVER_VARIABLE = "RETINA_RECORDS_URL"


@dataclass(frozen=True, slots=True)
class Workstation:
    """Where somebody sits: its name, its clock (aware), and how slow a guess is made there."""

    name: str = field(default_factory=lambda: platform.node() or "unnamed")
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    cost: "Argon2Cost | None" = None  # None: as slow as it is right for real passwords

    def stamp(self, user: str) -> Stamp:
        """Return the stamp of what `user` does here now."""
        return Stamp(user, self.name, self.now())


def records_state(folders: Folders) -> RecordsState:
    """Return what somebody meets who comes to the records; reads two small files at most.

    Ends a restore that was cut off at its last step.
    """
    finish_restore(folders.data)
    folder = folders.data / "records"
    has_keys = (folder / KEYS_FILE).exists()
    in_file, on_server = (folder / DATABASE_FILE).exists(), (folder / SERVER_FILE).exists()
    is_named = server_url(folders) is not None
    if in_file and is_named:
        return RecordsState.FILE_AND_SERVER
    if on_server and not is_named:
        return RecordsState.SERVER_NOT_NAMED
    if not in_file and not on_server:
        if _has_images(folder):
            return RecordsState.DATABASE_MISSING if has_keys else RecordsState.KEYS_MISSING
        return RecordsState.SET_UP_UNFINISHED if has_keys else RecordsState.NOT_SET_UP
    if not has_keys:
        return RecordsState.KEYS_MISSING
    if (folder / DEVICE_KEY_FILE).is_file():
        return RecordsState.OPEN_WITHOUT_LOGIN
    alone = _users(folder / KEYS_FILE) == {SINGLE_USER}
    return RecordsState.PASSWORD_NEEDED if alone else RecordsState.LOGIN_NEEDED


def check_set_up(folders: Folders) -> None:
    """Raise a RecordsUnavailableError where there is nothing to open."""
    state = records_state(folders)
    if not state.is_ready:
        raise RecordsUnavailableError(state.sentence)


def typed_name(user: str) -> str:
    """Return a user's name as it is kept: telephones and tablets begin with a capital."""
    return user.strip().lower()


def server_url(folders: Folders) -> str | None:
    """Return the address of the clinic's server with its password; None: a file is used.

    By the settings' file, else by RETINA_RECORDS_URL.
    """
    if not folders.settings_file.exists() and not os.environ.get(_SERVER_VARIABLE):
        return None  # the common case, without loading what reads settings
    from retina_desktop.config.settings import Settings

    url = Settings.load(folders.settings_file).records_url
    return url.get_secret_value().strip() or None if url is not None else None


def place_of(folders: Folders) -> "RecordsPlace":
    """Return where the records are."""
    from retina_desktop.persistence.opening import RecordsPlace

    return RecordsPlace(folders.data / "records", url=server_url(folders))


def open_place(folders: Folders, *, master: "MasterKey", by: Stamp) -> "Records":
    """Open the records, on a server only where its database is known to be theirs.

    Raises
    ------
    RecordsUnavailableError
    """
    from retina_desktop.persistence.opening import open_records

    place = place_of(folders)
    note = place.folder / SERVER_FILE
    if place.url is not None and note.exists():
        from retina_desktop.persistence.server_place import check_server

        check_server(place.url, note)
    return open_records(place, master=master, by=by)


def door_of(folders: Folders, at: Workstation) -> "Door":
    """Return the ways into the records."""
    from retina_desktop.persistence.user_keys import Door

    return Door(folders.data / "records", now=at.now, cost=at.cost)


def _has_images(folder: Path) -> bool:
    images = folder / _IMAGES
    return images.is_dir() and any(images.iterdir())


def _users(keys: Path) -> set[str]:
    """Return who has a password; nobody where the file cannot be read: opening tells why."""
    try:
        return set(json.loads(keys.read_bytes())["slots"]) - {_RECOVERY}
    except (OSError, ValueError, LookupError, TypeError):
        return set()
