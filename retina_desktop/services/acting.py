"""Who is at work: every use case of the records asks them for permission and a stamp."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from retina_desktop.domain.users import Permission, Stamp, User


@dataclass(frozen=True, slots=True)
class Acting:
    """A user at a workstation, with the clock in force (aware moments)."""

    user: User
    workstation: str
    now: Callable[[], datetime]

    def allowed(self, permission: Permission) -> Stamp:
        """Return the stamp of an act that needs `permission`.

        Raises
        ------
        PermissionDeniedError
            If the user's roles do not include it.
        """
        self.user.require(permission)
        return Stamp(self.user.name, self.workstation, self.now())
