"""What a data set holds, before anything learns from it, in tables."""

from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

from training.cache import JUDGED_EACH
from training.manifest_data import LabelledImage
from training.splits import Part
from training.tables import Table

FEW = 10  # positives; fewer give no figure worth printing


def describe_data(
    images: Sequence[LabelledImage], codes: Sequence[str], parts: Sequence[Part]
) -> tuple[Table, ...]:
    """Count the photographs by source, by label, by size and, where judged, by quality.

    Parameters
    ----------
    images : Sequence[LabelledImage]
        What is learned from.
    codes : Sequence[str]
        The labels, in output order.
    parts : Sequence[Part]
        The part that each photograph was dealt to; empty before the split.
    """
    return (
        _by_source(images),
        _by_label(images, codes, parts),
        _by_source_and_label(images, codes),
        _by_size(images),
        *_by_quality(images),
    )


def _by_source(images: Sequence[LabelledImage]) -> Table:
    rows = []
    for source in _sources(images):
        own = [image for image in images if image.source == source]
        patients = {image.patient for image in own if image.patient}
        diseased = sum(bool(image.positives) for image in own)
        licences = ", ".join(sorted({image.licence for image in own}))
        stated = str(len(patients)) if patients else "not stated"
        rows.append((source, str(len(own)), stated, str(diseased), licences))
    header = ("Source", "Photographs", "Patients", "With a positive label", "Licence")
    return Table("Sources", header, tuple(rows))


def _by_label(
    images: Sequence[LabelledImage], codes: Sequence[str], parts: Sequence[Part]
) -> Table:
    dealt = [part for part in Part if part in set(parts)]
    rows = []
    for code in codes:
        positive = [code in image.positives for image in images]
        known = sum(image.states(code) for image in images)
        split = (
            str(sum(p and q is part for p, q in zip(positive, parts, strict=True)))
            for part in dealt
        )
        few = "few" if 0 < sum(positive) < FEW else "none" if not any(positive) else ""
        absent = known - sum(positive)
        rows.append((code, str(sum(positive)), str(absent), *split, few))
    header = ("Label", "Present", "Stated absent", *(f"in {part}" for part in dealt), "")
    return Table("Labels", header, tuple(rows))


def _by_source_and_label(images: Sequence[LabelledImage], codes: Sequence[str]) -> Table:
    sources = _sources(images)
    counts = Counter((image.source, code) for image in images for code in image.positives)
    present = [code for code in codes if any(counts[source, code] for source in sources)]
    rows = tuple(
        (source, *(str(counts[source, code] or "") for code in present)) for source in sources
    )
    return Table("Present, by source", ("Source", *present), rows)


def _by_size(images: Sequence[LabelledImage]) -> Table:
    sizes = Counter(image.original_size or "not stated" for image in images)
    rows = tuple((size, str(count)) for size, count in sizes.most_common(20))
    return Table("Original sizes (the 20 most frequent)", ("Size", "Photographs"), rows)


def _by_quality(images: Sequence[LabelledImage]) -> Iterator[Table]:
    """Yield a table of what the application says of the photographs, if it was asked."""
    rows = []
    for source in _sources(images):
        own = [i.quality for i in images if i.source == source and i.quality is not None]
        if not own:
            continue
        reasons = Counter(reason for quality in own for reason in quality.reasons)
        often = "".join(
            f"{reason.value.replace('_', ' ')} ({count})"
            for reason, count in reasons.most_common(1)
        )
        gradable = sum(quality.gradable for quality in own) / len(own)
        score = median(quality.score for quality in own)
        no_fundus = sum(not quality.is_fundus for quality in own)
        numbers = (str(len(own)), str(no_fundus), f"{gradable:.0%}", f"{score:.2f}")
        rows.append((source, *numbers, often))
    if rows:
        header = (
            "Source", "Judged", "No fundus", "Gradable", "Median score", "Main weakness",
        )  # fmt: skip
        title = f"Image quality, judged on at most {JUDGED_EACH} photographs a source"
        yield Table(title, header, tuple(rows))


def _sources(images: Sequence[LabelledImage]) -> list[str]:
    return sorted({image.source for image in images})
