"""A visit's details on the command line: options, how they are read, how they are told."""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated

import typer

from retina_desktop.cli.console import ExitCode, stop
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.eye_measurements import Correction, EyeMeasurements, Tonometry
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.visit_drafts import DetailsEntry, entry_of, read_entry

_ACUITY_HELP = "Visual acuity: 6/12, 20/40, 0.5, 'logMAR 0.3', CF, HM, LP or NLP."

AcuityRight = Annotated[
    str | None, typer.Option("--acuity-right", metavar="ACUITY", help=_ACUITY_HELP)
]
AcuityLeft = Annotated[
    str | None, typer.Option("--acuity-left", metavar="ACUITY", help="As --acuity-right.")
]
CorrectionRight = Annotated[
    Correction | None, typer.Option("--correction-right", help="How the eye saw the chart.")
]
CorrectionLeft = Annotated[
    Correction | None, typer.Option("--correction-left", help="As --correction-right.")
]
IopRight = Annotated[
    str | None, typer.Option("--iop-right", metavar="MMHG", help="Intraocular pressure.")
]
IopLeft = Annotated[
    str | None, typer.Option("--iop-left", metavar="MMHG", help="As --iop-right.")
]
TonometryRight = Annotated[
    Tonometry | None, typer.Option("--tonometry-right", help="How it was measured.")
]
TonometryLeft = Annotated[
    Tonometry | None, typer.Option("--tonometry-left", help="As --tonometry-right.")
]


@dataclass(frozen=True, slots=True)
class MeasuredOptions:
    """What was given of one eye; None leaves a part as it is, an empty text takes it away."""

    acuity: str | None = None
    correction: Correction | None = None
    iop: str | None = None
    tonometry: Tonometry | None = None

    @property
    def is_given(self) -> bool:
        """Whether there is anything to change."""
        parts = (self.acuity, self.correction, self.iop, self.tonometry)
        return any(part is not None for part in parts)


@dataclass(frozen=True, slots=True)
class DetailsOptions:
    """What was given of a visit; None leaves a part as it is."""

    visit_date: date | None = None
    operator: str | None = None
    reason: str | None = None
    right: MeasuredOptions = MeasuredOptions()
    left: MeasuredOptions = MeasuredOptions()

    @property
    def is_given(self) -> bool:
        """Whether there is anything to change."""
        parts = (self.visit_date, self.operator, self.reason)
        measured = self.right.is_given or self.left.is_given
        return measured or any(part is not None for part in parts)

    def applied_to(self, known: ExaminationDetails, *, today: date) -> ExaminationDetails:
        """Return `known` with what was given.

        Raises
        ------
        InvalidEntryError
            With the sentence of the first part that is no value.
        """
        entry = entry_of(known)
        entry = replace(
            entry,
            visit_date=self.visit_date or entry.visit_date,
            operator=entry.operator if self.operator is None else self.operator,
            reason=entry.reason if self.reason is None else self.reason,
        )
        entry = _with_eye(entry, Laterality.RIGHT, self.right)
        entry = _with_eye(entry, Laterality.LEFT, self.left)
        details, problems = read_entry(entry, known, today=today)
        for field, sentence in problems.items():
            raise InvalidEntryError(field, f"{_eye_words(field)}{sentence}")
        return details


def told_details(details: ExaminationDetails) -> list[str]:
    """Return the lines on who took the photographs, why, and what was measured."""
    lines = [f"  Operator: {details.operator}"] if details.operator else []
    lines += [f"  Reason: {details.reason}"] if details.reason else []
    for eye, measured in (
        (Laterality.RIGHT, details.right),
        (Laterality.LEFT, details.left),
    ):
        told = _told_eye(measured)
        lines += [f"  {eye.shown} {told}"] if told else []
    return lines


def _with_eye(entry: DetailsEntry, eye: Laterality, given: MeasuredOptions) -> DetailsEntry:
    old = entry.eye(eye)
    new = replace(
        old,
        acuity=old.acuity if given.acuity is None else given.acuity,
        correction=given.correction or old.correction,
        pressure=old.pressure if given.iop is None else given.iop,
        method=given.tonometry or old.method,
    )
    side = "right" if eye is Laterality.RIGHT else "left"
    if given.correction and not new.acuity.strip():
        stop(ExitCode.USAGE, f"--correction-{side} goes with --acuity-{side}.")
    if given.tonometry and not new.pressure.strip():
        stop(ExitCode.USAGE, f"--tonometry-{side} goes with --iop-{side}.")
    return entry.with_eye(eye, new)


def _eye_words(field: str) -> str:
    side, dot, _ = field.partition(".")
    return f"{Laterality[side.upper()].shown}: " if dot else ""


def _told_eye(measured: EyeMeasurements) -> str:
    parts = []
    if measured.acuity is not None:
        how = measured.acuity.correction
        stated = f" ({how})" if how is not Correction.NOT_STATED else ""
        parts.append(f"acuity {measured.acuity.entry}{stated}")
    if measured.pressure is not None:
        method = measured.pressure.method
        stated = f" ({method})" if method is not Tonometry.NOT_STATED else ""
        parts.append(f"IOP {measured.pressure.mmhg:g} mmHg{stated}")
    return ", ".join(parts)
