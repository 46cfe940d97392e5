"""Which photographs a run learns from: one manifest, or a TOML file that lists data sets.

```toml
[[source]]
name = "RFMiD"             # as the model card names it
kind = "columns"           # columns, class-folders, odir or manifest
path = "RFMiD"             # relative to this file
labels = "rfmid"           # a table of label_maps/, or a TOML file of your own
licence = "CC-BY-4.0"
```
"""

import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Protocol

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from training.manifest_data import LabelledImage, ManifestUnreadableError, read_manifest
from training.readers.class_folders import read_class_folders
from training.readers.column_tables import read_column_tables
from training.readers.label_maps import LabelMap, load_label_map
from training.readers.odir import read_odir


class SourceKind(StrEnum):
    """The layouts that can be read."""

    COLUMNS = "columns"
    CLASS_FOLDERS = "class-folders"
    ODIR = "odir"
    MANIFEST = "manifest"


class _Source(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1)
    kind: SourceKind
    path: Path
    labels: str = ""
    licence: str = "not stated"


class _Sources(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    source: tuple[_Source, ...] = Field(min_length=1)


class _Reader(Protocol):
    def __call__(
        self, place: Path, labels: LabelMap, /, *, source: str, licence: str, root: Path
    ) -> tuple[LabelledImage, ...]: ...


_READERS: Mapping[SourceKind, _Reader] = {
    SourceKind.COLUMNS: read_column_tables,
    SourceKind.CLASS_FOLDERS: read_class_folders,
    SourceKind.ODIR: read_odir,
}


def read_data(listing: Path) -> tuple[LabelledImage, ...]:
    """Return the photographs of a manifest (CSV) or of a list of data sets (TOML).

    Paths are relative to the folder of `listing`.

    Raises
    ------
    ManifestUnreadableError
        With what is missing or contradictory, in one sentence.
    """
    if listing.suffix != ".toml":
        return read_manifest(listing)
    images = tuple(
        image for source in _listed(listing) for image in _read(source, listing.parent)
    )
    twice = [path for path, times in Counter(i.path for i in images).items() if times > 1]
    if twice:
        raise ManifestUnreadableError(
            f"Photographs are in two sources of {listing.name} ({len(twice)}); list each once."
        )
    return images


def _listed(listing: Path) -> tuple[_Source, ...]:
    try:
        content = tomllib.loads(listing.read_text(encoding="utf-8"))
        sources = _Sources.model_validate(content).source
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ManifestUnreadableError(f"{listing.name}, {place}: {first['msg']}.") from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ManifestUnreadableError(f"{listing.name} cannot be read as TOML.") from error
    if len({source.name for source in sources}) != len(sources):
        raise ManifestUnreadableError(f"Two sources of {listing.name} have one name.")
    return sources


def _read(source: _Source, root: Path) -> tuple[LabelledImage, ...]:
    place = root / source.path
    if not place.exists():
        raise ManifestUnreadableError(
            f"{source.name} is not at {source.path.as_posix()}; correct its path."
        )
    if source.kind is SourceKind.MANIFEST:
        return tuple(_moved(image, source.path.parent) for image in read_manifest(place))
    labels = load_label_map(_table(source, root))
    reader = _READERS[source.kind]
    return reader(place, labels, source=source.name, licence=source.licence, root=root)


def _table(source: _Source, root: Path) -> str:
    if not source.labels:
        raise ManifestUnreadableError(f"{source.name} needs a label map: labels = ...")
    own = root / source.labels
    return str(own) if own.suffix == ".toml" else source.labels


def _moved(image: LabelledImage, folder: Path) -> LabelledImage:
    """Return `image` with its path seen from the list's folder instead of its manifest's."""
    path = (PurePosixPath(folder.as_posix()) / image.path).as_posix()
    return replace(image, path=path)
