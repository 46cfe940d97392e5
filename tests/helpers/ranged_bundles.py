"""Bundles with a validated range, in which a photograph lies or does not as a test wants it."""

import dataclasses
import hashlib
from pathlib import Path

import numpy as np

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import (
    RANGE_SCHEMA,
    BundleFile,
    LabelEntry,
    ModelManifest,
    ValidatedRange,
)
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.manifest_json import MANIFEST_NAME, manifest_to_json
from retina_desktop.ml.validated_range import RANGE_NAME, FeatureRange, range_to_bytes
from tests.helpers.bundles import SMALL, make_bundle

INSIDE, OUTSIDE = 1e9, 1e-9  # ends of a range that every photograph is in, or none
SMALL_CHANNELS = 256  # features of the small network


def make_children_bundle(
    folder: Path,
    *,
    range_ends_at: float = INSIDE,
    label_threshold: float = 1e-6,
    channels: int = SMALL_CHANNELS,
    model_id: str = "children",
) -> Path:
    """Write a bundle with the one label RB, a demonstration, and a validated range.

    With the usual `label_threshold` it suspects RB on every photograph.
    """
    make_bundle(folder, seed=3, labels=("RB",), architecture=SMALL, model_id=model_id)
    manifest = dataclasses.replace(
        read_bundle(folder).manifest,
        labels=(LabelEntry("RB", LabelStatus.DEMONSTRATION, label_threshold),),
    )
    write_range(folder, manifest, unit_range(channels), ends_at=range_ends_at)
    return folder


def unit_range(channels: int) -> FeatureRange:
    """Return the range around nothing in which the distance is the features' length."""
    return FeatureRange(
        mean=np.zeros(channels),
        components=np.eye(2, channels),
        scales=np.ones(2),
        residual_scale=1.0,
    )


def write_range(
    folder: Path, manifest: ModelManifest, feature_range: FeatureRange, *, ends_at: float
) -> None:
    """Give the bundle in `folder` a manifest with a validated range, and its file."""
    content = range_to_bytes(feature_range)
    (folder / RANGE_NAME).write_bytes(content)
    entry = BundleFile(RANGE_NAME, hashlib.sha256(content).hexdigest(), len(content))
    ranged = dataclasses.replace(
        manifest,
        schema=RANGE_SCHEMA,
        files=(*manifest.files, entry),
        validated_range=ValidatedRange(RANGE_NAME, ends_at),
    )
    (folder / MANIFEST_NAME).write_text(manifest_to_json(ranged), encoding="utf-8")
