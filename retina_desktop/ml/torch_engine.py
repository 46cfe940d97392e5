"""The second engine: a bundle's weights on torch, for graphics cards.

Importing this imports torch. On a graphics card the network runs in mixed precision: the
features in float16, the linear layer and the maps in float32.
"""

import logging
from contextlib import nullcontext

import numpy as np
import torch
from numpy.typing import NDArray

from retina_desktop.domain.analyses import ModelAnswer, ModelIdentity
from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.ml.bundle_reading import Bundle
from retina_desktop.ml.calibration import PlattScaling
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.threads import inference_threads
from retina_desktop.ml.torch_network import (
    NetworkError,
    NetworkWithMaps,
    build_network,
    classifier_of,
    load_weights,
)
from retina_desktop.ml.validated_range import range_of_others, read_range
from retina_desktop.ml.weight_header import WeightsInconsistentError

AGREEMENT = 1e-3  # largest difference in probability between the CPU and another device

_LOGGER = logging.getLogger(__name__)


class TorchClassifier:
    """A bundle loaded on torch; implements `services.ports.Classifier`.

    A graphics card is used only where it answers as the CPU does (`AGREEMENT`, checked when
    the bundle is loaded): in mixed precision, else in single precision, else the CPU is used.

    Parameters
    ----------
    bundle : Bundle
        Its weights are checked against their hash as they are read.
    device : str or None
        torch's name of a device; None takes CUDA, else MPS, else the CPU.
    threads : int or None
        Threads for one answer on the CPU, set for the whole process as torch has it; None takes
        the physical cores but one.

    Raises
    ------
    BundleRefusedError
        If the weights are damaged or are not those of the manifest's architecture, or the
        validated range is not of its features.
    """

    def __init__(
        self, bundle: Bundle, *, device: str | None = None, threads: int | None = None
    ) -> None:
        self._manifest = bundle.manifest
        self._calibrate = PlattScaling.of(bundle.manifest.labels)
        self._device, self._mixed = torch.device("cpu"), False
        network = load_network(bundle)
        self._range = read_range(bundle)
        if self._range and self._range.channels != classifier_of(network).in_features:
            raise range_of_others()
        self._network = NetworkWithMaps(network).eval()
        wanted = torch.device(device or best_device())
        if wanted.type != "cpu":
            self._accelerate(wanted)
        if self._device.type == "cpu":
            torch.set_num_threads(inference_threads(threads))
        self._identity = ModelIdentity(
            id=self._manifest.id,
            version=self._manifest.version,
            engine="torch",
            device=str(self._device),
        )

    @property
    def manifest(self) -> ModelManifest:
        """The bundle's manifest."""
        return self._manifest

    @property
    def identity(self) -> ModelIdentity:
        """Model, version, engine and device."""
        return self._identity

    def classify(self, tensor: NDArray[np.float32]) -> ModelAnswer:
        """Answer one preprocessed crop; see `services.ports.Classifier`.

        Raises
        ------
        ValueError
            If the tensor has another shape than the manifest's input.
        """
        side = self._manifest.input_size
        if tensor.shape != (3, side, side):
            raise ValueError(f"expected a tensor (3, {side}, {side}), got {tensor.shape}")
        image = torch.from_numpy(np.array(tensor[None], np.float32))
        logits, maps, pooled = self._run(image, mixed=self._mixed)
        return ModelAnswer(
            probabilities=self._calibrate(logits[0]),
            activations=maps[0],
            distance=float(self._range.distance(pooled)[0]) if self._range else None,
        )

    def _run(
        self, image: torch.Tensor, *, mixed: bool
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        half = torch.autocast(self._device.type, torch.float16) if mixed else nullcontext()
        with torch.inference_mode():
            with half:
                features = self._network.features(image.to(self._device))
            answer = (*self._network.answer(features.float()), self._network.pooled(features))
            logits, maps, pooled = (tensor.cpu().numpy() for tensor in answer)
            return logits, maps, pooled

    def _accelerate(self, device: torch.device) -> None:
        """Move to `device`, in mixed precision if that answers as the CPU does, or stay."""
        expected = self._probe()
        # Convolutions in TensorFloat-32 would round as mixed precision does.
        torch.backends.cudnn.allow_tf32 = False
        try:
            self._network.to(device)
            self._device = device
            for self._mixed in (True, False):
                difference = float(np.abs(self._probe() - expected).max())
                if difference <= AGREEMENT:
                    return
                _LOGGER.warning(
                    "%s differs by %.2g with mixed precision %s",
                    device,
                    difference,
                    self._mixed,
                )
        except RuntimeError as error:  # also torch's for memory that does not suffice
            _LOGGER.warning("%s cannot run the model: %s", device, error)
        self._device, self._mixed = torch.device("cpu"), False
        self._network.to(self._device)

    def _probe(self) -> NDArray[np.float32]:
        image = torch.from_numpy(probe_image(self._manifest.input_size)[None])
        return self._calibrate(self._run(image, mixed=self._mixed)[0])


def best_device() -> str:
    """Return the fastest device's name: CUDA, else MPS, else the CPU."""
    if torch.cuda.is_available():
        return "cuda:0"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def load_network(bundle: Bundle) -> torch.nn.Module:
    """Return the bundle's timm network with its weights, on the CPU, in evaluation mode.

    Raises
    ------
    BundleRefusedError
        If the weights are damaged or are not those of the manifest's architecture.
    """
    manifest = bundle.manifest
    try:
        network = build_network(manifest.architecture, outputs=len(manifest.labels))
        load_weights(network, bundle.read(manifest.weights))
    except NetworkError as error:
        raise BundleRefusedError(
            f"The torch engine cannot build this model ({error}); choose the ONNX engine."
        ) from error
    except (RuntimeError, WeightsInconsistentError) as error:  # names or shapes; no such file
        raise BundleRefusedError(
            f"The model's weights are not those of {manifest.architecture!r}; please install "
            "the model again."
        ) from error
    return network
