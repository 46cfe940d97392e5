"""Names for research: the same for one record in every export, meaningless without the key.

All is HMAC-SHA256 by a key of the clinic alone, so that two clinics' exports cannot be linked,
and nobody can try out record numbers.
"""

from base64 import b32encode
from dataclasses import dataclass, field
from datetime import date, timedelta
from hmac import new as hmac

OLDEST_SHOWN_AGE = 89  # older people are few; HIPAA's safe harbour puts them in one band
_OLDER = f"{OLDEST_SHOWN_AGE + 1}+"
_LEAST_SHIFT, _MOST_SHIFT = 183, 3650  # days; always back, so that no day lies in the future
_LETTERS = 13  # of base 32: 65 bits


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """What a clinic's key makes of ids."""

    key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.key) < 32:
            raise ValueError("pseudonyms need a key of 32 bytes")

    def name(self, kind: str, record_id: int) -> str:
        """Return the pseudonym of a record, such as ``patient-7QK3...``."""
        letters = b32encode(self._mac("name", kind, record_id)).decode().lower()
        return f"{kind}-{letters[:_LETTERS]}"

    def shifted(self, patient_id: int, day: date) -> date:
        """Return `day` moved by the patient's own constant number of days.

        Intervals between a patient's days stay; days of two patients cannot be compared.
        """
        span = _MOST_SHIFT - _LEAST_SHIFT + 1
        drawn = int.from_bytes(self._mac("shift", "patient", patient_id), "big") % span
        return day - timedelta(days=_LEAST_SHIFT + drawn)

    def _mac(self, use: str, kind: str, record_id: int) -> bytes:
        return hmac(self.key, f"{use}\n{kind}\n{record_id}".encode(), "sha256").digest()


def shown_age(age: int | None) -> str:
    """Return an age in completed years, those above 89 in one band, empty where unknown."""
    if age is None:
        return ""
    return _OLDER if age > OLDEST_SHOWN_AGE else str(age)
