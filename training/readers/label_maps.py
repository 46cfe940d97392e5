"""What a data set's own words mean in RFMiD's labels; the tables are TOML in `label_maps/`."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from retina_desktop.domain.labels import RFMID_CODES
from training.manifest_data import (
    ALL_LABELS,
    ANY_DISEASE,
    EXTRA_CODES,
    LabelledImage,
    ManifestUnreadableError,
)

TABLES = Path(__file__).parents[1] / "label_maps"


class _Table(BaseModel):
    """The file's content; see the files for what each part is for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    known: tuple[str, ...]
    unlisted: str | None = None
    excluded: tuple[str, ...] = ()
    words: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class StatedLabels:
    """What the source says of one photograph; ``known`` contains ``positives``."""

    positives: frozenset[str]
    known: frozenset[str]


def labelled(
    file: Path,
    stated: StatedLabels,
    *,
    source: str,
    licence: str,
    root: Path,
    patient: str = "",
    part: str | None = None,
) -> LabelledImage:
    """Return the photograph `file` of a source, its path relative to `root`."""
    return LabelledImage(
        path=file.relative_to(root).as_posix(),
        source=source,
        patient=patient,
        positives=stated.positives,
        known=stated.known,
        original_size="",
        licence=licence,
        part=part,
    )


@dataclass(frozen=True, slots=True)
class LabelMap:
    """One table: words (lower case) to label codes.

    ``known`` are the labels whose absence the source states by not naming them; ``unlisted``
    is the label of every other word, None where such a word is refused; a photograph with an
    ``excluded`` word is left out.
    """

    name: str
    words: Mapping[str, tuple[str, ...]]
    known: frozenset[str]
    unlisted: str | None
    excluded: frozenset[str]

    def labels_of(self, words: Iterable[str]) -> StatedLabels | None:
        """Return the labels of a photograph described by `words`, None when it is left out.

        Raises
        ------
        ManifestUnreadableError
            If a word is in no part of the table and the table has no label for such words.
        """
        said = [word.strip().casefold() for word in words if word.strip()]
        if self.excluded.intersection(said):
            return None
        positives = {code for word in said for code in self._codes_of(word)}
        if positives & set(RFMID_CODES):
            positives.add(ANY_DISEASE)
        return StatedLabels(frozenset(positives), self.known | positives)

    def _codes_of(self, word: str) -> tuple[str, ...]:
        found = self.words.get(word)
        if found is not None:
            return found
        if self.unlisted is None:
            raise ManifestUnreadableError(
                f'"{word}" is not in the label map {self.name}; add it there, or choose '
                "another map."
            )
        return (self.unlisted,)


def load_label_map(name: str, *, folder: Path = TABLES) -> LabelMap:
    """Return the table `name`, or the one in the TOML file of that path.

    Raises
    ------
    ManifestUnreadableError
        If there is none, it cannot be read, or it names a label that does not exist.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    try:
        table = _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        there = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise ManifestUnreadableError(
            f"There is no label map {path.stem}; there are {there}."
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise ManifestUnreadableError(f"The label map {path.name} cannot be read.") from error
    _check_codes(path.stem, table)
    words = {word.casefold(): codes for word, codes in table.words.items()}
    excluded = frozenset(word.casefold() for word in table.excluded)
    return LabelMap(path.stem, words, frozenset(table.known), table.unlisted, excluded)


def _check_codes(name: str, table: _Table) -> None:
    used = {code for codes in table.words.values() for code in codes}
    used |= set(table.known) - {ALL_LABELS}
    used |= {table.unlisted} - {None} if table.unlisted else set()
    unknown = sorted(used - set(RFMID_CODES) - EXTRA_CODES)
    if unknown:
        raise ManifestUnreadableError(
            f"The label map {name} names the unknown labels {', '.join(unknown)}."
        )
