"""Data sets with one folder a class, as ``Final/Retinoblastoma`` and ``Final/Normal``."""

from pathlib import Path

from training.manifest_data import LabelledImage, ManifestUnreadableError
from training.readers.column_tables import SUFFIXES
from training.readers.label_maps import LabelMap, labelled


def read_class_folders(
    folder: Path, labels: LabelMap, *, source: str, licence: str, root: Path
) -> tuple[LabelledImage, ...]:
    """Read every photograph below the class folders of `folder`, in the order of their names.

    Every folder's name must be in `labels`. Patients are not known.

    Raises
    ------
    ManifestUnreadableError
        If there is no class folder, one holds no photograph, or its name is not in the map.
    """
    beside = folder.iterdir() if folder.is_dir() else ()
    classes = sorted(path for path in beside if path.is_dir())
    if len(classes) < 2:
        raise ManifestUnreadableError(
            f"{source} needs at least two folders, one a class; found {len(classes)}."
        )
    images: list[LabelledImage] = []
    for class_folder in classes:
        stated = labels.labels_of([class_folder.name])
        if stated is None:
            continue
        files = sorted(f for f in class_folder.rglob("*") if f.suffix.lower() in SUFFIXES)
        if not files:
            raise ManifestUnreadableError(
                f"The class folder {class_folder.name} of {source} holds no photograph."
            )
        images += [
            labelled(file, stated, source=source, licence=licence, root=root) for file in files
        ]
    return tuple(images)
