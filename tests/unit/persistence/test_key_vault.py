import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    KeyVaultError,
    RecordsUnavailableError,
    WrongPasswordError,
)
from retina_desktop.persistence.key_vault import Argon2Cost, KeyPurpose, KeyVault, MasterKey
from retina_desktop.persistence.recovery_key import RecoveryKey

QUICK = Argon2Cost(memory_kib=8, passes=1, lanes=1)


@pytest.fixture
def vault(tmp_path):
    return KeyVault(tmp_path / "records" / "keys.json", cost=QUICK)


@pytest.fixture
def keys(vault):
    return vault.create("anna", "correct horse ü")


def slots(vault):
    return json.loads(vault._path.read_text())["slots"]


def test_password_and_recovery_key_open_the_same_master_key(vault, keys):
    master, recovery = keys
    assert len(master.secret) == 32
    assert vault.unlock("anna", "correct horse ü") == master
    assert vault.unlock_with_recovery(RecoveryKey.parse(recovery.printed.lower())) == master
    assert vault.users() == ("anna",)
    assert vault._path.stat().st_mode & 0o077 == 0


def test_the_file_and_the_texts_hold_no_secret(vault, keys):
    master, recovery = keys
    kept = vault._path.read_bytes()
    assert master.secret not in kept
    assert master.secret.hex().encode() not in kept
    assert b"correct horse" not in kept
    assert recovery.printed.encode() not in kept
    assert master.secret.hex() not in repr(master)
    assert "secret" not in repr(recovery)


@pytest.mark.parametrize(
    ("user", "password"),
    [("anna", "wrong"), ("anna", ""), ("nobody", "correct horse ü"), ("recovery key", "")],
)
def test_anything_else_opens_nothing(vault, keys, user, password):
    with pytest.raises(WrongPasswordError):
        vault.unlock(user, password)
    with pytest.raises(WrongPasswordError):
        vault.unlock_with_recovery(RecoveryKey.make())


def test_a_new_password_wraps_anew_and_leaves_the_rest(vault, keys):
    master, recovery = keys
    vault.set_password(master, "ben", "second user")
    before = slots(vault)

    vault.set_password(master, "anna", "new password")

    after = slots(vault)
    assert after["ben"] == before["ben"]
    assert after["recovery key"] == before["recovery key"]
    assert after["anna"]["salt"] != before["anna"]["salt"]
    assert vault.unlock("anna", "new password") == master
    assert vault.unlock("ben", "second user") == master
    assert vault.unlock_with_recovery(recovery) == master
    with pytest.raises(WrongPasswordError):
        vault.unlock("anna", "correct horse ü")


def test_users_go_but_the_last(vault, keys):
    master, _ = keys
    with pytest.raises(KeyVaultError):
        vault.remove_user(master, "anna")
    vault.set_password(master, "ben", "x")
    vault.remove_user(master, "anna")
    assert vault.users() == ("ben",)
    with pytest.raises(WrongPasswordError):
        vault.unlock("anna", "correct horse ü")
    with pytest.raises(InvalidEntryError):
        vault.set_password(master, "recovery key", "x")


def test_a_renewed_recovery_key_ends_the_old_one(vault, keys):
    master, old = keys
    new = vault.renew_recovery_key(master)
    assert vault.unlock_with_recovery(new) == master
    with pytest.raises(WrongPasswordError):
        vault.unlock_with_recovery(old)


def test_a_vault_is_never_made_over_another(vault, keys):
    with pytest.raises(KeyVaultError):
        vault.create("anna", "again")
    with pytest.raises(KeyVaultError, match="other records"):
        vault.set_password(MasterKey(bytes(32)), "anna", "x")


def test_a_wrapped_key_cannot_be_moved_to_another_user(vault, keys):
    master, _ = keys
    vault.set_password(master, "ben", "known to the thief")
    content = json.loads(vault._path.read_text())
    content["slots"]["anna"] = content["slots"]["ben"]
    vault._path.write_text(json.dumps(content))
    with pytest.raises(WrongPasswordError):
        vault.unlock("anna", "known to the thief")


@pytest.mark.parametrize(
    "change",
    [
        lambda content: b"",
        lambda content: content[:-20],
        lambda content: b"[]",
        lambda content: content.replace(b'"passes": 1', b'"passes": 9999'),
        lambda content: content.replace(b'"memory_kib": 8', b'"memory_kib": 99999999'),
        lambda content: content.replace(b'"schema": 1', b'"schema": 2'),
        lambda content: content.replace(b'"salt": "', b'"salt": "*'),
    ],
)
def test_a_damaged_vault_is_told(vault, keys, change):
    vault._path.write_bytes(change(vault._path.read_bytes()))
    with pytest.raises(KeyVaultError):
        vault.unlock("anna", "correct horse ü")


def test_a_missing_vault_and_a_folder_that_cannot_be_written(vault, monkeypatch):
    assert not vault.exists
    with pytest.raises(KeyVaultError, match="missing"):
        vault.unlock("anna", "x")
    blocked = KeyVault(vault._path.parent / "file" / "keys.json", cost=QUICK)
    vault._path.parent.mkdir()
    (vault._path.parent / "file").write_text("")
    with pytest.raises(RecordsUnavailableError):
        blocked.create("anna", "x")


def test_every_purpose_has_a_key_of_its_own():
    derived = {MasterKey(bytes(32)).derive(purpose) for purpose in KeyPurpose}
    assert len(derived) == len(KeyPurpose)
    assert all(len(key) == 32 for key in derived)
    assert MasterKey(bytes(32)).derive(KeyPurpose.IMAGES) in derived


def test_the_cost_is_what_rfc_9106_recommends():
    assert Argon2Cost() == Argon2Cost(memory_kib=64 * 1024, passes=3, lanes=4)


@given(st.binary(min_size=20, max_size=20))
def test_a_recovery_key_survives_print_and_typing(secret):
    key = RecoveryKey(secret)
    typed = key.printed.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert RecoveryKey.parse(typed) == key
    assert len(key.printed) == 9 * 5 - 1


@given(st.binary(min_size=20, max_size=20), st.integers(0, 35), st.integers(1, 31))
def test_one_mistyped_character_is_noticed(secret, place, shift):
    alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    text = RecoveryKey(secret).printed.replace("-", "")
    wrong = alphabet[(alphabet.index(text[place]) + shift) % 32]
    try:
        parsed = RecoveryKey.parse(text[:place] + wrong + text[place + 1 :])
    except WrongPasswordError:
        return
    assert parsed.secret != secret  # one in a million slips through the check, harmlessly
