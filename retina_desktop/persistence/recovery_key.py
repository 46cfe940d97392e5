"""The recovery key as people print and type it."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from retina_desktop.domain.record_errors import WrongPasswordError

# Crockford's Base32: no I, L, O, U, and what looks like a digit is read as one.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110")
_BYTES = 20
_GROUP = 4
_CHECKED = 4  # characters of the check at the end


@dataclass(frozen=True, slots=True)
class RecoveryKey:
    """160 random bits; guessing them is hopeless, so they need no stretching."""

    secret: bytes = field(repr=False)

    @classmethod
    def make(cls) -> Self:
        """Return a new one."""
        return cls(secrets.token_bytes(_BYTES))

    @classmethod
    def parse(cls, typed: str) -> Self:
        """Return the key somebody typed; blanks, dashes and case do not matter.

        Raises
        ------
        WrongPasswordError
            If it was mistyped: a check at its end tells.
        """
        text = "".join(typed.upper().translate(_READ_AS).replace("-", " ").split())
        body, check = text[:-_CHECKED], text[-_CHECKED:]
        length = _BYTES * 8 // 5
        if len(body) == length and not set(text) - set(_ALPHABET):
            number = 0
            for character in body:
                number = number << 5 | _ALPHABET.index(character)
            secret = number.to_bytes(_BYTES, "big")
            if _check(secret) == check:
                return cls(secret)
        raise WrongPasswordError(
            "The recovery key was mistyped; compare it with the print, group by group."
        )

    @property
    def printed(self) -> str:
        """Nine groups of four characters, the last one a check."""
        text = _base32(self.secret) + _check(self.secret)
        return "-".join(text[i : i + _GROUP] for i in range(0, len(text), _GROUP))

    def derive(self, salt: bytes) -> bytes:
        """Return the 32-byte key that wraps the master key."""
        info = b"retina-desktop recovery"
        return HKDF(hashes.SHA256(), length=32, salt=salt, info=info).derive(self.secret)


def _check(secret: bytes) -> str:
    return _base32(sha256(b"retina-desktop recovery key" + secret).digest()[:_BYTES])[:_CHECKED]


def _base32(data: bytes) -> str:
    number = int.from_bytes(data, "big")
    digits = len(data) * 8 // 5
    return "".join(_ALPHABET[number >> 5 * place & 31] for place in reversed(range(digits)))
