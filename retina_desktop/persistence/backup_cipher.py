"""A stream of unknown length, encrypted in chunks: a server's dump on its way into a file.

The form is that of `image_cipher` (a key of its own per file by HKDF, the chunk's number as
nonce), except that nothing of the content is known beforehand: each chunk says in what it
authenticates whether it is the last, so a file cut at a chunk's end fails as well.
"""

import os
from collections.abc import Iterable, Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from retina_desktop.persistence.image_cipher import CHUNK_BYTES, CipherFileError, Readable

_MAGIC = b"RDSTM\x01"
_SALT_BYTES = 32
_TAG_BYTES = 16


def encrypt_stream(parts: Iterable[bytes], key: bytes) -> Iterator[bytes]:
    """Yield the encrypted file of all `parts` together."""
    salt = os.urandom(_SALT_BYTES)
    cipher, number = _cipher(key, salt), 0
    yield _MAGIC + salt
    waiting = bytearray()
    for part in parts:
        waiting += part
        while len(waiting) > CHUNK_BYTES:  # one stays back: it may be the last
            chunk, waiting = bytes(waiting[:CHUNK_BYTES]), waiting[CHUNK_BYTES:]
            yield cipher.encrypt(_nonce(number), chunk, _place(salt, last=False))
            number += 1
    yield cipher.encrypt(_nonce(number), bytes(waiting), _place(salt, last=True))


def decrypt_stream(file: Readable, key: bytes) -> Iterator[bytes]:
    """Yield the content; only the end of the iteration says that all is well.

    Raises
    ------
    CipherFileError
        If anything was changed, cut or appended, or the key is another.
    """
    header = file.read(len(_MAGIC) + _SALT_BYTES)
    if len(header) != len(_MAGIC) + _SALT_BYTES or not header.startswith(_MAGIC):
        raise CipherFileError("the file is no encrypted stream")
    salt = header[len(_MAGIC) :]
    cipher, number = _cipher(key, salt), 0
    chunk, following = file.read(CHUNK_BYTES + _TAG_BYTES), b""
    while chunk:
        following = file.read(CHUNK_BYTES + _TAG_BYTES)
        try:
            yield cipher.decrypt(_nonce(number), chunk, _place(salt, last=not following))
        except InvalidTag as error:
            raise CipherFileError("a chunk is damaged") from error
        chunk, number = following, number + 1
    if not number:
        raise CipherFileError("the file is cut short")


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    derived = HKDF(hashes.SHA256(), length=32, salt=salt, info=b"retina-desktop stream")
    return AESGCM(derived.derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _place(salt: bytes, *, last: bool) -> bytes:
    return _MAGIC + salt + (b"\x01" if last else b"\x00")
