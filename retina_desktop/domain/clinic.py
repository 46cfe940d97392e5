"""The clinic as its reports show it, and what holds for all its workstations."""

from dataclasses import dataclass, field

from retina_desktop.domain.plain_text import clean_line, clean_text
from retina_desktop.domain.record_errors import InvalidEntryError

DEFAULT_LOCK_MINUTES = 10
LONGEST_LOCK_MINUTES = 480
_MOST_LINES = 8


@dataclass(frozen=True, slots=True)
class ClinicProfile:
    """Who examines and reports.

    ``address`` and ``contact`` may have several lines; ``logo`` is a PNG (`imaging.marks`),
    empty where there is none.
    """

    name: str
    address: str = ""
    contact: str = ""
    logo: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        put = object.__setattr__  # the dataclass is frozen for everybody else
        put(self, "name", clean_line(self.name, field="clinic_name", limit=200, required=True))
        put(self, "address", _lines(self.address, field="address"))
        put(self, "contact", _lines(self.contact, field="contact"))

    @property
    def address_lines(self) -> tuple[str, ...]:
        """The address, line by line."""
        return tuple(self.address.split("\n")) if self.address else ()


def check_lock_minutes(minutes: int) -> int:
    """Return `minutes` after which an idle window locks, 0 for never.

    Raises
    ------
    InvalidEntryError
        If it is negative or longer than a working day.
    """
    if not 0 <= minutes <= LONGEST_LOCK_MINUTES:
        raise InvalidEntryError(
            "lock_after",
            f"The window locks after 1 to {LONGEST_LOCK_MINUTES} minutes, or never (0).",
        )
    return minutes


def _lines(text: str, *, field: str) -> str:
    lines = [line.strip() for line in clean_text(text, field=field, limit=600).split("\n")]
    kept = [line for line in lines if line]
    if len(kept) > _MOST_LINES:
        raise InvalidEntryError(field, f"The {field} has at most {_MOST_LINES} lines.")
    return "\n".join(kept)
