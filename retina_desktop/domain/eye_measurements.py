"""Visual acuity and intraocular pressure of one eye, as values that refuse nonsense."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum

from retina_desktop.domain.record_errors import InvalidEntryError

_FRACTION = re.compile(r"(\d{1,2}(?:\.\d{1,2})?)\s*/\s*(\d{1,4}(?:\.\d{1,2})?)(p|[+-][1-9])?")
_DECIMAL = re.compile(r"[0-2](?:[.,]\d{1,3})?")
_LOGMAR = re.compile(r"logmar\s*([+-]?\d?(?:[.,]\d{1,2})|[+-]?\d)", re.IGNORECASE)
_BEST_LOGMAR, _WORST_LOGMAR = -0.4, 2.0  # what letter charts measure
_LOWEST_MMHG, _HIGHEST_MMHG = 1.0, 80.0  # the range of applanation tonometers


class LowVision(StrEnum):
    """Acuity below what a chart can measure, best first."""

    COUNTING_FINGERS = "CF"
    HAND_MOVEMENTS = "HM"
    LIGHT_PERCEPTION = "LP"
    NO_LIGHT_PERCEPTION = "NLP"


class Correction(StrEnum):
    """How the eye looked at the chart."""

    UNCORRECTED = "uncorrected"
    CORRECTED = "corrected"
    PINHOLE = "pinhole"
    NOT_STATED = "not stated"


class Tonometry(StrEnum):
    """How the pressure was measured."""

    GOLDMANN = "goldmann"
    NON_CONTACT = "non-contact"
    REBOUND = "rebound"
    OTHER = "other"
    NOT_STATED = "not stated"


@dataclass(frozen=True, slots=True)
class VisualAcuity:
    """One eye's visual acuity, kept as the clinic writes it.

    ``entry`` is a Snellen fraction (``6/12``, ``20/40``), a decimal (``0.5``), ``logMAR 0.3``,
    or one of ``CF HM LP NLP``; blanks and case are made uniform. A fraction may tell letters
    missed or read beyond the line (``6/12-2``, ``6/9p``), which `logmar` does not count.
    """

    entry: str
    correction: Correction = Correction.NOT_STATED

    def __post_init__(self) -> None:
        object.__setattr__(self, "entry", _uniform_acuity(self.entry))

    @property
    def logmar(self) -> float | None:
        """Minus the decadic logarithm of the decimal acuity; None where no chart was read."""
        if self.entry in set(LowVision):
            return None
        return _logmar(self.entry)


@dataclass(frozen=True, slots=True)
class IntraocularPressure:
    """One eye's pressure in mmHg, in [1, 80]."""

    mmhg: float
    method: Tonometry = Tonometry.NOT_STATED

    def __post_init__(self) -> None:
        object.__setattr__(self, "mmhg", float(self.mmhg))
        if not _LOWEST_MMHG <= self.mmhg <= _HIGHEST_MMHG:
            raise InvalidEntryError(
                "pressure",
                f"An intraocular pressure lies between {_LOWEST_MMHG:.0f} and "
                f"{_HIGHEST_MMHG:.0f} mmHg.",
            )


@dataclass(frozen=True, slots=True)
class EyeMeasurements:
    """What was measured on one eye at a visit."""

    acuity: VisualAcuity | None = None
    pressure: IntraocularPressure | None = None


def _uniform_acuity(entry: str) -> str:
    text = entry.strip()
    if text.upper() in set(LowVision):
        return text.upper()
    if match := _FRACTION.fullmatch(text):
        uniform = f"{match[1]}/{match[2]}{match[3] or ''}"
    elif match := _LOGMAR.fullmatch(text):
        uniform = f"logMAR {float(match[1].replace(',', '.')):.2f}"
    elif _DECIMAL.fullmatch(text):
        uniform = text.replace(",", ".")
    else:
        raise _not_an_acuity()
    logmar = _logmar(uniform)
    if logmar is None or not _BEST_LOGMAR <= round(logmar, 2) <= _WORST_LOGMAR:
        raise _not_an_acuity()
    return uniform


def _logmar(uniform: str) -> float | None:
    if uniform.startswith("logMAR "):
        return float(uniform.removeprefix("logMAR "))
    fraction = _FRACTION.fullmatch(uniform)
    top, bottom = (fraction[1], fraction[2]) if fraction else (uniform, "1")
    decimal_top, decimal_bottom = float(top), float(bottom)
    if decimal_top <= 0.0 or decimal_bottom <= 0.0:
        return None
    return math.log10(decimal_bottom / decimal_top)


def _not_an_acuity() -> InvalidEntryError:
    return InvalidEntryError(
        "acuity",
        "A visual acuity is a fraction such as 6/12 or 20/40, a decimal such as 0.5, "
        "logMAR 0.3, or one of CF, HM, LP and NLP.",
    )
