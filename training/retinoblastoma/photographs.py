"""Which photographs teach and judge: tumours, infants without one, children, adults.

A retinoblastoma is a tumour of infants, photographed with wide-field cameras held in the hand;
whatever other photographs there are come from other cameras. So the negatives are told apart:
infants (retinopathy of prematurity and screening for it) are camera-nearer, children and adults
are easy. Adults do not have the tumour, whatever else they have; nothing states it.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from training.manifest_data import LabelledImage, ManifestUnreadableError

TUMOUR_CODE = "RB"
INFANT_CODES = frozenset({"ROP", "PEDNORMAL"})
NOT_FUNDUS_CODE = "NOT_FUNDUS"
CHILDREN_SOURCES = ("CHASE_DB1",)  # about ten years old


class Kind(StrEnum):
    """Whom a photograph shows, as far as the comparison needs it."""

    TUMOUR = "retinoblastoma"
    INFANT = "infants"
    CHILD = "children"
    OTHER = "adults and others"


@dataclass(frozen=True, slots=True)
class Case:
    """One photograph; ``patient`` is unique across sources, "" where it is not known."""

    path: str
    source: str
    licence: str
    patient: str
    kind: Kind

    @property
    def truth(self) -> bool:
        """Whether the photograph is of an eye with retinoblastoma."""
        return self.kind is Kind.TUMOUR


def choose_cases(
    images: Sequence[LabelledImage],
    *,
    others_per_source: int,
    seed: int,
    children: Collection[str] = CHILDREN_SOURCES,
) -> tuple[Case, ...]:
    """Return every tumour, infant, child and stated negative, and a draw of the others.

    Of each other source at most `others_per_source` photographs are drawn, of different
    patients, half of them with a disease where there are so many: bright lesions are what a
    tumour is easily confused with.

    Raises
    ------
    ManifestUnreadableError
        If there is no retinoblastoma, or nothing but.
    """
    kept: list[tuple[int, Case]] = []
    drawn: dict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        if not image.known - {NOT_FUNDUS_CODE}:
            continue
        kind = _kind_of(image, children)
        if kind is Kind.OTHER and TUMOUR_CODE not in image.known:
            drawn[image.source].append(row)
        else:
            kept.append((row, _case(image, kind)))
    generator = np.random.default_rng(seed)
    for _, rows in sorted(drawn.items()):
        chosen = _draw(images, rows, others_per_source, generator)
        kept += [(row, _case(images[row], Kind.OTHER)) for row in chosen]
    cases = tuple(case for _, case in sorted(kept, key=lambda pair: pair[0]))
    tumours = sum(case.truth for case in cases)
    if not 0 < tumours < len(cases):
        raise ManifestUnreadableError(
            f"Photographs with retinoblastoma (label {TUMOUR_CODE}) and without are needed; "
            f"the list has {tumours} and {len(cases) - tumours}."
        )
    return cases


def choose_strangers(
    images: Sequence[LabelledImage], *, per_source: int, seed: int
) -> tuple[Case, ...]:
    """Return photographs that teach nothing: sources without labels, and what is no fundus.

    They show how the model meets what it never saw; their sources are named by what they are.
    """
    drawn: dict[str, list[int]] = defaultdict(list)
    for row, image in enumerate(images):
        if NOT_FUNDUS_CODE in image.positives:
            drawn[f"{image.source}, not a fundus"].append(row)
        elif not image.known - {NOT_FUNDUS_CODE}:
            drawn[f"{image.source}, fundus"].append(row)
    generator = np.random.default_rng(seed)
    return tuple(
        replace(_case(images[row], Kind.OTHER), source=source)
        for source, rows in sorted(drawn.items())
        for row in sorted(generator.permutation(rows)[:per_source].tolist())
    )


def _kind_of(image: LabelledImage, children: Collection[str]) -> Kind:
    if TUMOUR_CODE in image.positives:
        return Kind.TUMOUR
    if INFANT_CODES & image.positives:
        return Kind.INFANT
    return Kind.CHILD if image.source in children else Kind.OTHER


def _case(image: LabelledImage, kind: Kind) -> Case:
    patient = f"{image.source}/{image.patient}" if image.patient else ""
    if not patient and kind in (Kind.INFANT, Kind.CHILD):
        patient = image.source  # of so few photographs, any two may be one child's
    return Case(image.path, image.source, image.licence, patient, kind)


def _draw(
    images: Sequence[LabelledImage],
    rows: Sequence[int],
    count: int,
    generator: np.random.Generator,
) -> list[int]:
    first_of: dict[str, int] = {}
    for row in generator.permutation(rows).tolist():
        first_of.setdefault(images[row].patient or images[row].path, row)
    diseased = [row for row in first_of.values() if images[row].positives]
    healthy = [row for row in first_of.values() if not images[row].positives]
    ill = min(len(diseased), max(count - count // 2, count - len(healthy)))
    return diseased[:ill] + healthy[: count - ill]
