"""The training manifest: which photographs there are and what is known of each.

A CSV file with the columns ``file, source, patient, split, positives, known, orig_label,
orig_size, licence``. ``positives`` and ``known`` are ``;``-separated label codes; ``*`` in
``known`` means every label. A label in neither is *unknown*, never negative.
"""

import csv
import io
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.domain.quality import ImageQuality

ALL_LABELS = "*"
# Codes outside RFMiD's 29 that a list may use: no model of these learns them, but they tell
# children's photographs apart, what is no fundus, and cotton wool spots.
EXTRA_CODES = frozenset({"RB", "ROP", "PEDNORMAL", "NOT_FUNDUS", "CWS"})
ANY_DISEASE = "Disease_Risk"
GRADE_COLUMN = "orig_label"  # as the source wrote it; may hold the grade of a retinopathy
COLUMNS = ("file", "source", "patient", "positives", "known", "orig_size", "licence")

Targets = NDArray[np.float32]  # (N, labels), 1 = present, 0 = absent or unknown
Known = NDArray[np.bool_]  # (N, labels), False = the source does not say


class ManifestUnreadableError(RetinaError):
    """The list of training photographs cannot be used as it is."""


@dataclass(frozen=True, slots=True)
class LabelledImage:
    """One photograph of the manifest; ``known`` always contains ``positives``."""

    path: str  # relative to the manifest's folder, forward slashes
    source: str
    patient: str  # "" where the source gives none
    positives: frozenset[str]
    known: frozenset[str]  # may hold ALL_LABELS
    original_size: str  # "WIDTHxHEIGHT" before the set was prepared, "" when not stated (yet)
    licence: str
    part: str | None = None  # a `splits.Part`, where the source comes divided
    dr_grade: int | None = None  # of diabetic retinopathy, 0 to 4, where the source says it
    quality: ImageQuality | None = None  # by the application's judgement, where it was asked

    def states(self, code: str) -> bool:
        """Whether the source says if `code` is present."""
        return code in self.known or ALL_LABELS in self.known


def read_manifest(path: Path) -> tuple[LabelledImage, ...]:
    """Read the manifest at `path`, in the file's order.

    Raises
    ------
    ManifestUnreadableError
        If the file is missing, lacks a column or a value, names a label that does not exist,
        or names a photograph twice.
    """
    images = tuple(_image(row, path.name, line) for line, row in read_rows(path, COLUMNS))
    if len({image.path for image in images}) != len(images):
        raise ManifestUnreadableError(f"{path.name} names a photograph twice.")
    return images


