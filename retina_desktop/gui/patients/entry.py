"""What stands in the form of a patient: texts as typed, and what is wrong with each."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date

from retina_desktop.domain.patients import Condition, PatientDetails, Sex
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.undo import History
from retina_desktop.gui.patients.typed_dates import DateOrder, read_date
from retina_desktop.gui.sentences import sentence_of


@dataclass(frozen=True, slots=True)
class PatientEntry:
    """The form's fields as they stand, right or wrong; ``risk_factors`` has one a line."""

    record_number: str = ""
    name: str = ""
    birth_date: str = ""
    sex: Sex = Sex.NOT_STATED
    contact: str = ""
    notes: str = ""
    diabetes: Condition = Condition.UNKNOWN
    hypertension: Condition = Condition.UNKNOWN
    risk_factors: str = ""

    def with_field(self, field: str, value: object) -> "PatientEntry":
        """Return the entry with one field changed."""
        return replace(self, **{field: value})  # type: ignore[arg-type]  # by the field's name

    def to_document(self) -> dict[str, str]:
        """Return the texts by field, as a draft keeps them."""
        return {field.name: str(getattr(self, field.name)) for field in fields(self)}


FIELDS = tuple(field.name for field in fields(PatientEntry))


def entry_of(details: PatientDetails, order: DateOrder) -> PatientEntry:
    """Return the form of a patient that is in the records."""
    return PatientEntry(
        record_number=details.record_number,
        name=details.name,
        birth_date=order.written(details.birth_date) if details.birth_date else "",
        sex=details.sex,
        contact=details.contact,
        notes=details.notes,
        diabetes=details.diabetes,
        hypertension=details.hypertension,
        risk_factors="\n".join(details.risk_factors),
    )


def entry_from_document(document: Mapping[str, object]) -> PatientEntry:
    """Return a kept draft's entry; what an older or newer program wrote otherwise is left."""
    entry = PatientEntry()
    for field in FIELDS:
        value = document.get(field)
        if not isinstance(value, str):
            continue
        kind = type(getattr(entry, field))
        try:
            entry = entry.with_field(field, kind(value))
        except ValueError:
            continue
    return entry


def details_of(entry: PatientEntry, order: DateOrder, today: date) -> PatientDetails:
    """Return what the form says.

    Raises
    ------
    InvalidEntryError
        For the first field that cannot be kept.
    """
    details = PatientDetails(
        record_number=entry.record_number,
        name=entry.name,
        birth_date=read_date(entry.birth_date, order, field="birth_date"),
        sex=entry.sex,
        contact=entry.contact,
        notes=entry.notes,
        diabetes=entry.diabetes,
        hypertension=entry.hypertension,
        risk_factors=tuple(entry.risk_factors.splitlines()),
    )
    details.check_born_by(today)
    return details


def faults_of(entry: PatientEntry, order: DateOrder, today: date) -> dict[str, str]:
    """Return, by field, the sentence on what is wrong with it; each field judged alone."""
    sound = PatientEntry(record_number="1", name="1")
    faults = {}
    for field in FIELDS:
        alone = sound.with_field(field, getattr(entry, field))
        try:
            details_of(alone, order, today)
        except InvalidEntryError as error:
            faults[field] = sentence_of(error)
    return faults


def edited(history: History[PatientEntry], field: str, value: object) -> History[PatientEntry]:
    """Return the history after a change of one field; typing on in it is one step."""
    return history.changed(history.present.with_field(field, value), field, continues=True)
