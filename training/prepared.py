"""The data set as a run sees it: labelled photographs, cached pixels and a fixed split."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retina_desktop.imaging.preprocessing import MODEL_ENHANCEMENTS
from training.cache import Cached, PhotographsUnreadableError, Squares, build_cache
from training.data_sources import read_data
from training.duplicates import (
    find_duplicates,
    fingerprints,
    group_rows,
)
from training.files import write_atomically
from training.manifest_data import (
    LabelledImage,
    ManifestUnreadableError,
    build_targets,
    labelled_only,
)
from training.part_data import PartData
from training.photograph_facts import PhotographFacts
from training.splits import Part, split_groups

SPLIT_NAME = "split.json"
SAME_EYES_NAME = "same_eyes.json"


@dataclass(frozen=True, slots=True, eq=False)
class PreparedData:
    """Photographs with labels, who belongs together, and which part each is in.

    Row i of every field is the same photograph; ``groups`` holds the lowest row of each
    photograph's group. An original size that the source does not state is the file's own.
    """

    images: tuple[LabelledImage, ...]
    squares: Squares
    groups: NDArray[np.int64]
    parts: tuple[Part, ...]
    codes: tuple[str, ...]
    duplicate_pairs: int
    unreadable: tuple[str, ...] = ()  # listed, but left out
    enhancements: tuple[str, ...] = ()  # named steps that the cached pixels went through

    def rows_of(self, part: Part) -> NDArray[np.int64]:
        """Return the rows of one part, ascending."""
        return np.flatnonzero(np.array(self.parts) == part)

    def part(self, part: Part) -> PartData:
        """Return one part with its targets and masks."""
        targets, known = build_targets(self.images, self.codes)
        rows = self.rows_of(part)
        return PartData(
            squares=self.squares,
            rows=rows,
            targets=targets[rows],
            known=known[rows],
            sources=tuple(self.images[row].source for row in rows.tolist()),
            codes=self.codes,
            grades=np.array([self._grade(row) for row in rows.tolist()], np.int64),
        )

    def _grade(self, row: int) -> int:
        grade = self.images[row].dr_grade
        return -1 if grade is None else grade


def prepare(
    manifest: Path,
    work_dir: Path,
    codes: Sequence[str],
    *,
    seed: int,
    side: int = 256,
    enhancements: Sequence[str] = (),
    strict: bool = False,
) -> PreparedData:
    """Read, cache, group and split the photographs; the split is written for later steps.

    The cached photographs have `side` pixels; a recipe's size should be no larger. They go
    through the named `enhancements`, and so will those that the model is shown later. What
    cannot be read is left out and noted, or with `strict` ends it. Where photographs are dealt
    anew, what `set_aside` noted of the old division is forgotten.

    Raises
    ------
    ManifestUnreadableError
        If the list is wrong, an enhancement is unknown, or with `strict` a photograph cannot
        be read.
    """
    _check_enhancements(enhancements)
    listed = labelled_only(read_data(manifest), codes)
    _check_any(listed, manifest)
    unreadable: tuple[str, ...] = ()
    try:
        cached = _cache(listed, manifest, work_dir, side, enhancements)
    except PhotographsUnreadableError as error:
        if strict:
            raise
        unreadable = error.paths
        listed = _without(listed, unreadable)
        _check_any(listed, manifest)
        cached = _cache(listed, manifest, work_dir, side, enhancements)
    images = _with_facts(listed, cached.facts)
    hashes, thumbnails = fingerprints(manifest.parent / image.path for image in images)
    pairs = find_duplicates(hashes, thumbnails)
    patients = [f"{i.source}/{i.patient}" if i.patient else "" for i in images]
    groups = group_rows(patients, pairs)
    parts = split_groups(images, groups, seed=seed)
    content: dict[str, Any] = {
        "schema": 1,
        "seed": seed,
        "side": side,
        "enhancements": list(enhancements),
        "unreadable": unreadable,
        "duplicate_pairs": len(pairs),
        "labels": _labels_key(images),
        "rows": [
            {"file": image.path, "group": group, "part": part}
            for image, group, part in zip(images, groups.tolist(), parts, strict=True)
        ],
    }
    _forget_same_eyes(work_dir, content["rows"])
    write_atomically(work_dir / SPLIT_NAME, json.dumps(content, indent=0).encode())
    return PreparedData(
        images,
        cached.squares,
        groups,
        parts,
        tuple(codes),
        len(pairs),
        unreadable,
        tuple(enhancements),
    )


def load_prepared(manifest: Path, work_dir: Path, codes: Sequence[str]) -> PreparedData:
    """Return what `prepare` made, with the very split it wrote.

    Test photographs of an eye that other parts show too, where `set_aside` was told of them,
    are in no part any more.

    Raises
    ------
    ManifestUnreadableError
        If nothing was prepared there, or the manifest has changed since.
    """
    content = _read_split(work_dir)
    unreadable = tuple(content["unreadable"])
    images = _without(labelled_only(read_data(manifest), codes), unreadable)
    rows = content["rows"]
    _check_unchanged(content, images)
    enhancements = tuple(content.get("enhancements", ()))
    cached = _cache(images, manifest, work_dir, content["side"], enhancements)
    aside = {pair[0] for pair in same_eyes(work_dir)}
    parts = (Part.SET_ASIDE if row["file"] in aside else Part(row["part"]) for row in rows)
    return PreparedData(
        _with_facts(images, cached.facts),
        cached.squares,
        np.array([row["group"] for row in rows], np.int64),
        tuple(parts),
        tuple(codes),
        int(content["duplicate_pairs"]),
        unreadable,
        enhancements,
    )


def read_enhancements(work_dir: Path) -> tuple[str, ...]:
    """Return the named steps that `prepare` put the photographs through.

    Raises
    ------
    ManifestUnreadableError
        If nothing was prepared there.
    """
    return tuple(_read_split(work_dir).get("enhancements", ()))


def set_aside(work_dir: Path, data: PreparedData, pairs: Sequence[tuple[int, int]]) -> None:
    """Note the pairs of a test row and a row of another part that show one eye."""
    files = [[data.images[row].path for row in pair] for pair in pairs]
    write_atomically(work_dir / SAME_EYES_NAME, json.dumps(files, indent=0).encode())


def same_eyes(work_dir: Path) -> list[list[str]]:
    """Return the pairs of files that `set_aside` noted, the test's first."""
    try:
        pairs: list[list[str]] = json.loads((work_dir / SAME_EYES_NAME).read_bytes())
    except FileNotFoundError:
        return []
    return pairs


