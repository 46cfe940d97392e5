"""This computer's key file."""

import os

import pytest

from retina_desktop.domain.record_errors import LoginNeededError
from retina_desktop.persistence.key_vault import KeyVault
from retina_desktop.persistence.user_keys import Door
from tests.helpers.clinic_logins import CHEAP, Clock


@pytest.fixture
def door(tmp_path):
    return Door(tmp_path, now=Clock(), cost=CHEAP)


@pytest.fixture
def master(door):
    return door.device_vault.create("single-user", door.device_key.make("single-user"))[0]


def test_the_file_opens_the_records(door, master):
    assert door.unlock_without_password() == ("single-user", master)


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps others out by the folder")
def test_nobody_else_may_read_it_also_after_it_was_copied(tmp_path, door, master):
    file = tmp_path / "device.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    door.unlock_without_password()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_password_makes_it_useless(tmp_path, door, master):
    KeyVault(tmp_path / "keys.json", cost=CHEAP).set_password(
        master, "single-user", "a password"
    )
    with pytest.raises(LoginNeededError, match="log in with your password"):
        door.unlock_without_password()


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"user": 1}', b"\xff"])
def test_a_missing_or_damaged_file_asks_for_the_password(tmp_path, door, master, content):
    file = tmp_path / "device.key"
    file.unlink()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LoginNeededError):
        door.unlock_without_password()


def test_the_secret_shows_in_no_text(door, master):
    assert master.secret.hex() not in repr(master)
    door.device_key.remove()
    assert not door.device_key.exists
    door.device_key.remove()
