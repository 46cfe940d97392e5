"""What the source of an import says of each file, before anything is looked up."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Sex
from retina_desktop.domain.transfer_errors import PatternError
from retina_desktop.services.importing_names import NamePattern


@dataclass(frozen=True, slots=True)
class Claim:
    """One file and what a name, a table's row or nobody says of it.

    ``problem`` is a sentence where the source itself already rules the file out.
    """

    path: Path
    record_number: str = ""
    name: str = ""
    birth_date: date | None = None
    sex: Sex = Sex.NOT_STATED
    eye: Laterality | None = None
    visit_date: date | None = None
    notes: str = ""
    problem: str = ""


def claims_by_name(
    paths: Iterable[Path], pattern: NamePattern, *, below: Path
) -> Iterator[Claim]:
    """Yield what `pattern` reads from each path's part below a folder."""
    for path in paths:
        try:
            facts = pattern.read(path.relative_to(below))
        except PatternError as error:
            yield Claim(path, problem=str(error))
            continue
        if facts is None:
            yield Claim(path, problem="The file's name does not fit the pattern.")
            continue
        yield Claim(
            path,
            record_number=facts.record_number,
            name=facts.name,
            eye=facts.eye,
            visit_date=facts.day,
        )


def claims_by_tags(paths: Iterable[Path]) -> Iterator[Claim]:
    """Yield claims that leave everything to what the DICOM header says."""
    return (Claim(path) for path in paths)