def _read_split(work_dir: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads((work_dir / SPLIT_NAME).read_bytes())
    except (OSError, ValueError) as error:
        raise ManifestUnreadableError(
            "Nothing was prepared here: run prepare first."
        ) from error
    return content


def _check_unchanged(content: Mapping[str, Any], images: Sequence[LabelledImage]) -> None:
    """Refuse another list than was prepared; an older split tells only the files' names."""
    if [row["file"] for row in content["rows"]] != [image.path for image in images]:
        raise ManifestUnreadableError("The manifest has changed: run prepare again.")
    if content.get("labels") not in (None, _labels_key(images)):
        raise ManifestUnreadableError(
            "The manifest's patients or labels have changed: run prepare again."
        )


def _labels_key(images: Sequence[LabelledImage]) -> str:
    """Return a hash of what the split and the targets rest on, photograph by photograph."""
    digest = hashlib.sha256()
    for image in images:
        told = (image.path, image.source, image.patient)
        words = [*told, sorted(image.positives), sorted(image.known)]
        digest.update(json.dumps(words).encode() + b"\n")
    return digest.hexdigest()


def _forget_same_eyes(work_dir: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Remove what was noted of another division: it would set the wrong photographs aside."""
    try:
        before = _read_split(work_dir).get("rows")
    except ManifestUnreadableError:
        before = None
    if before != rows:
        (work_dir / SAME_EYES_NAME).unlink(missing_ok=True)


def _with_facts(
    images: Sequence[LabelledImage], facts: Sequence[PhotographFacts]
) -> tuple[LabelledImage, ...]:
    return tuple(
        replace(image, original_size=image.original_size or own.size, quality=own.quality)
        for image, own in zip(images, facts, strict=True)
    )


def _check_any(images: Sequence[LabelledImage], manifest: Path) -> None:
    if not images:
        raise ManifestUnreadableError(
            f"{manifest.name} lists no readable photograph with a known label; add some, or "
            "correct its columns positives and known."
        )


def _check_enhancements(names: Sequence[str]) -> None:
    for name in names:
        if name not in MODEL_ENHANCEMENTS:
            raise ManifestUnreadableError(
                f"There is no enhancement {name}; one of {', '.join(MODEL_ENHANCEMENTS)}."
            )


def _cache(
    images: Sequence[LabelledImage],
    manifest: Path,
    work_dir: Path,
    side: int,
    enhancements: Sequence[str],
) -> Cached:
    return build_cache(
        images,
        image_dir=manifest.parent,
        cache_dir=work_dir / "cache",
        side=side,
        enhancements=enhancements,
    )


def _without(
    images: Sequence[LabelledImage], paths: Sequence[str]
) -> tuple[LabelledImage, ...]:
    return tuple(image for image in images if image.path not in set(paths))
