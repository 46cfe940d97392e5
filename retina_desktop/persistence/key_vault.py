"""The file of wrapped keys: one random master key, wrapped once per user and for recovery.

A password is stretched with Argon2id (RFC 9106's second recommendation: 64 MiB, 3 passes, 4
lanes) to a key that wraps the master key with AES-256-GCM. Changing a password wraps the same
master key anew; nothing that it encrypts is touched. Purposes get keys of their own, derived
by HKDF-SHA256, so none can be turned into another.
"""

import hmac
import json
import os
import secrets
import unicodedata
from base64 import b64decode, b64encode
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from argon2.low_level import Type, hash_secret_raw
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.record_errors import KeyVaultError, WrongPasswordError
from retina_desktop.domain.users import check_user_name
from retina_desktop.persistence.durable_files import (
    make_folder_durably,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.held_files import held
from retina_desktop.persistence.recovery_key import RecoveryKey

SCHEMA = 1
_KEY_BYTES = 32
_NONCE_BYTES = 12
_RECOVERY = "recovery key"  # no user can have a name with a blank
_WRONG = "User and password do not belong together; check both and try again."


class KeyPurpose(StrEnum):
    """What a derived key is for."""

    DATABASE = "database"
    IMAGES = "images"
    AUDIT_SEAL = "audit seal"
    PSEUDONYMS = "pseudonyms"
    BACKUPS = "backups"


@dataclass(frozen=True, slots=True)
class MasterKey:
    """The clinic's one secret, in memory only while somebody is logged in."""

    secret: bytes = field(repr=False)

    def derive(self, purpose: KeyPurpose) -> bytes:
        """Return the 32-byte key for `purpose`."""
        info = f"retina-desktop {purpose}".encode()
        return HKDF(hashes.SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(
            self.secret
        )


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """How slow a guess is made; raised over the years, so it is stored with each key."""

    memory_kib: int = 65_536
    passes: int = 3
    lanes: int = 4

    def __post_init__(self) -> None:
        # Also a bound against a vault file altered to exhaust the memory.
        if not (8 <= self.memory_kib <= 4 << 20 and 1 <= self.passes <= 64):
            raise ValueError("no sensible Argon2 cost")
        if not 1 <= self.lanes <= 64:
            raise ValueError("no sensible Argon2 cost")


@dataclass(frozen=True, slots=True)
class _Slot:
    """The master key wrapped for one user; texts are Base64."""

    salt: str
    wrapped: str
    cost: Argon2Cost | None = None  # None for the recovery key, which needs no stretching


@dataclass(frozen=True, slots=True)
class _Vault:
    schema: int
    id: str
    check: str  # HMAC by the master key over the id: tells another vault's master key
    slots: dict[str, _Slot]
    seal: str = ""  # HMAC by the master key over all of it, see `KeyVault.is_sealed`


class KeyVault:
    """The vault in the file at `path`; every change replaces the file in one step."""

    def __init__(self, path: Path, *, cost: Argon2Cost | None = None) -> None:
        self._path = path
        self._cost = cost or Argon2Cost()

    @property
    def exists(self) -> bool:
        """Whether the file is there."""
        return self._path.exists()

    def create(self, user: str, password: str) -> tuple[MasterKey, RecoveryKey]:
        """Make a new master key for the first user; the recovery key is shown once, now.

        Raises
        ------
        KeyVaultError
            If there is a vault already: replacing it would lose every record.
        """
        with self._changing():
            if self.exists:
                raise KeyVaultError("There are keys already; log in, or use the recovery key.")
            master, recovery = MasterKey(secrets.token_bytes(_KEY_BYTES)), RecoveryKey.make()
            identity = secrets.token_hex(16)
            empty = _Vault(SCHEMA, identity, _check(master, identity), {})
            empty = replace(empty, seal=_seal(empty, master))
            vault = self._with_user(empty, master, user, password)
            self._save(empty, _with_recovery(vault, master, recovery), master)
            return master, recovery

    def unlock(self, user: str, password: str) -> MasterKey:
        """Return the master key; slow on purpose, also for an unknown user.

        Raises
        ------
        WrongPasswordError, KeyVaultError
        """
        vault = self._load()
        slot = vault.slots.get(user) if user != _RECOVERY else None
        if slot is None or slot.cost is None:
            _stretch(password, os.urandom(16), self._cost)
            raise WrongPasswordError(_WRONG)
        key = _stretch(password, _decoded(slot.salt), slot.cost)
        return _unwrap(vault, user, slot, key, _WRONG)

    def unlock_with_recovery(self, recovery: RecoveryKey) -> MasterKey:
        """Return the master key by the printed recovery key.

        Raises
        ------
        WrongPasswordError, KeyVaultError
        """
        vault = self._load()
        wrong = "This is not the recovery key of these records; use the newest one printed."
        slot = vault.slots.get(_RECOVERY)
        if slot is None:
            raise WrongPasswordError(wrong)
        key = recovery.derive(_decoded(slot.salt))
        return _unwrap(vault, _RECOVERY, slot, key, wrong)

    def users(self) -> tuple[str, ...]:
        """Return the names that have a password, sorted."""
        return tuple(sorted(set(self._load().slots) - {_RECOVERY}))

    def set_password(self, master: MasterKey, user: str, password: str) -> None:
        """Give a new or known user this password; everything encrypted stays as it is."""
        with self._changing():
            vault = self._checked(master)
            self._save(vault, self._with_user(vault, master, user, password), master)

    def remove_user(self, master: MasterKey, user: str) -> None:
        """Take the user's way in; the last user stays.

        Raises
        ------
        KeyVaultError
            If nobody else could log in.
        """
        with self._changing():
            vault = self._checked(master)
            left = {name: slot for name, slot in vault.slots.items() if name != user}
            if not set(left) - {_RECOVERY}:
                raise KeyVaultError("The last user cannot be removed; add another one first.")
            self._save(vault, replace(vault, slots=left), master)

    def renew_recovery_key(self, master: MasterKey) -> RecoveryKey:
        """Return a new recovery key; the old one opens nothing any more."""
        with self._changing():
            vault, recovery = self._checked(master), RecoveryKey.make()
            self._save(vault, _with_recovery(vault, master, recovery), master)
        return recovery

    def is_sealed(self, master: MasterKey) -> bool:
        """Whether the file is, to the byte, as somebody with the master key wrote it.

        An older whole file put in its place is not told from this one.
        """
        try:
            vault = self._load()
            return _is_sealed(vault, master) and self._path.read_bytes() == _text(vault)
        except (KeyVaultError, OSError):
            return False

    def _changing(self) -> AbstractContextManager[None]:
        """Keep other programs from changing the file between our reading and writing it."""
        return held(self._path.with_suffix(".lock"), place="the records' keys")

    def _with_user(self, vault: _Vault, master: MasterKey, user: str, password: str) -> _Vault:
        check_user_name(user)
        if not password:
            raise ValueError("a password has at least one character")
        salt = os.urandom(16)
        key = _stretch(password, salt, self._cost)
        return _with_slot(vault, master, user, salt, key, self._cost)

    def _checked(self, master: MasterKey) -> _Vault:
        vault = self._load()
        if not hmac.compare_digest(vault.check, _check(master, vault.id)):
            raise KeyVaultError("These keys belong to other records; log in again.")
        return vault

    def _load(self) -> _Vault:
        try:
            vault = _VAULT.validate_json(self._path.read_bytes())
        except FileNotFoundError as error:
            raise KeyVaultError(
                "The file of the records' keys is missing; restore it from a backup."
            ) from error
        except OSError as error:
            raise KeyVaultError(
                "The file of the records' keys cannot be read; check the folder."
            ) from error
        except (ValidationError, ValueError) as error:
            raise KeyVaultError(
                "The file of the records' keys is damaged; restore it from a backup."
            ) from error
        if vault.schema != SCHEMA:
            raise KeyVaultError(
                "The file of the records' keys was written by a newer version of this program."
            )
        return vault

    def _save(self, before: _Vault, vault: _Vault, master: MasterKey) -> None:
        # What was altered behind the program stays told: only a whole vault is sealed again.
        seal = _seal(vault, master) if _is_sealed(before, master) else ""
        with told_as_sentence("the records' keys"):
            make_folder_durably(self._path.parent)
            write_durably(self._path, [_text(replace(vault, seal=seal))])


_VAULT = TypeAdapter(_Vault)


def _check(master: MasterKey, identity: str) -> str:
    return hmac.new(master.secret, f"vault {identity}".encode(), "sha256").hexdigest()


def _text(vault: _Vault) -> bytes:
    document = _VAULT.dump_python(vault, mode="json")
    return json.dumps(document, indent=1, sort_keys=True).encode()


def _seal(vault: _Vault, master: MasterKey) -> str:
    text = b"vault seal\n" + _text(replace(vault, seal=""))
    return hmac.new(master.secret, text, "sha256").hexdigest()


def _is_sealed(vault: _Vault, master: MasterKey) -> bool:
    return hmac.compare_digest(vault.seal.encode(), _seal(vault, master).encode())


def _with_recovery(vault: _Vault, master: MasterKey, recovery: RecoveryKey) -> _Vault:
    salt = os.urandom(16)
    return _with_slot(vault, master, _RECOVERY, salt, recovery.derive(salt), None)


def _with_slot(
    vault: _Vault,
    master: MasterKey,
    name: str,
    salt: bytes,
    key: bytes,
    cost: Argon2Cost | None,
) -> _Vault:
    nonce = os.urandom(_NONCE_BYTES)
    sealed = nonce + AESGCM(key).encrypt(nonce, master.secret, _bound(vault, name))
    slot = _Slot(b64encode(salt).decode(), b64encode(sealed).decode(), cost)
    return replace(vault, slots={**vault.slots, name: slot})


def _unwrap(vault: _Vault, name: str, slot: _Slot, key: bytes, wrong: str) -> MasterKey:
    sealed = _decoded(slot.wrapped)
    try:
        nonce, cipher = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        return MasterKey(AESGCM(key).decrypt(nonce, cipher, _bound(vault, name)))
    except (InvalidTag, ValueError) as error:
        raise WrongPasswordError(wrong) from error


def _bound(vault: _Vault, name: str) -> bytes:
    """Return what a wrapped key is tied to, so that it cannot be moved to another user."""
    return f"{vault.id}\n{name}".encode()


def _stretch(password: str, salt: bytes, cost: Argon2Cost) -> bytes:
    # One form of Unicode: keyboards differ in how they type an accented letter.
    typed = unicodedata.normalize("NFC", password)
    return hash_secret_raw(
        typed.encode("utf-8", "surrogatepass"),
        salt,
        time_cost=cost.passes,
        memory_cost=cost.memory_kib,
        parallelism=cost.lanes,
        hash_len=_KEY_BYTES,
        type=Type.ID,
    )


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError as error:
        raise KeyVaultError(
            "The file of the records' keys is damaged; restore it from a backup."
        ) from error
