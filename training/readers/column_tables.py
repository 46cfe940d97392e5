"""Data sets with one CSV a part: a column that numbers the photographs, and one a label.

RFMiD (Pachade et al., Data 2021, 6(2), 14) comes as ``Training_Set/Training/1.png`` beside
``RFMiD_Training_Labels.csv``, likewise Evaluation and Test, with 45 diseases or the
challenge's 28; RFMiD 2.0 (Panchal et al., Data 2023, 8(2), 29) has the same form with other
columns. Archives differ in how often a folder is wrapped in itself, so tables are searched for.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

from training.manifest_data import LabelledImage, ManifestUnreadableError, read_rows
from training.readers.label_maps import LabelMap, labelled
from training.splits import Part

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff")
_PARTS = {
    "train": Part.TRAINING,
    "eval": Part.VALIDATION,
    "val": Part.VALIDATION,
    "test": Part.TEST,
}
_NUMBER_COLUMNS = ("id", "image", "filename")


def read_column_tables(
    folder: Path, labels: LabelMap, *, source: str, licence: str, root: Path
) -> tuple[LabelledImage, ...]:
    """Read every label table below `folder`.

    Parameters
    ----------
    folder : Path
        Of the data set.
    labels : LabelMap
        Columns to labels.
    source, licence : str
        As the model card will name them.
    root : Path
        What the photographs' paths are relative to.

    Raises
    ------
    ManifestUnreadableError
        If there is no table, a row has no file, a file no row, or a column is unknown.
    """
    tables = sorted(folder.rglob("*abels*.csv"))
    if not tables:
        raise ManifestUnreadableError(
            f"{source} has no file named like RFMiD_Training_Labels.csv below its folder."
        )
    return tuple(
        labelled(file, stated, source=source, licence=licence, root=root, part=_part_of(table))
        for table in tables
        for file, words in _photographs(table)
        if (stated := labels.labels_of(words)) is not None
    )


def _photographs(table: Path) -> Iterator[tuple[Path, list[str]]]:
    """Yield each photograph of `table` with the columns that hold a 1."""
    rows = _rows(table)
    number = next((c for c in rows[0] if c.casefold() in _NUMBER_COLUMNS), None)
    if number is None:
        raise ManifestUnreadableError(f"{table.name} has no column ID.")
    files = _files_beside(table)
    numbers = [row[number].strip() for row in rows]
    _check_whole(table, numbers, files)
    for row, name in zip(rows, numbers, strict=True):
        columns = ((c, v) for c, v in row.items() if c != number)
        yield files[name], [c for c, v in columns if _is_one(table, v)]


def _rows(table: Path) -> list[dict[str, str]]:
    # RFMiD 2.0's authors saved theirs in Windows' code page.
    rows = [row for _, row in read_rows(table, (), code_page="cp1252")]
    if not rows:
        raise ManifestUnreadableError(
            f"{table.name} is empty; unpack the whole archive, or save it as CSV anew."
        )
    return [{column.strip(): value for column, value in row.items()} for row in rows]


def _is_one(table: Path, value: str) -> bool:
    word = value.strip()
    if word not in {"", "0", "1", "0.0", "1.0"}:
        raise ManifestUnreadableError(f"{table.name} holds values other than 0 and 1.")
    return word.startswith("1")


def _files_beside(table: Path) -> Mapping[str, Path]:
    """Return the photographs below the table's folder by their number.

    Where several tables share a folder, each takes the subfolder of its own part.
    """
    part = _part_of(table)
    files = [f for f in table.parent.rglob("*") if f.suffix.lower() in SUFFIXES]
    own = [f for f in files if _part_of(f.parent) == part] if part else files
    return {file.stem: file for file in sorted(own or files)}


def _part_of(path: Path) -> Part | None:
    name = path.name.casefold()
    return next((part for word, part in _PARTS.items() if word in name), None)


def _check_whole(table: Path, numbers: list[str], files: Mapping[str, Path]) -> None:
    if len(set(numbers)) != len(numbers):
        raise ManifestUnreadableError(f"{table.name} names a photograph twice.")
    without_file = [number for number in numbers if number not in files]
    if without_file:
        raise ManifestUnreadableError(
            f"{table.name} names photographs that are not there ({len(without_file)}, the "
            f"first is {without_file[0]}); unpack the whole archive."
        )
    without_row = sorted(set(files) - set(numbers))
    if without_row:
        raise ManifestUnreadableError(
            f"Photographs have no row in {table.name} ({len(without_row)}, the first is "
            f"{without_row[0]}); remove them, or complete the table."
        )
