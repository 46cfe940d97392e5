"""How long somebody waits after wrong passwords."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_ATTEMPTS = 5  # the fifth wrong one brings the first wait
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(minutes=15)
_MOST_DOUBLINGS = 5  # 30 s doubled five times is more than the longest wait
_FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WrongPasswords:
    """Wrong passwords for one name: ``count`` in a row, ``untold`` not yet in the trail.

    ``last`` is the moment of the newest, aware.
    """

    count: int
    last: datetime
    untold: int

    def wait_at(self, now: datetime) -> timedelta:
        """Return how long to wait from `now`; zero when the next password is looked at."""
        if self.count < FREE_ATTEMPTS or now - self.last >= _FORGOTTEN_AFTER:
            return timedelta()
        doublings = min(self.count - FREE_ATTEMPTS, _MOST_DOUBLINGS)
        wait = min(_FIRST_WAIT * (1 << doublings), _LONGEST_WAIT)
        return max(self.last + wait - now, timedelta())

    def seen_at(self, now: datetime) -> "WrongPasswords":
        """Return the same as a clock shows it that was set back since: the wait begins anew."""
        if now >= self.last:
            return self
        return WrongPasswords(self.count, now, self.untold)

    def one_more(self, now: datetime) -> "WrongPasswords":
        """Return the state after another wrong password; a day without one forgets them."""
        before = 0 if now - self.last >= _FORGOTTEN_AFTER else self.count
        return WrongPasswords(before + 1, now, self.untold + 1)

    def is_spent(self, now: datetime) -> bool:
        """Whether nothing of it matters any more."""
        return not self.untold and (not self.count or now - self.last >= _FORGOTTEN_AFTER)
