"""Wrong passwords counted in a file: restarts, kills, several programs, clocks."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import suppress

import pytest

from retina_desktop.domain.record_errors import (
    RecordsLockedError,
    RecordsUnavailableError,
    TooManyAttemptsError,
    WrongPasswordError,
)
from retina_desktop.persistence.held_files import held
from retina_desktop.persistence.login_throttle import LoginThrottle
from tests.helpers.clinic_logins import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "logins.json"


@pytest.fixture
def throttle(file, clock):
    return LoginThrottle(file, now=clock)


def fail(throttle, user="anna", *, known=True, times=1):
    """Type a wrong password; return the last error."""
    error = None
    for _ in range(times):
        with pytest.raises(WrongPasswordError) as told, throttle.attempt(user, known=known):
            raise WrongPasswordError("wrong")
        error = told.value
    return error


def succeed(throttle, user="anna"):
    with throttle.attempt(user, known=True):
        pass


def test_the_fifth_wrong_password_brings_the_wait(file, clock, throttle):
    assert str(fail(throttle, times=4)) == "wrong"
    assert fail(throttle).wait_s == 30
    clock.turn(seconds=29)
    again = LoginThrottle(file, now=clock)  # as after a restart
    with pytest.raises(TooManyAttemptsError) as told, again.attempt("anna", known=True):
        pytest.fail("the password was looked at")
    assert told.value.wait_s == 1
    clock.turn(seconds=1)
    assert fail(again).wait_s == 60


def test_the_right_password_begins_anew_and_others_are_not_held_up(clock, throttle):
    fail(throttle, times=5)
    succeed(throttle, "tom")
    clock.turn(seconds=30)
    succeed(throttle)
    assert str(fail(throttle, times=4)) == "wrong"


def test_known_and_unknown_names_are_told_the_same(clock, throttle):
    for known, name in ((True, "anna"), (False, "nobody")):
        told = [str(fail(throttle, name, known=known)) for _ in range(7)]
        assert told[:4] == ["wrong"] * 4
        assert told[4:] == [str(TooManyAttemptsError(30))] * 3


def test_a_password_reset_ends_the_wait(throttle):
    fail(throttle, times=5)
    throttle.forgive("anna")
    succeed(throttle)


def test_a_clock_set_back_makes_nobody_wait_for_a_year(clock, throttle):
    fail(throttle, times=5)
    clock.turn(days=-365)
    assert fail(throttle).wait_s == 30
    clock.turn(seconds=30)
    succeed(throttle)


def test_the_file_holds_no_names_and_what_was_typed_cannot_be_told_from_it(file, throttle):
    fail(throttle, "anna")
    fail(throttle, "my secret password", known=False)
    text = file.read_text()
    assert "anna" not in text
    assert "secret" not in text
    assert sorted(len(name) for name in throttle._load().counts) == [4, 32]
    if os.name != "nt":
        assert file.stat().st_mode & 0o077 == 0


def test_the_trail_is_told_each_refusal_once(throttle):
    fail(throttle, times=3)
    fail(throttle, "tom")
    fail(throttle, "nobody", known=False, times=2)
    fail(throttle, "no one", known=False)
    names = ("anna", "ria", "tom")
    refusals = throttle.refusals(names)
    assert {name: wrong.untold for name, wrong in refusals.users.items()} == {
        "anna": 3,
        "tom": 1,
    }
    assert refusals.unknown == 3
    fail(throttle)  # between the reading and the telling
    throttle.told(names, refusals)
    left = throttle.refusals(names)
    assert ({n: w.untold for n, w in left.users.items()}, left.unknown) == ({"anna": 1}, 0)
    assert fail(throttle).wait_s == 30  # telling is not forgiving


def test_a_refusal_stays_to_be_told_after_the_right_password(throttle):
    fail(throttle)
    succeed(throttle)
    assert throttle.refusals(("anna",)).users["anna"].untold == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"salt": "x"}', b"\xff\xfe", b"[]"])
def test_a_damaged_file_keeps_nobody_out(file, throttle, content):
    file.write_bytes(content)
    succeed(throttle)
    assert str(fail(throttle)) == "wrong"


def test_many_programs_at_once_gain_no_attempt(file, clock):
    looked_at = []

    def guess():
        throttle = LoginThrottle(file, now=clock)
        with suppress(WrongPasswordError), throttle.attempt("anna", known=True):
            looked_at.append(1)
            raise WrongPasswordError("wrong")

    guessers = [threading.Thread(target=guess) for _ in range(12)]
    for guesser in guessers:
        guesser.start()
    for guesser in guessers:
        guesser.join()
    assert len(looked_at) == 5


_ONE_GUESS = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from retina_desktop.persistence.login_throttle import LoginThrottle
throttle = LoginThrottle(Path(sys.argv[1]), now=lambda: datetime(2026, 3, 2, 9, tzinfo=UTC))
with throttle.attempt("anna", known=True):
    print("looking", flush=True)
    sys.stdin.read()
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_killed_attempt_counts_and_lets_go_of_the_file(file, throttle):
    with subprocess.Popen(
        [sys.executable, "-c", _ONE_GUESS, str(file)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as program:
        assert program.stdout.readline() == b"looking\n"
        with (
            pytest.raises(RecordsLockedError, match="busy"),
            held(file.with_suffix(".lock"), place="the keys", patience_s=0),
        ):
            pass
        program.send_signal(signal.SIGKILL)
        program.wait()
    assert str(fail(throttle, times=3)) == "wrong"
    assert fail(throttle).wait_s == 30


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path, clock):
    (tmp_path / "records").write_text("a file where the folder should be")
    with pytest.raises(RecordsUnavailableError, match="check the disk"):
        succeed(LoginThrottle(tmp_path / "records" / "logins.json", now=clock))
