"""How much a line of strokes looks like text: boosted trees over its measures, in NumPy.

The trees lie in ``data/burned_in_text.npz`` and come from ``training/burned_in_text.py``.
"""

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

WEIGHTS_FILE: Final = "burned_in_text.npz"
DEPTH: Final = 4  # steps from a root to any leaf, at most


@dataclass(frozen=True, slots=True, eq=False)
class TextTrees:
    """Nodes of all trees; a leaf leads to itself."""

    root: NDArray[np.int32]  # one a tree
    feature: NDArray[np.int16]
    threshold: NDArray[np.float64]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]
    start: float

    def log_odds(self, measures: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the log odds of being text, shape ``(n,)``; ``measures`` has ``(n, m)``."""
        at = np.tile(self.root, (len(measures), 1))
        rows = np.arange(len(measures))[:, None]
        for _ in range(DEPTH):
            goes_left = measures[rows, self.feature[at]] <= self.threshold[at]
            at = np.where(goes_left, self.left[at], self.right[at])
        return np.asarray(self.start + self.value[at].sum(axis=1), np.float64)


@cache
def text_trees() -> TextTrees:
    """Load the trees; a few milliseconds, once."""
    path = resources.files("retina_desktop.imaging").joinpath("data", WEIGHTS_FILE)
    with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
        return TextTrees(
            root=stored["root"],
            feature=stored["feature"],
            threshold=stored["threshold"],
            left=stored["left"],
            right=stored["right"],
            value=stored["value"],
            start=float(stored["start"]),
        )
