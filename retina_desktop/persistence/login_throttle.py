"""Wrong passwords, counted in a small file beside the keys: across restarts and programs.

An attempt is written down as wrong *before* the password is looked at and taken back when it
was right: who kills the program in between has gained nothing. One attempt at a time, so many
programs at once gain nothing either. The file holds no names: users are found by a keyed hash,
and what was typed that is no user (perhaps a password in the wrong field) only by so short a
one that it tells nothing about what was typed.
"""

import hmac
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass as checked_dataclass

from retina_desktop.domain.login_waits import FREE_ATTEMPTS, WrongPasswords
from retina_desktop.domain.record_errors import TooManyAttemptsError, WrongPasswordError
from retina_desktop.persistence.durable_files import told_as_sentence, write_durably
from retina_desktop.persistence.held_files import held

_PLACE = "the records' keys"
_KNOWN_DIGITS, _OTHER_DIGITS = 32, 4  # of the keyed hash


@checked_dataclass(frozen=True, slots=True)
class _Count:
    count: int
    last: AwareDatetime
    untold: int


@checked_dataclass(frozen=True, slots=True)
class _State:
    salt: str
    counts: dict[str, _Count]


@dataclass(frozen=True, slots=True)
class Refusals:
    """Logins refused since the trail was last told: by user, and of unknown names together."""

    users: Mapping[str, WrongPasswords]
    unknown: int


class LoginThrottle:
    """The counts in the file at `path`; `now` gives aware moments."""

    def __init__(self, path: Path, *, now: Callable[[], datetime]) -> None:
        self._path = path
        self._now = now

    @contextmanager
    def attempt(self, user: str, *, known: bool) -> Iterator[None]:
        """Let one password be looked at in the block, which raises if it is wrong.

        Raises
        ------
        TooManyAttemptsError
            While a wait lasts (then the block is not entered), and in place of the wrong
            password that begins one.
        """
        with self._held():
            state, now = self._load(), self._now()
            name = _hashed(state, user, known=known)
            before = _counted(state, name, now).seen_at(now)
            if wait := before.wait_at(now):
                self._save(_with(state, name, before))
                raise TooManyAttemptsError(_seconds(wait.total_seconds()))
            wrong = before.one_more(now)
            self._save(_with(state, name, wrong))
            try:
                yield
            except WrongPasswordError as error:
                if wrong.count < FREE_ATTEMPTS:
                    raise
                wait_s = _seconds(wrong.wait_at(now).total_seconds())
                raise TooManyAttemptsError(wait_s) from error
            right = WrongPasswords(0, now, before.untold)
            self._save(_without_spent(_with(state, name, right), now))

    def forgive(self, user: str) -> None:
        """Begin anew for a user who was given a password; what the trail lacks stays."""
        with self._held():
            state, now = self._load(), self._now()
            name = _hashed(state, user, known=True)
            forgiven = replace(_counted(state, name, now), count=0)
            self._save(_without_spent(_with(state, name, forgiven), now))

    def refusals(self, users: tuple[str, ...]) -> Refusals:
        """Return what the trail has not been told yet; `users` are all there are."""
        state, now = self._load(), self._now()
        names = {_hashed(state, user, known=True): user for user in users}
        told = {
            names[name]: _counted(state, name, now)
            for name, count in state.counts.items()
            if name in names and count.untold
        }
        others = (count.untold for name, count in state.counts.items() if name not in names)
        return Refusals(told, sum(others))

    def told(self, users: tuple[str, ...], refusals: Refusals) -> None:
        """Take out what the trail has been told now."""
        with self._held():
            state, now = self._load(), self._now()
            names = {_hashed(state, user, known=True): user for user in users}
            left = refusals.unknown
            for name, count in state.counts.items():
                user = names.get(name)
                if user is None:
                    less = min(count.untold, left)
                    left -= less
                else:
                    found = refusals.users.get(user)
                    less = min(count.untold, found.untold) if found else 0
                now_told = WrongPasswords(count.count, count.last, count.untold - less)
                state = _with(state, name, now_told)
            self._save(_without_spent(state, now))

    def _held(self) -> AbstractContextManager[None]:
        return held(self._path.with_suffix(".lock"), place=_PLACE)

    def _load(self) -> _State:
        with told_as_sentence(_PLACE):
            try:
                return _STATE.validate_json(self._path.read_bytes())
            except (FileNotFoundError, ValidationError):
                # Damaged or never written: who can write here can also remove it.
                return _State(secrets.token_hex(16), {})

    def _save(self, state: _State) -> None:
        with told_as_sentence(_PLACE):
            write_durably(self._path, [_STATE.dump_json(state, indent=1)])


_STATE = TypeAdapter(_State)


def _hashed(state: _State, user: str, *, known: bool) -> str:
    digest = hmac.new(state.salt.encode(), user.encode("utf-8", "surrogatepass"), "sha256")
    return digest.hexdigest()[: _KNOWN_DIGITS if known else _OTHER_DIGITS]


def _counted(state: _State, name: str, now: datetime) -> WrongPasswords:
    found = state.counts.get(name)
    if found is None:
        return WrongPasswords(0, now, 0)
    return WrongPasswords(found.count, found.last, found.untold)


def _with(state: _State, name: str, wrong: WrongPasswords) -> _State:
    count = _Count(wrong.count, wrong.last, wrong.untold)
    return _State(state.salt, {**state.counts, name: count})


def _without_spent(state: _State, now: datetime) -> _State:
    kept = {
        name: count
        for name, count in state.counts.items()
        if not WrongPasswords(count.count, count.last, count.untold).is_spent(now)
    }
    return _State(state.salt, kept)


def _seconds(wait: float) -> int:
    return max(1, -int(-wait // 1))
