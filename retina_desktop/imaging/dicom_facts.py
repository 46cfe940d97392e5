"""What a DICOM header says of patient, eye and day, taken where it makes sense."""

import re
from datetime import date

from pydicom import Dataset
from pydicom.errors import BytesLengthException
from pydicom.valuerep import PersonName

from retina_desktop.domain.images import DicomFacts, Laterality

_LONGEST_TEXT = 256
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_DATE = re.compile(r"(\d{4})[.\-/]?(\d{2})[.\-/]?(\d{2})")  # old ACR-NEMA files have dots
_ACQUISITION_DATES = (
    "AcquisitionDateTime",
    "AcquisitionDate",
    "ContentDate",
    "SeriesDate",
    "StudyDate",
)
# What a malformed element raises when it is looked at: any conversion inside pydicom.
_MALFORMED = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    BytesLengthException,
    LookupError,
    NotImplementedError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    Warning,
)


def read_facts(dataset: Dataset) -> DicomFacts:
    """Read the facts; a missing or malformed value is left empty and never an error."""
    return DicomFacts(
        patient_id=_text(dataset, "PatientID"),
        patient_name=_person(dataset, "PatientName"),
        birth_date=_date(_text(dataset, "PatientBirthDate")),
        sex=_sex(dataset),
        laterality=_laterality(dataset),
        acquired_on=_acquired_on(dataset),
        manufacturer=_text(dataset, "Manufacturer"),
        sop_instance_uid=_text(dataset, "SOPInstanceUID"),
        native_name=_native_name(dataset),
    )


def text_of(value: object) -> str:
    """Return a value as one printable line of bounded length."""
    return _UNPRINTABLE.sub(" ", "" if value is None else str(value)).strip()[:_LONGEST_TEXT]


def _value(dataset: Dataset, keyword: str) -> object:
    try:
        return dataset.get(keyword)
    except _MALFORMED:
        return None


def _text(dataset: Dataset, keyword: str) -> str:
    try:
        return text_of(_value(dataset, keyword))
    except _MALFORMED:
        return ""


def _person(dataset: Dataset, keyword: str) -> str:
    """Return ``Family, Given``: the alphabetic form, or the ideographic where it is alone."""
    name = _value(dataset, keyword)
    if not isinstance(name, PersonName):
        return _text(dataset, keyword)
    try:
        family, _, rest = (str(name).split("=")[0] or name.ideographic).partition("^")
    except _MALFORMED:
        return ""
    given = " ".join(rest.split("^")[:2]).strip()
    return text_of(f"{family.strip()}, {given}" if given else family)


def _native_name(dataset: Dataset) -> str:
    """Return the ideographic group of a name (PS3.5, 6.2.1.1), family name first."""
    name = _value(dataset, "PatientName")
    if not isinstance(name, PersonName):
        return ""
    try:
        return text_of(" ".join(name.ideographic.replace("^", " ").split()))
    except _MALFORMED:
        return ""


def _sex(dataset: Dataset) -> str:
    """Return M, F or O, as DICOM knows them."""
    sex = _text(dataset, "PatientSex").upper()
    return sex if sex in {"M", "F", "O"} else ""


def _date(text: str) -> date | None:
    match = _DATE.match(text)
    if match is None:
        return None
    try:
        return date(*(int(part) for part in match.groups()))
    except ValueError:
        return None


def _acquired_on(dataset: Dataset) -> date | None:
    days = (_date(_text(dataset, keyword)) for keyword in _ACQUISITION_DATES)
    return next((day for day in days if day is not None), None)


def _laterality(dataset: Dataset) -> Laterality | None:
    """Return the eye of this image; of its series only where the image does not say."""
    for holder, keyword in (
        (dataset, "ImageLaterality"),
        (_frame_anatomy(dataset), "FrameLaterality"),
        (dataset, "Laterality"),
    ):
        said = _text(holder, keyword).upper() if holder is not None else ""
        if said in {"R", "L"}:
            return Laterality(said)
        if said in {"B", "U"}:
            return None
    return None


def _frame_anatomy(dataset: Dataset) -> Dataset | None:
    """Return the shared frame anatomy of enhanced objects (PS3.3, C.7.6.16.2.8)."""
    item: object = dataset
    for keyword in ("SharedFunctionalGroupsSequence", "FrameAnatomySequence"):
        sequence = _value(item, keyword) if isinstance(item, Dataset) else None
        try:
            item = sequence[0]  # type: ignore[index]  # anything may stand there
        except _MALFORMED:
            return None
    return item if isinstance(item, Dataset) else None
