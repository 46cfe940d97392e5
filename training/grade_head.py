"""The grade of a diabetic retinopathy, learned beside the labels and dropped afterwards.

Four more outputs on the pooled features say whether the grade is at least 1, 2, 3 and 4
(cumulative logits: Frank and Hall, ECML 2001). They are no part of the network that is kept:
checkpoints of the best validation, averages and bundles know nothing of them.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.recipe import RecipeError

GRADES = 4  # at least 1, 2, 3, 4


class NetworkWithGrade(nn.Module):
    """A network that also answers the grade from what its last linear layer reads.

    Parameters
    ----------
    network : nn.Module
        Its last linear layer is the classifier; it is held, not copied.
    seed : int
        Decides the first weights of the grade's layer; torch's own chance is left alone.

    Raises
    ------
    RecipeError
        If the network has no linear layer.
    """

    def __init__(self, network: nn.Module, *, seed: int) -> None:
        super().__init__()
        layers = [module for module in network.modules() if isinstance(module, nn.Linear)]
        if not layers:
            raise RecipeError(
                "The network ends in no linear layer; set loss.grade_weight=0 or choose "
                "another model.architecture."
            )
        self.network, self._place = network, len(layers) - 1
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.grade = nn.Linear(layers[-1].in_features, GRADES)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return the labels' logits and the grade's cumulative logits ``(N, 4)``."""
        read: list[Tensor] = []
        layers = [m for m in self.network.modules() if isinstance(m, nn.Linear)]
        # For this call only: a hook that stays would be copied with the averaged network.
        hook = layers[self._place].register_forward_pre_hook(
            lambda _, inputs: read.append(inputs[0])
        )
        try:
            logits: Tensor = self.network(image)
        finally:
            hook.remove()
        return logits, self.grade(read[-1])


def grade_targets(grades: NDArray[np.int64]) -> NDArray[np.float32]:
    """Return whether each grade is at least 1 to 4, ``(N, 4)``; 0 where it is unknown."""
    return (grades[:, None] >= np.arange(1, GRADES + 1)).astype(np.float32)


def known_grades(grades: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return where `grade_targets` counts, ``(N, 4)``: a grade of -1 is unknown."""
    return np.repeat((grades >= 0)[:, None], GRADES, axis=1)
