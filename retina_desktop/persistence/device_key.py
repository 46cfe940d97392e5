"""The key file of a computer on which one person opens the records without a password.

It holds a random secret in the place of the person's password. Whoever can read the file can
read the records; so it never goes into a backup.
"""

import os
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.record_errors import LoginNeededError, WrongPasswordError
from retina_desktop.persistence.durable_files import (
    make_folder_durably,
    sync_folder,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.key_vault import Argon2Cost, KeyVault, MasterKey

NO_STRETCHING = Argon2Cost(memory_kib=8, passes=1, lanes=1)  # the secret is random already
_SECRET_BYTES = 32
_PLACE = "the records' keys"


@dataclass(frozen=True, slots=True)
class _Content:
    user: str
    secret: str


class DeviceKey:
    """The file at `path`, readable by the computer's present user only."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.is_file()

    def make(self, user: str) -> str:
        """Write a new secret for `user` and return it, to be set as the user's password."""
        secret = secrets.token_urlsafe(_SECRET_BYTES)
        with told_as_sentence(_PLACE):
            # On Windows the folder keeps others out: Python makes it for its owner alone.
            make_folder_durably(self._path.parent)
            write_durably(self._path, [_CONTENT.dump_json(_Content(user, secret))])
        return secret

    def unlock(self, vault: KeyVault) -> tuple[str, MasterKey]:
        """Return the user's name and the master key.

        Raises
        ------
        LoginNeededError
            If the file is damaged, or the user has a password by now.
        """
        with told_as_sentence(_PLACE):
            _keep_from_others(self._path)
            try:
                content = _CONTENT.validate_json(self._path.read_bytes())
                return content.user, vault.unlock(content.user, content.secret)
            except (FileNotFoundError, ValidationError, WrongPasswordError) as error:
                raise LoginNeededError(
                    "The key file of this computer (device.key) does not open these records; "
                    "log in with your password, or use the recovery key."
                ) from error

    def remove(self) -> None:
        """Remove the file for good; nothing happens where there is none."""
        with told_as_sentence(_PLACE):
            if self.exists:
                self._path.unlink(missing_ok=True)
                sync_folder(self._path.parent)


_CONTENT = TypeAdapter(_Content)


def _keep_from_others(path: Path) -> None:
    """Mend the rights of a file that was copied here; the system may refuse, as on a stick."""
    if os.name != "nt":
        with suppress(OSError):
            if path.stat().st_mode & 0o077:
                path.chmod(0o600)
