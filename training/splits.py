"""Who trains, who chooses, who judges: groups of photographs dealt to three parts."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import RetinaError
from training.manifest_data import LabelledImage


class Part(StrEnum):
    """A part of the data with one purpose only."""

    TRAINING = "training"
    VALIDATION = "validation"
    TEST = "test"
    SET_ASIDE = "set aside"  # of the test: shows an eye that training or validation shows


class SplitLeaksError(RetinaError):
    """What is learned from would also judge."""


SHARES: Mapping[Part, float] = MappingProxyType(
    {Part.TRAINING: 0.7, Part.VALIDATION: 0.1, Part.TEST: 0.2}
)


def split_groups(
    images: Sequence[LabelledImage],
    groups: NDArray[np.int64],
    *,
    seed: int,
    shares: Mapping[Part, float] = SHARES,
) -> tuple[Part, ...]:
    """Deal whole groups to parts so that every source keeps the shares, rare labels too.

    A group belongs to the stratum of its first photograph's source and of the rarest label
    any of its photographs shows. Within a stratum the groups are shuffled and each goes to
    the part that is furthest behind its share. Where a source comes divided (`part` of its
    photographs), its groups stay where it put them.

    Parameters
    ----------
    images : Sequence[LabelledImage]
        In the manifest's order.
    groups : NDArray[np.int64]
        Shape ``(len(images),)``; equal numbers never end in different parts.
    seed : int
        Same seed, same split.
    shares : Mapping[Part, float]
        Sum 1.

    Returns
    -------
    tuple[Part, ...]
        One part a photograph.

    Raises
    ------
    SplitLeaksError
        If a source's own division tears a group apart.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for row, group in enumerate(groups.tolist()):
        members[group].append(row)
    generator = np.random.default_rng(seed)
    parts = _given_parts(images, members)
    undecided = {group: rows for group, rows in members.items() if group not in parts}
    for stratum in strata(images, undecided):
        order = generator.permutation(len(stratum)).tolist()
        sizes = [len(members[stratum[place]]) for place in order]
        dealt = _deal(sizes, shares)
        parts.update({stratum[p]: part for p, part in zip(order, dealt, strict=True)})
    return tuple(parts[group] for group in groups.tolist())


def _given_parts(
    images: Sequence[LabelledImage], members: Mapping[int, Sequence[int]]
) -> dict[int, Part]:
    """Return the parts of the groups whose source says them."""
    given: dict[int, Part] = {}
    torn: list[Sequence[int]] = []
    for group, rows in members.items():
        stated = {images[row].part for row in rows} - {None}
        if len(stated) > 1:
            torn.append(rows)
        elif stated:
            given[group] = Part(stated.pop() or "")
    if torn:
        example = ", ".join(images[row].path for row in torn[0][:4])
        raise SplitLeaksError(
            "The data's own division shows one patient or picture in two parts "
            f"({len(torn)} times, first {example}); leave out those photographs, or the "
            "division."
        )
    return given


def strata(
    images: Sequence[LabelledImage], members: Mapping[int, Sequence[int]]
) -> list[list[int]]:
    """Return the groups (keys of `members`) by source and rarest label, in a fixed order."""
    counts = Counter(code for image in images for code in image.positives)
    strata: dict[tuple[str, str], list[int]] = defaultdict(list)
    for group, rows in sorted(members.items()):
        shown = {code for row in rows for code in images[row].positives}
        rarest = min(shown, key=lambda code: (counts[code], code), default="")
        strata[images[rows[0]].source, rarest].append(group)
    return [stratum for _, stratum in sorted(strata.items())]


def _deal(sizes: Sequence[int], shares: Mapping[Part, float]) -> list[Part]:
    have = dict.fromkeys(shares, 0)
    dealt: list[Part] = []
    for size in sizes:
        total = sum(have.values()) + size
        behind = {part: share * total - have[part] for part, share in shares.items()}
        part = max(behind, key=lambda candidate: behind[candidate])
        have[part] += size
        dealt.append(part)
    return dealt
