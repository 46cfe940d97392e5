"""One image's bytes, encrypted in chunks so that any change, cut or swap is noticed.

A file is a header (magic, a random salt, the size and SHA-256 of the original) and chunks of
1 MiB, each with AES-256-GCM's 16-byte tag. The key of a file is derived from the store's key
and the salt (HKDF-SHA256), so a chunk's number can be its nonce: no nonce is ever used twice
with a key. The authenticated extra data of every chunk are the whole header, the chunk's number
and the number of chunks: a chunk moved, repeated, dropped or taken from another file fails.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

CHUNK_BYTES = 1 << 20
_MAGIC = b"RDIMG\x01"
_SALT_BYTES = 32
_TAG_BYTES = 16
_HEADER = struct.Struct(f">{len(_MAGIC)}s{_SALT_BYTES}sQ32s")
_PLACE = struct.Struct(">QQ")  # chunk number, number of chunks
HEADER_BYTES = _HEADER.size


class Readable(Protocol):
    """What chunks are read from."""

    def read(self, size: int, /) -> bytes:
        """Return at most `size` bytes, all of them unless the end is reached."""
        ...


class CipherFileError(Exception):
    """The file is not, or no longer, what was written; internal to the image store."""


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a file says of itself, believed only once a chunk has been authenticated."""

    salt: bytes
    size: int  # bytes of the original
    digest: bytes  # SHA-256 of the original

    @property
    def chunks(self) -> int:
        """How many chunks follow; an empty original has one, to authenticate the header."""
        return max(1, -(-self.size // CHUNK_BYTES))

    @property
    def file_size(self) -> int:
        """Bytes of the whole file."""
        return HEADER_BYTES + self.size + self.chunks * _TAG_BYTES

    def packed(self) -> bytes:
        """Return the header's bytes."""
        return _HEADER.pack(_MAGIC, self.salt, self.size, self.digest)


def encrypt(source: Readable, header: ImageHeader, key: bytes) -> Iterator[bytes]:
    """Yield the file's bytes; `source` stands at its start and is read once.

    Raises
    ------
    CipherFileError
        If the source is shorter or longer than the header says.
    """
    packed, cipher = header.packed(), _cipher(key, header.salt)
    yield packed
    left = header.size
    for number in range(header.chunks):
        plain = source.read(min(CHUNK_BYTES, left))
        left -= len(plain)
        place = _PLACE.pack(number, header.chunks)
        yield cipher.encrypt(_nonce(number), plain, packed + place)
    if left or source.read(1):
        raise CipherFileError("the source changed while it was read")


def decrypt(file: Readable, key: bytes, *, digest: bytes) -> Iterator[bytes]:
    """Yield the original's bytes; only the end of the iteration says that all is well.

    Every chunk authenticates the header with the original's SHA-256, `digest`, in it; hashing
    again what was decrypted would cost more than the decryption and tell nothing new.

    Raises
    ------
    CipherFileError
        If anything was changed, cut or appended, or the file is of another image.
    """
    header = read_header(file)
    if header.digest != digest:
        raise CipherFileError("the file holds another image")
    packed, cipher = header.packed(), _cipher(key, header.salt)
    left = header.size
    for number in range(header.chunks):
        length = min(CHUNK_BYTES, left)
        sealed = file.read(length + _TAG_BYTES)
        try:
            place = _PLACE.pack(number, header.chunks)
            plain = cipher.decrypt(_nonce(number), sealed, packed + place)
        except (InvalidTag, ValueError) as error:
            raise CipherFileError("a chunk is damaged") from error
        left -= len(plain)
        yield plain
    if file.read(1):
        raise CipherFileError("the file is too long")


def read_header(file: Readable) -> ImageHeader:
    """Return the header at the start of `file`.

    Raises
    ------
    CipherFileError
        If there is none.
    """
    packed = file.read(HEADER_BYTES)
    if len(packed) != HEADER_BYTES:
        raise CipherFileError("the file is cut short")
    magic, salt, size, digest = _HEADER.unpack(packed)
    if magic != _MAGIC:
        raise CipherFileError("the file is not of the image store")
    return ImageHeader(salt, size, digest)


def _cipher(key: bytes, salt: bytes) -> AESGCM:
    derived = HKDF(hashes.SHA256(), length=32, salt=salt, info=b"retina-desktop image file")
    return AESGCM(derived.derive(key))


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")
