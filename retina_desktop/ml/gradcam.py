"""The one place that knows pytorch-grad-cam: the reference for our maps, and other methods.

The library's objects are not safe to share between threads, keep hooks on the network, swallow
IndexErrors in ``with`` blocks and take the largest output where no target is named. So here a
copy of the network is asked, by one caller at a time, with the label always named, and the
hooks are taken off whatever happens. Importing this imports torch and pytorch-grad-cam.
"""

import copy
from enum import StrEnum
from threading import Lock
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pytorch_grad_cam import (
    EigenGradCAM,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    ScoreCAM,
    XGradCAM,
)
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import nn

from retina_desktop.ml.torch_network import NetworkWithMaps, check_head, classifier_of


class CamMethod(StrEnum):
    """Methods of pytorch-grad-cam that make sense at the last feature map."""

    GRAD_CAM = "grad_cam"
    GRAD_CAM_PLUS_PLUS = "grad_cam_plus_plus"
    HIRES_CAM = "hires_cam"
    X_GRAD_CAM = "x_grad_cam"
    EIGEN_GRAD_CAM = "eigen_grad_cam"
    SCORE_CAM = "score_cam"


_CLASSES: dict[CamMethod, Any] = {
    CamMethod.GRAD_CAM: GradCAM,
    CamMethod.GRAD_CAM_PLUS_PLUS: GradCAMPlusPlus,
    CamMethod.HIRES_CAM: HiResCAM,
    CamMethod.X_GRAD_CAM: XGradCAM,
    CamMethod.EIGEN_GRAD_CAM: EigenGradCAM,
    CamMethod.SCORE_CAM: ScoreCAM,
}


class LibraryCam:
    """Class-activation maps by pytorch-grad-cam at the last feature map.

    Safe to call from any thread; calls wait for one another.

    Parameters
    ----------
    network : torch.nn.Module
        A timm network that `torch_network.check_head` accepts; it is copied.
    method : CamMethod
        Which of the library's methods.
    """

    def __init__(self, network: nn.Module, *, method: CamMethod = CamMethod.GRAD_CAM) -> None:
        still = copy.deepcopy(network).eval().requires_grad_()
        check_head(still)
        self._outputs = classifier_of(still).out_features
        self._network = _NetworkWithSeam(still).eval()
        self._method = method
        self._lane = Lock()

    def map_of(self, tensor: NDArray[np.float32], label: int) -> NDArray[np.float32]:
        """Return label number `label`'s map as the library gives it.

        Parameters
        ----------
        tensor : NDArray[np.float32]
            One normalised image, shape ``(3, H, W)``.
        label : int
            The label's place in output order.

        Returns
        -------
        NDArray[np.float32]
            Shape ``(H, W)`` in [0, 1]: without negative evidence, brought to its own minimum
            and maximum, enlarged bilinearly, and brought to them again.

        Raises
        ------
        IndexError
            If the network has no such label.
        """
        if not 0 <= label < self._outputs:
            raise IndexError(f"label {label} of {self._outputs}")
        image = torch.from_numpy(np.array(tensor[None], np.float32))
        with self._lane, torch.enable_grad():
            cam = _CLASSES[self._method](self._network, [self._network.seam])
            try:
                maps = cam(image, targets=[ClassifierOutputTarget(label)])
            finally:
                cam.activations_and_grads.release()
                self._network.zero_grad(set_to_none=True)
        answer: NDArray[np.float32] = maps[0]
        return answer


class _NetworkWithSeam(nn.Module):
    """The network with a module between features and head, for the library to hook."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.parts = NetworkWithMaps(network)
        self.seam = nn.Identity()

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        logits, _ = self.parts.answer(self.seam(self.parts.features(image)))
        return logits
