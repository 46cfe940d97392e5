"""A visit while somebody works on it: what was typed, and what of it can be kept.

Texts stay as they were typed until they are values; a field that is no value yet has a
sentence, keeps what was stored, and holds up no other field.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.examinations import Examination, ExaminationDetails, StoredImage
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    Tonometry,
    VisualAcuity,
)
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import InvalidEntryError

_NO_NUMBER = "A pressure is a number of mmHg such as 15 or 15.5."


@dataclass(frozen=True, slots=True)
class EyeEntry:
    """One eye's measurements as typed; empty texts are nothing measured."""

    acuity: str = ""
    correction: Correction = Correction.NOT_STATED
    pressure: str = ""
    method: Tonometry = Tonometry.NOT_STATED


@dataclass(frozen=True, slots=True)
class DetailsEntry:
    """The visit's details as typed."""

    visit_date: date
    operator: str = ""
    reason: str = ""
    right: EyeEntry = EyeEntry()
    left: EyeEntry = EyeEntry()

    def eye(self, eye: Laterality) -> EyeEntry:
        """Return what was typed of an eye."""
        return self.right if eye is Laterality.RIGHT else self.left

    def with_eye(self, eye: Laterality, entry: EyeEntry) -> "DetailsEntry":
        """Return the entry with another eye's measurements."""
        if eye is Laterality.RIGHT:
            return replace(self, right=entry)
        return replace(self, left=entry)


@dataclass(frozen=True, slots=True)
class PhotographDraft:
    """What may change about a stored photograph."""

    image_id: int
    eye: Laterality | None = None
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class VisitDraft:
    """Everything of a visit that may change until it is signed, as one value to undo."""

    details: DetailsEntry
    reading: Reading
    photographs: tuple[PhotographDraft, ...] = ()
    handed_over: bool = False

    def photograph(self, image_id: int) -> PhotographDraft | None:
        """Return a photograph's draft."""
        return next((p for p in self.photographs if p.image_id == image_id), None)

    def with_photograph(self, changed: PhotographDraft) -> "VisitDraft":
        """Return the draft with one photograph changed, or added at the end."""
        if self.photograph(changed.image_id) is None:
            return replace(self, photographs=(*self.photographs, changed))
        photographs = tuple(
            changed if p.image_id == changed.image_id else p for p in self.photographs
        )
        return replace(self, photographs=photographs)


def draft_of(
    examination: Examination, images: Iterable[StoredImage], reading: Reading | None
) -> VisitDraft:
    """Return the draft that agrees with what is stored."""
    return VisitDraft(
        entry_of(examination.details),
        reading or Reading(),
        tuple(PhotographDraft(i.id, i.laterality, i.withdrawn) for i in images),
        examination.handed_over,
    )


def entry_of(details: ExaminationDetails) -> DetailsEntry:
    """Return the texts that stand for stored details."""
    return DetailsEntry(
        details.visit_date,
        details.operator,
        details.reason,
        _eye_entry(details.right),
        _eye_entry(details.left),
    )


def read_entry(
    entry: DetailsEntry, stored: ExaminationDetails, *, today: date
) -> tuple[ExaminationDetails, Mapping[str, str]]:
    """Return the details to keep, and a sentence for each field that is no value yet.

    Parameters
    ----------
    entry : DetailsEntry
        As typed.
    stored : ExaminationDetails
        What a field keeps while it is no value.
    today : date
        A visit lies on it or before.

    Returns
    -------
    tuple of ExaminationDetails and Mapping
        Fields are named ``visit_date``, ``operator``, ``reason``, ``right.acuity``,
        ``right.pressure``, ``left.acuity`` and ``left.pressure``.
    """
    problems: dict[str, str] = {}
    day = entry.visit_date
    if day > today:
        problems["visit_date"] = "The visit lies in the future; choose today or a day before."
        day = stored.visit_date
    kept = replace(stored, visit_date=day)
    try:
        kept = replace(kept, operator=entry.operator)
    except InvalidEntryError as error:
        problems["operator"] = str(error)
    try:
        kept = replace(kept, reason=entry.reason)
    except InvalidEntryError as error:
        problems["reason"] = str(error)
    right = _measurements(entry.right, stored.right, "right", problems)
    left = _measurements(entry.left, stored.left, "left", problems)
    return replace(kept, right=right, left=left), problems


def _measurements(
    entry: EyeEntry, stored: EyeMeasurements, eye: str, problems: dict[str, str]
) -> EyeMeasurements:
    acuity, pressure = stored.acuity, stored.pressure
    try:
        text = entry.acuity.strip()
        acuity = VisualAcuity(text, entry.correction) if text else None
    except InvalidEntryError as error:
        problems[f"{eye}.acuity"] = str(error)
    try:
        pressure = _pressure(entry)
    except InvalidEntryError as error:
        problems[f"{eye}.pressure"] = str(error)
    return EyeMeasurements(acuity, pressure)


def _pressure(entry: EyeEntry) -> IntraocularPressure | None:
    text = entry.pressure.strip().removesuffix("mmHg").strip().replace(",", ".")
    if not text:
        return None
    try:
        mmhg = float(text)
    except ValueError:
        raise InvalidEntryError("pressure", _NO_NUMBER) from None
    return IntraocularPressure(mmhg, entry.method)


def _eye_entry(measured: EyeMeasurements) -> EyeEntry:
    acuity, pressure = measured.acuity, measured.pressure
    return EyeEntry(
        acuity.entry if acuity else "",
        acuity.correction if acuity else Correction.NOT_STATED,
        f"{pressure.mmhg:g}" if pressure else "",
        pressure.method if pressure else Tonometry.NOT_STATED,
    )
