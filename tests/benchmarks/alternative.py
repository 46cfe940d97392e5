"""The obvious alternative: Pillow, torchvision transforms, torch eager, pytorch-grad-cam.

Written as their documentations show it, with the same weights and the same input size. It has
no field of view, no quality, no laterality and no referral to compute.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from pytorch_grad_cam import GradCAM
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torchvision import transforms

from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.ml.architectures import create_architecture
from retina_desktop.ml.twofold import halves_of
from retina_desktop.ml.weight_formats import read_weights

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


class Alternative:
    """A classifier with Grad-CAM as one would write it in an afternoon."""

    def __init__(self, bundle: Path, manifest: ModelManifest) -> None:
        outputs = len(manifest.labels)
        self.network = create_architecture(manifest.architecture, outputs=outputs).eval()
        weights = read_weights((bundle / manifest.weights).read_bytes())
        state = {name: torch.from_numpy(value) for name, value in weights.items()}
        self.network.load_state_dict(state)
        self.transform = transforms.Compose(
            [
                transforms.Resize((manifest.input_size, manifest.input_size)),
                transforms.ToTensor(),
                transforms.Normalize(_MEAN, _STD),
            ]
        )
        last_layers = [half.get_submodule("bn2") for half in halves_of(self.network)]
        self.cam = GradCAM(model=self.network, target_layers=last_layers)

    def read(self, path: Path) -> torch.Tensor:
        """Decode and transform one photograph; shape ``(1, 3, S, S)``."""
        tensor: torch.Tensor = self.transform(Image.open(path).convert("RGB"))
        return tensor.unsqueeze(0)

    def probabilities(self, path: Path) -> NDArray[np.float32]:
        """Return the uncalibrated probabilities of all labels."""
        with torch.inference_mode():
            result: NDArray[np.float32] = torch.sigmoid(self.network(self.read(path)))[
                0
            ].numpy()
        return result

    def explain(self, path: Path, labels: Sequence[int]) -> list[NDArray[np.float32]]:
        """Return probabilities' heatmaps for the labels with these indices."""
        tensor = self.read(path)
        with torch.no_grad():
            torch.sigmoid(self.network(tensor))
        return [self.cam(tensor, targets=[ClassifierOutputTarget(k)])[0] for k in labels]