def read_rows(
    path: Path, columns: Sequence[str], *, code_page: str | None = None
) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield the rows of a CSV file, each with its line and a value in every column.

    A byte order mark before the first column's name, as Excel writes it, is no part of it.

    Parameters
    ----------
    path : Path
        The file, in UTF-8.
    columns : Sequence[str]
        Those it must have.
    code_page : str or None
        What the file is read in where it is not UTF-8; None refuses it.

    Raises
    ------
    ManifestUnreadableError
        If it cannot be read, lacks a column, or has a row of another length.
    """
    reader = csv.DictReader(io.StringIO(_text(path, code_page), newline=""), strict=True)
    read_to = 0
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or ())]
        if missing:
            raise ManifestUnreadableError(
                f"{path.name} lacks the columns {', '.join(missing)}."
            )
        read_to = reader.line_num
        for row in reader:
            read_to = reader.line_num
            _check_length(row, path.name, read_to)
            yield read_to, row
    except csv.Error as error:
        raise ManifestUnreadableError(
            f"{path.name} is no whole CSV after line {read_to}; look there for a quotation "
            "mark that is not closed."
        ) from error


def labelled_only(
    images: Iterable[LabelledImage], codes: Sequence[str]
) -> tuple[LabelledImage, ...]:
    """Keep the photographs of which at least one of `codes` is known."""
    return tuple(i for i in images if any(i.states(code) for code in codes))


def unlearned_codes(images: Iterable[LabelledImage], codes: Sequence[str]) -> dict[str, int]:
    """Return the codes that photographs show but no one of `codes` is, with how many do."""
    shown = Counter(code for image in images for code in image.positives)
    return {code: count for code, count in sorted(shown.items()) if code not in codes}


def build_targets(
    images: Sequence[LabelledImage], codes: Sequence[str]
) -> tuple[Targets, Known]:
    """Turn the stated labels into targets and a mask, in the order of `codes`.

    A source that claims to state every label, but never names one of them present, says
    nothing about it in a diseased eye (ODIR's keywords stop at "moderate retinopathy" and
    never mention exudates): there such a label stays unknown. In an eye stated to be
    healthy it is absent.
    """
    named: dict[str, set[str]] = defaultdict(set)
    for image in images:
        named[image.source] |= image.positives
    targets = np.zeros((len(images), len(codes)), np.float32)
    known = np.zeros((len(images), len(codes)), np.bool_)
    for row, image in enumerate(images):
        diseased = bool(image.positives)
        for column, code in enumerate(codes):
            targets[row, column] = code in image.positives
            known[row, column] = code in image.known or (
                ALL_LABELS in image.known and not (diseased and code not in named[image.source])
            )
    return targets, known


def read_dr_grade(text: str) -> int | None:
    """Return the grade of diabetic retinopathy in a source's own words, None without one.

    The international scale (Wilkinson et al., Ophthalmology 2003): 0 none, 1 mild, 2 moderate,
    3 severe non-proliferative, 4 proliferative. Understood are ``DR2`` and ODIR's keywords;
    of several the worst counts, and a retinopathy without a grade leaves it open.
    """
    coded = re.findall(r"\bDR([0-4])\b", text)
    if coded:
        return max(map(int, coded))
    words = text.casefold()
    if words == "normal fundus":
        return 0
    grades = [grade for pattern, grade in _GRADE_WORDS if re.search(pattern, words)]
    return max(grades) if grades else None


_GRADE_WORDS = (
    (r"(?<!suspected )\bmild non ?proliferative retinopathy", 1),
    (r"(?<!suspected )\bmoderate non ?proliferative retinopathy", 2),
    (r"(?<!suspected )\bsevere non ?proliferative retinopathy", 3),
    (r"(?<!non )(?<!non)(?<!suspected )\bproliferative diabetic retinopathy", 4),
)


def _text(path: Path, code_page: str | None) -> str:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ManifestUnreadableError(
            f"{path.name} cannot be read; check whether it is there and open to you."
        ) from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if code_page is None:
            raise ManifestUnreadableError(
                f"{path.name} cannot be read; save it as CSV in UTF-8."
            ) from error
        return content.decode(code_page, errors="replace")


def _check_length(row: dict[str, str], name: str, line: int) -> None:
    """Refuse what DictReader lets pass: None as a value, or as the name of too many values."""
    if None in row.values():
        raise ManifestUnreadableError(
            f"{name}, line {line} has fewer values than columns; write all of them, empty "
            "where nothing is known."
        )
    if None in row:
        raise ManifestUnreadableError(
            f"{name}, line {line} has more values than columns; put values that hold a comma "
            "in quotation marks."
        )


def _image(row: dict[str, str], name: str, line: int) -> LabelledImage:
    positives, known = _codes(row["positives"]), _codes(row["known"])
    _check_codes(positives | (known - {ALL_LABELS}), name, line)
    return LabelledImage(
        path=row["file"],
        source=row["source"],
        patient=row["patient"],
        positives=positives,
        known=known | positives,
        original_size=row["orig_size"],
        licence=row["licence"],
        dr_grade=read_dr_grade(row.get(GRADE_COLUMN) or ""),
    )


def _codes(text: str) -> frozenset[str]:
    return frozenset(code for part in text.split(";") if (code := part.strip()))


def _check_codes(codes: frozenset[str], name: str, line: int) -> None:
    """Refuse a code that nobody knows: a typing error would make a disease absent."""
    unknown = sorted(codes - EXTRA_CODES - set(RFMID_CODES))
    if unknown:
        raise ManifestUnreadableError(
            f"{name}, line {line} names the unknown label {unknown[0]}; write one of RFMiD's "
            f"codes, such as OTHER, or one of {', '.join(sorted(EXTRA_CODES))}."
        )
