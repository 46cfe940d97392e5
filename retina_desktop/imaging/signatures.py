"""What a file is, told by its first bytes and never by its name."""

from enum import StrEnum

HEAD_BYTES = 512  # what `recognise` wants to see

_DICOM_PREFIX = slice(128, 132)
_BITMAP_HEADER_BYTES = frozenset({12, 40, 52, 56, 64, 108, 124})
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00")  # a DICOM data set begins with (0002,) or (0008,)
_VALUE_REPRESENTATIONS = frozenset(
    b"AE AS AT CS DA DS DT FD FL IS LO LT OB OF OW PN SH SL SQ SS ST TM UI UL UN US UT".split()
)
_LONGEST_FIRST_VALUE = 1024
_CMS_ENVELOPED_DATA = bytes.fromhex("2a864886f70d010703")  # OID 1.2.840.113549.1.7.3

_OTHERS = (
    (0, b"GIF8", "a GIF"),
    (4, b"ftypavif", "an AVIF"),
    (4, b"ftyphei", "a HEIC"),
    (4, b"ftypmif1", "a HEIC"),
    (0, b"\x00\x00\x00\x0cjP  ", "a JPEG 2000"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000"),
    (0, b"\xff\x0a", "a JPEG XL"),
    (0, b"\x00\x00\x00\x0cJXL ", "a JPEG XL"),
    (0, b"8BPS", "a Photoshop"),
    (0, b"%PDF", "a PDF"),
    (0, b"PK\x03\x04", "a ZIP"),
)


class FileKind(StrEnum):
    """A format that is read here; the value is `FundusImage.source_format`."""

    JPEG = "JPEG"
    PNG = "PNG"
    TIFF = "TIFF"
    BMP = "BMP"
    WEBP = "WEBP"
    DICOM = "DICOM"


_MAGIC = (
    (b"\xff\xd8\xff", FileKind.JPEG),
    (b"\x89PNG\r\n\x1a\n", FileKind.PNG),
    (b"II*\x00", FileKind.TIFF),
    (b"MM\x00*", FileKind.TIFF),
    (b"II+\x00", FileKind.TIFF),  # BigTIFF
    (b"MM\x00+", FileKind.TIFF),
)


def recognise(head: bytes) -> FileKind | None:
    """Return the format of a file that begins with `head`, or None for any other.

    DICOM comes first: its free 128 bytes may hold another format's signature (dual files).
    """
    if head[_DICOM_PREFIX] == b"DICM":
        return FileKind.DICOM
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BITMAP_HEADER_BYTES:
        return FileKind.BMP
    if _begins_like_bare_dicom(head):
        return FileKind.DICOM
    return None


def name_of_other(head: bytes) -> str | None:
    """Return the name, with its article, of a known format that is not read here."""
    for offset, magic, name in _OTHERS:
        if head.startswith(magic, offset):
            return name
    return None


def is_encrypted_envelope(head: bytes) -> bool:
    """Whether this is a CMS envelope, the form of a secure DICOM file (PS3.10, 7.4)."""
    return head[:1] == b"\x30" and _CMS_ENVELOPED_DATA in head[:64]


def _begins_like_bare_dicom(head: bytes) -> bool:
    """Whether a DICOM data set starts at once, without preamble (old or careless writers)."""
    if head[:2] not in _FIRST_GROUPS or len(head) < 8 or head[3] != 0:
        return False
    if head[4:6] in _VALUE_REPRESENTATIONS:
        return True
    length = int.from_bytes(head[4:8], "little")  # implicit VR
    return length % 2 == 0 and length <= min(_LONGEST_FIRST_VALUE, len(head))
