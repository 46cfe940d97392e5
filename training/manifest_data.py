"""The training manifest: which photographs there are and what is known of each.

A CSV file with the columns ``file, source, patient, split, positives, known, orig_label,
orig_size, licence``. ``positives`` and ``known`` are ``;``-separated label codes; ``*`` in
``known`` means every label. A label in neither is *unknown*, never negative.
"""

import csv
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import RetinaError

ALL_LABELS = "*"
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
    original_size: str  # "WIDTHxHEIGHT" before the set was prepared, "" when not stated
    licence: str
    part: str | None = None  # a `splits.Part`, where the source comes divided
    dr_grade: int | None = None  # of diabetic retinopathy, 0 to 4, where the source says it

    def states(self, code: str) -> bool:
        """Whether the source says if `code` is present."""
        return code in self.known or ALL_LABELS in self.known


def read_manifest(path: Path) -> tuple[LabelledImage, ...]:
    """Read the manifest at `path`, in the file's order.

    Raises
    ------
    ManifestUnreadableError
        If the file is missing, lacks a column or a value, or names a photograph twice.
    """
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            reader = csv.DictReader(stream)
            missing = [c for c in COLUMNS if c not in (reader.fieldnames or ())]
            if missing:
                raise ManifestUnreadableError(
                    f"{path.name} lacks the columns {', '.join(missing)}."
                )
            images = tuple(_image(row, path.name, reader.line_num) for row in reader)
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestUnreadableError(f"{path.name} cannot be read.") from error
    if len({image.path for image in images}) != len(images):
        raise ManifestUnreadableError(f"{path.name} names a photograph twice.")
    return images


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


def _image(row: dict[str, str], name: str, line: int) -> LabelledImage:
    if any(row[column] is None for column in COLUMNS):
        raise ManifestUnreadableError(
            f"{name}, line {line} has fewer values than columns; write all of them, empty "
            "where nothing is known."
        )
    positives = _codes(row["positives"])
    return LabelledImage(
        path=row["file"],
        source=row["source"],
        patient=row["patient"],
        positives=positives,
        known=_codes(row["known"]) | positives,
        original_size=row["orig_size"],
        licence=row["licence"],
        dr_grade=read_dr_grade(row.get(GRADE_COLUMN) or ""),
    )


def _codes(text: str) -> frozenset[str]:
    return frozenset(code for part in text.split(";") if (code := part.strip()))
