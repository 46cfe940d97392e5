"""The application's crops, kept once they were made: a second run is measured without decoding.

To decode a camera's photograph and find its field costs as much as to ask a small network.
The crop depends on the file and the preprocessing alone, so what was made for one run's
evaluation serves the next run's, and every network of an ensemble.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.images import FieldCrop
from retina_desktop.domain.manifests import PreprocessingStep
from retina_desktop.imaging.preprocessing import crop_size, prepare_tensor
from training.files import reserve, write_atomically

TensorOf = Callable[[Path], NDArray[np.float32] | None]  # (3, S, S), None: no field of view

PIXELS_NAME, STATES_NAME, INDEX_NAME = "crops.npy", "crops_states.npy", "crops.json"
_NOT_MADE, _MADE, _NO_FIELD = 0, 1, 2
_LOOKED_AT = 8  # photographs made anew, to see whether the program still crops them so


@contextmanager
def kept_crops(
    folder: Path,
    paths: Sequence[Path],
    *,
    steps: Sequence[PreprocessingStep],
    make: TensorOf,
) -> Iterator[TensorOf]:
    """Give `make`, or what it made of the same files before; the bits are the same.

    Parameters
    ----------
    folder : Path
        Where crops are kept, uint8: ``len(paths) * size ** 2 * 3`` bytes. Where that does not
        fit on the disk nothing is kept.
    paths : Sequence[Path]
        Photographs that every evaluation asks for; others are made each time.
    steps : Sequence[PreprocessingStep]
        What `make` does.
    make : Callable
        From a path to the normalised photograph. Like what is given, it is called from
        several threads.
    """
    size, key = crop_size(steps), _key(paths, steps)
    if _stored_key(folder) == key:
        kept = _Crops(folder, paths, steps)
        if kept.are_still_right(make):
            yield lambda path: kept.tensor(path) if path in kept else make(path)
            return
    (folder / INDEX_NAME).unlink(missing_ok=True)
    try:
        crops = _Crops.new(folder, paths, steps, size)
    except OSError:
        yield make
        return

    def made(path: Path) -> NDArray[np.float32] | None:
        tensor = make(path)
        if path in crops:
            crops.put(path, tensor)
        return tensor

    yield made
    crops.flush()
    write_atomically(folder / INDEX_NAME, json.dumps({"key": key}).encode())


class _Crops:
    def __init__(
        self, folder: Path, paths: Sequence[Path], steps: Sequence[PreprocessingStep]
    ) -> None:
        self._rows = {path: row for row, path in enumerate(paths)}
        self._ends = (steps[0], steps[-1])
        values = steps[-1].parameters
        self._levels = [
            (255 * float(values[f"std_{channel}"]), 255 * float(values[f"mean_{channel}"]))
            for channel in "rgb"
        ]  # grey levels per unit of a tensor, and at its zero
        self._pixels = np.load(folder / PIXELS_NAME, mmap_mode="r+")
        self._states = np.load(folder / STATES_NAME, mmap_mode="r+")

    @classmethod
    def new(
        cls,
        folder: Path,
        paths: Sequence[Path],
        steps: Sequence[PreprocessingStep],
        size: int,
    ) -> "_Crops":
        folder.mkdir(parents=True, exist_ok=True)
        reserve(folder / PIXELS_NAME, (len(paths), size, size, 3))
        reserve(folder / STATES_NAME, (len(paths),))
        return cls(folder, paths, steps)

    def __contains__(self, path: Path) -> bool:
        return path in self._rows

    def tensor(self, path: Path) -> NDArray[np.float32] | None:
        row = self._rows[path]
        if self._states[row] == _NO_FIELD:
            return None
        pixels = self._pixels[row]
        everywhere = np.ones(pixels.shape[:2], np.bool_)
        crop = FieldCrop(pixels, everywhere, left=0.0, top=0.0, pitch=1.0)
        return prepare_tensor(crop, self._ends)

    def put(self, path: Path, tensor: NDArray[np.float32] | None) -> None:
        row = self._rows[path]
        if tensor is not None:
            channels = zip(tensor, self._levels, strict=True)
            cv2.merge(
                [cv2.convertScaleAbs(values, None, *levels) for values, levels in channels],
                self._pixels[row],
            )
        self._states[row] = _NO_FIELD if tensor is None else _MADE

    def are_still_right(self, make: TensorOf) -> bool:
        """Whether all are there, and some made anew come out the same."""
        if (self._states == _NOT_MADE).any():
            return False
        paths = list(self._rows)
        for path in paths[:: max(1, len(paths) // _LOOKED_AT)][:_LOOKED_AT]:
            kept, anew = self.tensor(path), make(path)
            if kept is None or anew is None:
                if kept is not anew:
                    return False
            elif not np.array_equal(kept, anew):
                return False
        return True

    def flush(self) -> None:
        self._pixels.flush()
        self._states.flush()


def _key(paths: Sequence[Path], steps: Sequence[PreprocessingStep]) -> str:
    digest = hashlib.sha256(b"crops 2\n")
    for step in steps:
        words = json.dumps([step.name, sorted(step.parameters.items())])
        digest.update(f"{words}\n".encode())
    for path in paths:
        facts = path.stat() if path.exists() else None
        told = (facts.st_size, facts.st_mtime_ns) if facts else ()
        digest.update(f"{path} {told}\n".encode())
    return digest.hexdigest()


def _stored_key(folder: Path) -> str | None:
    try:
        key = json.loads((folder / INDEX_NAME).read_bytes())["key"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return key if isinstance(key, str) else None
