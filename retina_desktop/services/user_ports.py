"""What the use cases around users need from outside; `retina_desktop.persistence` adapts."""

from typing import Protocol

from retina_desktop.domain.users import PasswordReset, Stamp, User, UserAccount


class UserStore(Protocol):
    """Who may log in. No user is ever deleted: the trail and the signatures name them.

    A change after which nobody could administer the records is an InvalidEntryError.
    """

    def all(self) -> tuple[UserAccount, ...]:
        """Return everybody, by name, the deactivated too."""
        ...

    def get(self, user_id: int) -> UserAccount:
        """Return a user; a RecordNotFoundError for an unknown one."""
        ...

    def find(self, name: str) -> UserAccount | None:
        """Return the user of exactly this name."""
        ...

    def add(self, user: User, *, by: Stamp) -> UserAccount:
        """Keep a new user; an InvalidEntryError if the name is taken, also by a deactivated."""
        ...

    def update(
        self, user_id: int, user: User, *, expected_version: int, by: Stamp
    ) -> UserAccount:
        """Replace all but the name, which stays; equal users change nothing.

        Raises
        ------
        ConflictError, InvalidEntryError, RecordNotFoundError
        """
        ...

    def signature(self, user_id: int) -> bytes | None:
        """Return the PNG of a user's signature; None where there is none."""
        ...

    def set_signature(
        self, user_id: int, picture: bytes | None, *, expected_version: int, by: Stamp
    ) -> UserAccount:
        """Keep the PNG of a user's signature; None takes it away.

        Raises
        ------
        ConflictError, RecordNotFoundError
        """
        ...

    def last_reset(self, user_id: int) -> PasswordReset | None:
        """Return who reset the user's password; None once the user has chosen one since."""
        ...


class UserKeys(Protocol):
    """The users' ways in, of the open records."""

    @property
    def without_login(self) -> bool:
        """Whether the records open without a password on this computer."""
        ...

    def check(self, user: str, password: str) -> None:
        """Do nothing if the password is the user's.

        Raises
        ------
        WrongPasswordError
            Also its kind TooManyAttemptsError: both count and wait as a login does.
        """
        ...

    def has_password(self, user: str) -> bool:
        """Whether the user can come in at all."""
        ...

    def set_password(self, user: str, password: str) -> None:
        """Give a user a password, in place of the old one if there is one."""
        ...

    def remove(self, user: str) -> None:
        """Take a user's way in; nothing happens where there is none."""
        ...

    def renew_recovery_key(self) -> str:
        """Return a new recovery key as printed; the old one opens nothing any more."""
        ...

    def stop_asking(self, user: str) -> None:
        """Let the one user in without a password on this computer."""
        ...

    def ask_again(self, user: str, password: str) -> None:
        """Give the one user a password, which is needed from now on."""
        ...
