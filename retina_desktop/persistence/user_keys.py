"""The users' ways into the records: passwords, this computer's key file, waits."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from retina_desktop.domain.record_errors import KeyVaultError
from retina_desktop.persistence.device_key import NO_STRETCHING, DeviceKey
from retina_desktop.persistence.key_vault import Argon2Cost, KeyVault, MasterKey
from retina_desktop.persistence.login_throttle import LoginThrottle


class Door:
    """All files beside the records by which somebody gets in; nothing is unlocked yet."""

    def __init__(
        self, folder: Path, *, now: Callable[[], datetime], cost: Argon2Cost | None = None
    ) -> None:
        keys = folder / "keys.json"
        self.vault = KeyVault(keys, cost=cost)
        self.device_vault = KeyVault(keys, cost=NO_STRETCHING)
        self.device_key = DeviceKey(folder / "device.key")
        self.throttle = LoginThrottle(folder / "logins.json", now=now)

    def unlock(self, user: str, password: str) -> MasterKey:
        """Return the master key; counted, slow, and the same for an unknown user.

        Raises
        ------
        WrongPasswordError, TooManyAttemptsError, KeyVaultError
        """
        known = user in self.vault.users()
        with self.throttle.attempt(user, known=known):
            return self.vault.unlock(user, password)

    def unlock_without_password(self) -> tuple[str, MasterKey]:
        """Return the user's name and the master key by this computer's key file.

        Raises
        ------
        LoginNeededError
        """
        return self.device_key.unlock(self.vault)

    def keep_on_device(self, master: MasterKey, user: str) -> None:
        """Let the user in without a password from now on.

        The file comes first: a program killed in between leaves the password valid.
        """
        secret = self.device_key.make(user)
        self.device_vault.set_password(master, user, secret)


class VaultUserKeys:
    """Implements `services.user_ports.UserKeys` for records that are open."""

    def __init__(self, door: Door, master: MasterKey) -> None:
        self._door = door
        self._master = master

    @property
    def without_login(self) -> bool:
        """Whether the records open without a password on this computer."""
        return self._door.device_key.exists

    def check(self, user: str, password: str) -> None:
        """Do nothing if the password is the user's."""
        if self._door.unlock(user, password) != self._master:
            raise KeyVaultError("The keys were replaced by others; log out and in again.")

    def has_password(self, user: str) -> bool:
        """Whether the user can come in at all."""
        return user in self._door.vault.users()

    def set_password(self, user: str, password: str) -> None:
        """Give a user a password; earlier wrong ones are forgiven."""
        self._door.vault.set_password(self._master, user, password)
        self._door.throttle.forgive(user)

    def remove(self, user: str) -> None:
        """Take a user's way in."""
        if self.has_password(user):
            self._door.vault.remove_user(self._master, user)

    def renew_recovery_key(self) -> str:
        """Return a new recovery key as printed."""
        return self._door.vault.renew_recovery_key(self._master).printed

    def stop_asking(self, user: str) -> None:
        """Let the one user in without a password on this computer."""
        self._door.keep_on_device(self._master, user)

    def ask_again(self, user: str, password: str) -> None:
        """Give the one user a password; this computer's key file opens nothing any more."""
        self.set_password(user, password)
        self._door.device_key.remove()
