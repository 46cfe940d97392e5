"""ODIR-5K's table: a row a patient, each eye described by keywords.

The eye's keywords are used, not the patient's eight classes: those say nothing of which eye.
"""

import re
from pathlib import Path

from training.manifest_data import LabelledImage, ManifestUnreadableError, read_rows
from training.readers.label_maps import LabelMap, labelled

_EYES = (
    ("Left-Fundus", "Left-Diagnostic Keywords"),
    ("Right-Fundus", "Right-Diagnostic Keywords"),
)
_COLUMNS = ("ID", *(column for eye in _EYES for column in eye))
_BETWEEN = re.compile("[,\N{FULLWIDTH COMMA}]")  # the table holds both


def read_odir(
    table: Path,
    labels: LabelMap,
    *,
    source: str,
    licence: str,
    root: Path,
) -> tuple[LabelledImage, ...]:
    """Read both eyes of every patient; the photographs lie below the table's folder.

    A patient whom the table names in several rows (the public CSV has one a picture) counts
    once.

    Raises
    ------
    ManifestUnreadableError
        If a column, a value or a photograph is missing.
    """
    files = {file.name: file for file in sorted(table.parent.rglob("*.jpg"))}
    images: dict[str, LabelledImage] = {}
    for _, row in read_rows(table, _COLUMNS):
        for file_column, words_column in _EYES:
            name = row[file_column].strip()
            stated = labels.labels_of(_BETWEEN.split(row[words_column]))
            if stated is None or name in images:
                continue
            if name not in files:
                raise ManifestUnreadableError(
                    f"{table.name} names a photograph that is not there; unpack the whole "
                    "archive beside it."
                )
            images[name] = labelled(
                files[name],
                stated,
                source=source,
                licence=licence,
                root=root,
                patient=row["ID"].strip(),
            )
    return tuple(images.values())
