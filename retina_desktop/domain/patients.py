"""Patients: what the clinic knows of them, and the version that guards against lost changes."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from enum import StrEnum

from retina_desktop.domain.plain_text import clean_line, clean_text
from retina_desktop.domain.record_errors import FieldChange, InvalidEntryError

EARLIEST_BIRTH = date(1880, 1, 1)
MOST_RISK_FACTORS = 50


class Sex(StrEnum):
    """As DICOM codes it, with a code of its own for *not stated*."""

    FEMALE = "F"
    MALE = "M"
    OTHER = "O"
    NOT_STATED = "U"


class Condition(StrEnum):
    """Whether a patient has a disease, as far as anybody asked."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PatientDetails:
    """What a person enters of a patient.

    Texts are kept in Unicode NFC without outer blanks; an InvalidEntryError says which field
    cannot be kept. ``name`` is in the patient's own script, in the order they write it.
    """

    record_number: str
    name: str
    birth_date: date | None = None
    sex: Sex = Sex.NOT_STATED
    contact: str = ""
    notes: str = ""
    diabetes: Condition = Condition.UNKNOWN
    hypertension: Condition = Condition.UNKNOWN
    risk_factors: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__  # the dataclass is frozen for everybody else
        number = clean_line(self.record_number, field="record_number", limit=64, required=True)
        put(self, "record_number", number)
        put(self, "name", clean_line(self.name, field="name", limit=200, required=True))
        put(self, "contact", clean_text(self.contact, field="contact", limit=1000))
        put(self, "notes", clean_text(self.notes, field="notes", limit=20_000))
        put(self, "risk_factors", _clean_risk_factors(self.risk_factors))
        if self.birth_date is not None and self.birth_date < EARLIEST_BIRTH:
            raise InvalidEntryError(
                "birth_date", f"A birth date before {EARLIEST_BIRTH.year} is not kept."
            )

    def check_born_by(self, day: date) -> None:
        """Raise an InvalidEntryError if the birth date lies after `day`."""
        if self.birth_date is not None and self.birth_date > day:
            raise InvalidEntryError("birth_date", "The birth date lies in the future.")

    def age_on(self, day: date) -> int | None:
        """Return completed years on `day`; None when the birth date is unknown or later."""
        born = self.birth_date
        if born is None or born > day:
            return None
        return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient as stored; ``version`` rises by one with every change.

    ``merged_into`` is the patient in whose record this one shows, None for all but doubles.
    """

    id: int
    version: int
    details: PatientDetails
    created_at: datetime
    created_by: str
    changed_at: datetime
    changed_by: str
    merged_into: int | None = None


def differences(stored: PatientDetails, yours: PatientDetails) -> tuple[FieldChange, ...]:
    """Return the fields in which two states of a patient differ, in the fields' order."""
    return tuple(
        FieldChange(field.name, _shown(old), _shown(new))
        for field in fields(PatientDetails)
        if (old := getattr(stored, field.name)) != (new := getattr(yours, field.name))
    )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    return "" if value is None else str(value)


def _clean_risk_factors(texts: tuple[str, ...]) -> tuple[str, ...]:
    cleaned = (clean_line(text, field="risk_factors", limit=200) for text in texts)
    kept = tuple(dict.fromkeys(text for text in cleaned if text))
    if len(kept) > MOST_RISK_FACTORS:
        raise InvalidEntryError(
            "risk_factors", f"More than {MOST_RISK_FACTORS} risk factors are not kept."
        )
    return kept
