"""The default engine: a bundle's graph on ONNX Runtime."""

import logging
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state

from retina_desktop.domain.analyses import ModelAnswer, ModelIdentity
from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.ml.bundle_reading import Bundle
from retina_desktop.ml.calibration import PlattScaling, sigmoid
from retina_desktop.ml.freed_memory import give_back_freed_memory
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.threads import inference_threads
from retina_desktop.ml.validated_range import FeatureRange, range_of_others, read_range

CPU = "CPUExecutionProvider"
DIRECT_ML = "DmlExecutionProvider"
# In order of preference. TensorRT is left out: it compiles for minutes at the first start.
ACCELERATORS = (
    "CUDAExecutionProvider",
    DIRECT_ML,
    "CoreMLExecutionProvider",
    "OpenVINOExecutionProvider",
)
AGREEMENT = 1e-3  # largest difference in probability between two engines or devices

_OUTPUTS = ["logits", "maps"]
_FEATURES = "features"
_SILENT = 4  # ONNX Runtime's severity: what it refuses is told by exceptions
# ONNX Runtime's exceptions have no base of their own.
_RUNTIME_ERRORS: tuple[type[Exception], ...] = (
    RuntimeError,
    *(
        kind
        for kind in vars(onnxruntime_pybind11_state).values()
        if isinstance(kind, type) and issubclass(kind, Exception)
    ),
)
_LOGGER = logging.getLogger(__name__)


class OnnxClassifier:
    """A bundle loaded on ONNX Runtime; implements `services.ports.Classifier`.

    An accelerator is used only where it answers as the CPU does (`AGREEMENT`, checked when
    the bundle is loaded); otherwise the CPU is. The graph is asked for its features only where
    the bundle has a validated range.

    Parameters
    ----------
    bundle : Bundle
        Its graph and weights are checked against their hashes as they are read.
    threads : int or None
        Threads for one answer; None takes the physical cores but one. `classify` may be called
        from many threads at once whatever this is.
    providers : Sequence[str] or None
        ONNX Runtime's execution providers to try in turn before the CPU, as far as they are
        installed; None takes `ACCELERATORS`.

    Raises
    ------
    BundleRefusedError
        If a file is damaged or ONNX Runtime cannot load the graph, or the validated range is
        not of this graph's features.
    """

    def __init__(
        self,
        bundle: Bundle,
        *,
        threads: int | None = None,
        providers: Sequence[str] | None = None,
    ) -> None:
        self._manifest = bundle.manifest
        self._calibrate = PlattScaling.of(bundle.manifest.labels)
        self._range = read_range(bundle)
        self._outputs = [*_OUTPUTS, _FEATURES] if self._range else _OUTPUTS
        load = _Loader(bundle, inference_threads(threads), self._range)
        self._session = load.best(ACCELERATORS if providers is None else providers)
        del load  # with its copy of the weights
        give_back_freed_memory()
        device = self._session.get_providers()[0]
        # DirectML allows one run of a session at a time; all others are safe to call at once.
        self._lane: AbstractContextManager[object] = (
            Lock() if device == DIRECT_ML else nullcontext()
        )
        self._identity = ModelIdentity(
            id=self._manifest.id, version=self._manifest.version, engine="onnx", device=device
        )

    @property
    def manifest(self) -> ModelManifest:
        """The bundle's manifest."""
        return self._manifest

    @property
    def identity(self) -> ModelIdentity:
        """Model, version, engine, and the execution provider that really runs."""
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
        image = np.ascontiguousarray(tensor[None], np.float32)
        with self._lane:
            logits, maps, *features = self._session.run(self._outputs, {"image": image})
        return ModelAnswer(
            probabilities=self._calibrate(logits[0]),
            activations=maps[0],
            distance=float(self._range.distance(features[0])[0]) if self._range else None,
        )


def available_accelerators() -> tuple[str, ...]:
    """Return the installed execution providers beside the CPU's, best first."""
    installed = set(onnxruntime.get_available_providers())
    return tuple(name for name in ACCELERATORS if name in installed)


class _Loader:
    """Makes sessions of one bundle from bytes that were checked once.

    The weights come to ONNX Runtime as bytes in memory, not by path: what was hashed is what
    runs, and a graph that points to any other file is refused.
    """

    def __init__(
        self, bundle: Bundle, threads: int, feature_range: FeatureRange | None
    ) -> None:
        manifest = bundle.manifest
        self._manifest = manifest
        self._range = feature_range
        self._graph = bundle.read(manifest.graph)
        self._weights = bundle.read(manifest.weights)
        self._threads = threads

    def best(self, providers: Sequence[str]) -> Any:  # noqa: ANN401 - onnxruntime is untyped
        """Return a session on the first provider that answers rightly, else on the CPU."""
        on_cpu = self._on_cpu()
        installed = onnxruntime.get_available_providers()
        for name in providers:
            if name == CPU or name not in installed:
                continue
            try:
                session = self._created([name, CPU])
                if session.get_providers()[0] == name and self._agree(session, on_cpu):
                    return session
            except _RUNTIME_ERRORS as error:
                _LOGGER.warning("%s cannot run the model: %s", name, error)
                continue
            _LOGGER.warning("%s does not answer as the CPU does and is not used", name)
        return on_cpu

    def _on_cpu(self) -> Any:  # noqa: ANN401 - onnxruntime is untyped
        try:
            session = self._created([CPU])
        except _RUNTIME_ERRORS as error:
            raise BundleRefusedError(
                "ONNX Runtime cannot load the model's graph; please install the model again."
            ) from error
        self._check_signature(session)
        return session

    def _created(self, providers: list[str]) -> Any:  # noqa: ANN401 - onnxruntime is untyped
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.intra_op_num_threads = self._threads
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        # With the arena but without patterns, which keep a block of the largest run for each
        # thread: 182 instead of 225 MB after answers in eight threads at once, same speed.
        options.enable_mem_pattern = False
        options.add_external_initializers_from_files_in_memory(
            [self._manifest.weights], [self._weights], [len(self._weights)]
        )
        return onnxruntime.InferenceSession(self._graph, options, providers=providers)

    def _check_signature(self, session: Any) -> None:  # noqa: ANN401 - onnxruntime is untyped
        inputs = [item.name for item in session.get_inputs()]
        outputs = {item.name: item.shape for item in session.get_outputs()}
        labels = len(self._manifest.labels)
        shapes = [outputs.get(name, []) for name in _OUTPUTS]
        if inputs != ["image"] or [len(shape) for shape in shapes] != [2, 4]:
            raise BundleRefusedError(
                "The model's graph does not turn an image into logits and maps, so it is not "
                "one of this program's."
            )
        if any(shape[1] != labels for shape in shapes):
            raise BundleRefusedError(
                f"The model's graph has not the {labels} outputs that its manifest names."
            )
        if self._range and outputs.get(_FEATURES, [])[1:] != [self._range.channels]:
            raise range_of_others()

    def _agree(self, first: Any, second: Any) -> bool:  # noqa: ANN401 - onnxruntime is untyped
        image = probe_image(self._manifest.input_size)[None]
        answers = [
            sigmoid(session.run(["logits"], {"image": image})[0].astype(np.float64))
            for session in (first, second)
        ]
        return bool(np.abs(answers[0] - answers[1]).max() <= AGREEMENT)
