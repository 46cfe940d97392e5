"""The chosen photographs on disk: decoded and cropped once, patients and duplicates grouped."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray
from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.errors import ImageUnreadableError
from training.cache import PhotographsUnreadableError
from training.duplicates import (
    detail_thumbnails,
    difference_hashes,
    find_duplicates,
    group_rows,
)
from training.files import write_atomically
from training.manifest_data import ManifestUnreadableError
from training.retinoblastoma.photographs import Case, Kind
from training.retinoblastoma.pictures import Crops, cut_crop, filled_part

CASES_NAME = "cases.json"
CROPS_NAME = "crops.npz"
LEAST_PATIENTS = 3  # one judges, and two are needed to choose among the others


@dataclass(frozen=True, slots=True, eq=False)
class Collection:
    """Photographs, their crops, and which of them may be one patient's."""

    cases: tuple[Case, ...]
    crops: Crops
    groups: NDArray[np.int64]  # (N,)
    duplicate_pairs: int
    without_field: int  # photographs left out: the application asks no model about them
    unreadable: tuple[str, ...] = ()  # listed, but left out

    @property
    def truth(self) -> NDArray[np.bool_]:
        """Which photographs are of an eye with retinoblastoma."""
        return np.array([case.truth for case in self.cases], np.bool_)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The photographs' kinds."""
        return tuple(case.kind.value for case in self.cases)

    def infants(self) -> "Collection":
        """Return the part with tumours and infants alone: the camera-nearer comparison."""
        near = {Kind.TUMOUR, Kind.INFANT}
        rows = np.array([r for r, case in enumerate(self.cases) if case.kind in near], np.int64)
        cases = tuple(self.cases[row] for row in rows.tolist())
        return replace(self, cases=cases, crops=self.crops.take(rows), groups=self.groups[rows])

    def patients_without(self) -> Counter[str]:
        """Count the patients without a tumour by kind; pictures that look alike are one's."""
        ill = set(self.groups[self.truth].tolist())
        pairs = zip(self.groups.tolist(), self.kinds, strict=True)
        kind_of = dict(reversed(list(pairs)))  # a group's first photograph says its kind
        return Counter(kind for group, kind in kind_of.items() if group not in ill)

    @property
    def sources(self) -> tuple[str, ...]:
        """The photographs' sources."""
        return tuple(case.source for case in self.cases)


@dataclass(frozen=True, slots=True)
class _Record:
    cases: tuple[Case, ...]
    groups: tuple[int, ...]
    duplicate_pairs: int
    without_field: int
    unreadable: tuple[str, ...] = ()  # not yet noted by earlier versions


_ADAPTER = TypeAdapter(_Record)


def collect(
    cases: Sequence[Case], *, image_dir: Path, size: int, strict: bool = False
) -> Collection:
    """Decode and crop the photographs.

    What cannot be read is left out and noted, or with `strict` ends it.

    Raises
    ------
    PhotographsUnreadableError
        With `strict`, if some are missing or none.
    ManifestUnreadableError
        If the application sees a field of view in none.
    """
    kept: list[Case] = []
    cut = []
    unreadable: list[str] = []
    for case in cases:
        try:
            found = cut_crop(image_dir / case.path, size)
        except ImageUnreadableError:
            unreadable.append(case.path)
            continue
        if found is not None:
            kept.append(case)
            cut.append(found)
    if unreadable and (strict or len(unreadable) == len(cases)):
        raise PhotographsUnreadableError(unreadable)
    if not kept:
        raise ManifestUnreadableError(
            "No photograph of the list shows a field of view; choose fundus photographs."
        )
    # Of the central part: a program's box in the corner makes strangers alike.
    squares = np.stack([filled_part(crop) for crop, _ in cut])
    pairs = find_duplicates(difference_hashes(squares), detail_thumbnails(squares))
    return Collection(
        cases=tuple(kept),
        crops=Crops(
            np.stack([crop.pixels for crop, _ in cut]),
            np.stack([crop.inside for crop, _ in cut]),
            np.stack([facts for _, facts in cut]),
        ),
        groups=group_rows([case.patient for case in kept], pairs),
        duplicate_pairs=len(pairs),
        without_field=len(cases) - len(kept) - len(unreadable),
        unreadable=tuple(unreadable),
    )


def check_patients(collection: Collection) -> None:
    """Refuse a collection in which no patient can be left out.

    Raises
    ------
    ManifestUnreadableError
        If fewer than `LEAST_PATIENTS` have a tumour, or fewer of any one kind have none;
        photographs that look alike count as one patient's.
    """
    patients = len(np.unique(collection.groups[collection.truth]))
    if patients < LEAST_PATIENTS:
        raise ManifestUnreadableError(
            f"Leaving patients out needs photographs of {LEAST_PATIENTS} patients with "
            f"retinoblastoma, as different from each other as eyes are; there are {patients}."
        )
    # Of one kind: each kind is dealt to the folds by itself, from the first fold on.
    most = max(collection.patients_without().values(), default=0)
    if most < LEAST_PATIENTS:
        raise ManifestUnreadableError(
            f"Leaving patients out needs photographs of {LEAST_PATIENTS} infants, children or "
            "adults without retinoblastoma, as different from each other as eyes are; there "
            f"are {most}."
        )


def save_collection(folder: Path, collection: Collection) -> None:
    """Write the collection; the list comes last, so that half of one is none."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / CASES_NAME).unlink(missing_ok=True)
    crops = collection.crops
    np.savez(
        folder / CROPS_NAME,
        pixels=crops.pixels,
        inside=np.packbits(crops.inside),
        facts=crops.facts,
    )
    record = _Record(
        collection.cases,
        tuple(collection.groups.tolist()),
        collection.duplicate_pairs,
        collection.without_field,
        collection.unreadable,
    )
    write_atomically(folder / CASES_NAME, _ADAPTER.dump_json(record, indent=1) + b"\n")


def load_collection(folder: Path) -> Collection:
    """Read what `save_collection` wrote.

    Raises
    ------
    ManifestUnreadableError
        If there is none, or it is damaged.
    """
    try:
        record = _ADAPTER.validate_json((folder / CASES_NAME).read_bytes())
        packed_crops = BytesIO((folder / CROPS_NAME).read_bytes())
        with np.load(packed_crops, allow_pickle=False) as stored:
            pixels, packed, facts = stored["pixels"], stored["inside"], stored["facts"]
    except (OSError, EOFError, ValidationError, ValueError, KeyError, BadZipFile) as error:
        raise ManifestUnreadableError(
            "Nothing is prepared in this folder: run retinoblastoma prepare first."
        ) from error
    shape = pixels.shape[:3]
    inside = np.unpackbits(packed, count=int(np.prod(shape))).astype(np.bool_).reshape(shape)
    return Collection(
        record.cases,
        Crops(pixels, inside, facts),
        np.array(record.groups, np.int64),
        record.duplicate_pairs,
        record.without_field,
        record.unreadable,
    )
