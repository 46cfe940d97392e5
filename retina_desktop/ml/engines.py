"""Which engine loads a bundle."""

import logging
import platform
from enum import StrEnum
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop.domain.errors import EngineUnavailableError, RetinaError
from retina_desktop.ml.bundle_reading import Bundle
from retina_desktop.ml.onnx_engine import OnnxClassifier, available_accelerators

if TYPE_CHECKING:
    from retina_desktop.services.ports import Classifier

_LOGGER = logging.getLogger(__name__)

# What a driver of a graphics card that torch can use leaves behind: asked instead of torch,
# whose import takes seconds.
_DRIVER_TRACES = {
    "Linux": ("/dev/nvidiactl", "/dev/kfd", "/dev/dxg"),
    "Windows": ("C:/Windows/System32/nvcuda.dll",),
}


class Engine(StrEnum):
    """What runs the networks."""

    AUTO = "auto"
    """ONNX Runtime, unless torch alone can use this workstation's graphics card."""

    ONNX = "onnx"
    TORCH = "torch"


def load_classifier(
    bundle: Bundle, *, engine: Engine = Engine.AUTO, threads: int | None = None
) -> "Classifier":
    """Load a bundle on an engine.

    Parameters
    ----------
    bundle : Bundle
        See `retina_desktop.ml.bundles`.
    engine : Engine
        torch is imported only where it is asked for or `Engine.AUTO` means it.
    threads : int or None
        Threads for one answer on the CPU; None takes the physical cores but one.

    Raises
    ------
    EngineUnavailableError
        If the engine asked for is not installed.
    BundleRefusedError
        If the bundle is damaged, or is none that the engine can run.
    """
    if engine is Engine.TORCH:
        return _load_torch(bundle, threads)
    if engine is Engine.AUTO and torch_alone_is_accelerated():
        try:
            classifier = _load_torch(bundle, threads)
        except RetinaError as error:
            _LOGGER.warning("torch is not used: %s", error)
        else:
            if classifier.identity.device != "cpu":
                return classifier
    return OnnxClassifier(bundle, threads=threads)


def torch_alone_is_accelerated() -> bool:
    """Tell whether torch can use a graphics card here that ONNX Runtime cannot.

    On a CPU alone ONNX Runtime is the faster engine, whatever else is installed.
    """
    if available_accelerators() or find_spec("torch") is None or not _has_driver():
        return False
    try:
        from retina_desktop.ml.torch_engine import best_device
    except ImportError:
        return False
    return best_device() != "cpu"


def _has_driver() -> bool:
    system = platform.system()
    if system == "Darwin":
        return platform.machine() == "arm64"
    return any(Path(trace).exists() for trace in _DRIVER_TRACES.get(system, ()))


def _load_torch(bundle: Bundle, threads: int | None) -> "Classifier":
    try:
        from retina_desktop.ml.torch_engine import TorchClassifier
    except ImportError as error:
        raise EngineUnavailableError(
            "The torch engine is not installed; install the extra 'train', or choose the ONNX "
            "engine."
        ) from error
    return TorchClassifier(bundle, threads=threads)
