"""What the use cases need from outside, by role; adapters implement these."""

from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.analyses import ModelAnswer, ModelIdentity
from retina_desktop.domain.images import FundusImage
from retina_desktop.domain.manifests import ModelManifest


class PhotographReader(Protocol):
    """Turns a file into pixels."""

    def __call__(self, path: Path, *, min_side: int | None = None) -> FundusImage:
        """Decode `path`.

        Parameters
        ----------
        path : Path
            The photograph.
        min_side : int or None
            When given, the pixels may come at a reduced scale whose shorter side is still at
            least this; None decodes every pixel.

        Raises
        ------
        ImageUnreadableError
            With one sentence that says why.
        """
        ...


class Classifier(Protocol):
    """A loaded model: safe to call from any thread."""

    @property
    def manifest(self) -> ModelManifest:
        """The bundle's manifest."""
        ...

    @property
    def identity(self) -> ModelIdentity:
        """Model, version, engine and device, as shown and stored."""
        ...

    def classify(self, tensor: NDArray[np.float32]) -> ModelAnswer:
        """Answer one preprocessed crop.

        Parameters
        ----------
        tensor : NDArray[np.float32]
            Shape ``(3, S, S)`` with S the manifest's input size, RGB, normalised by the
            manifest's preprocessing.
        """
        ...
