"""Whether an exported graph, and smaller weights, answer as the trained network does."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.ml.calibration import PlattScaling, sigmoid
from retina_desktop.ml.class_activation import pooled_logits
from retina_desktop.ml.export_graph import OUTPUTS, AnsweringNetwork
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.threads import inference_threads
from retina_desktop.ml.torch_network import classifier_of

PROBABILITY_TOLERANCE = 1e-4  # ten times finer than the engines' contract of 1e-3
# Of the largest value of maps or features, or absolute where that is below 1: a quarter of one
# of the 256 shades a map is shown in. A fault of the graph is percents. Rounding of float32 is
# 1e-6 in EfficientNet-B0, but far more in V2-M (57 blocks) after little training, where torch
# and ONNX Runtime lie equally far from the same network in float64.
MAP_TOLERANCE = 1e-3
WEIGHTS_TOLERANCE = 0.01  # in calibrated probability, of smaller weights beside float32
AUROC_TOLERANCE = 0.002  # of the mean over labels
AUROC_FROM = 5  # positives and negatives of a label whose AUROC is compared
SPEED_RUNS = 15

# (N, 3, S, S), as a network reads them, the same each time
Batches = Callable[[], Iterable[NDArray[np.float32]]]


class ExportError(RetinaError):
    """The network cannot be written as a bundle that answers as the network does."""


@dataclass(frozen=True, slots=True, eq=False)
class Photographs:
    """Real photographs on which smaller weights must answer as the float32 network does.

    Parameters
    ----------
    batches : Callable
        Gives the same batches each time, ``(n, 3, S, S)`` float32, preprocessed as the
        manifest says.
    present, known : NDArray[np.bool_] or None
        Shape ``(N, K)`` over all batches: whether a label is present, and whether that is
        stated; None where labels are not given, and no AUROC is compared.
    """

    batches: Batches
    present: NDArray[np.bool_] | None = None
    known: NDArray[np.bool_] | None = None


@dataclass(frozen=True, slots=True)
class WeightParity:
    """How far smaller weights answer otherwise than float32, on photographs.

    The AUROC figures are None where no label had enough photographs of both kinds.
    """

    photographs: int
    largest: float  # difference of a calibrated probability
    mean: float
    mean_auroc_change: float | None
    largest_auroc_change: float | None
    labels: int  # compared by AUROC

    @property
    def holds(self) -> bool:
        """Whether the smaller weights may stand for the network."""
        change = abs(self.mean_auroc_change or 0.0)
        return self.largest <= WEIGHTS_TOLERANCE and change <= AUROC_TOLERANCE


@dataclass(frozen=True, slots=True)
class Speed:
    """Images a second, one at a time on one thread, the median of `SPEED_RUNS`."""

    onnx: float
    torch: float
    load_s: float  # to open the graph in ONNX Runtime


@torch.inference_mode()
def answers(network: nn.Module, photographs: Photographs) -> NDArray[np.float64]:
    """Return the logits ``(N, K)`` of all photographs."""
    found = [network(torch.from_numpy(batch)).numpy() for batch in photographs.batches()]
    if not found:
        raise ExportError("There are no photographs to compare smaller weights on.")
    logits: NDArray[np.float64] = np.concatenate(found).astype(np.float64)
    return logits


def compare_answers(
    wanted: NDArray[np.float64],
    found: NDArray[np.float64],
    *,
    manifest: ModelManifest,
    photographs: Photographs,
) -> WeightParity:
    """Compare logits ``(N, K)`` of smaller weights with those of float32."""
    calibrate = PlattScaling.of(manifest.labels)
    difference = np.abs(
        calibrate(found).astype(np.float64) - calibrate(wanted).astype(np.float64)
    )
    changes = _auroc_changes(wanted, found, photographs)
    return WeightParity(
        photographs=len(wanted),
        largest=float(difference.max()),
        mean=float(difference.mean()),
        mean_auroc_change=float(np.mean(changes)) if changes else None,
        largest_auroc_change=float(np.abs(changes).max()) if changes else None,
        labels=len(changes),
    )


def _auroc_changes(
    wanted: NDArray[np.float64], found: NDArray[np.float64], photographs: Photographs
) -> list[float]:
    from sklearn.metrics import roc_auc_score

    if photographs.present is None or photographs.known is None:
        return []
    changes = []
    for column in range(wanted.shape[1]):
        rows = photographs.known[:, column]
        present = photographs.present[rows, column]
        if min(int(present.sum()), int((~present).sum())) >= AUROC_FROM:
            before, after = (
                float(roc_auc_score(present, logits[rows, column]))
                for logits in (wanted, found)
            )
            changes.append(after - before)
    return changes


def check_graph(network: nn.Module, manifest: ModelManifest, graph: Path) -> float:
    """Compare ONNX Runtime with torch at the bundle's size and a larger one.

    The larger is a multiple of 64: networks with TensorFlow's padding ("tf_...") pad by the
    size's remainder, which the trace fixes, so that their graph holds for such sizes alone.

    Returns
    -------
    float
        The largest difference in probability.

    Raises
    ------
    ExportError
        If logits, maps or features differ by more than the tolerances.
    """
    session = _session(graph, inference_threads())
    reference = AnsweringNetwork(network).eval()
    worst = 0.0
    for size in (manifest.input_size, 64 * (manifest.input_size // 64 + 1)):
        image = probe_image(size)[None]
        logits, *others = session.run(list(OUTPUTS), {"image": image})
        with torch.inference_mode():
            expected, *expected_others = reference(torch.from_numpy(image))
        worst = max(worst, _probability_difference(logits, expected.numpy()))
        pooled = pooled_logits(others[0], classifier_of(network).bias.detach().numpy())
        worst = max(worst, _probability_difference(pooled, logits))
        for name, found, wanted in zip(OUTPUTS[1:], others, expected_others, strict=True):
            difference = _scaled_difference(found, wanted.numpy())
            if not difference <= MAP_TOLERANCE:
                raise ExportError(
                    f"The graph is not written: ONNX Runtime's {name} differ from torch's by "
                    f"{difference:.2g}."
                )
    if not worst <= PROBABILITY_TOLERANCE:
        raise ExportError(
            f"The graph is not written: ONNX Runtime differs from torch by {worst:.2g} in "
            "probability."
        )
    return worst


def measure_speed(
    network: nn.Module,
    manifest: ModelManifest,
    graph: Path,
    *,
    clock: Callable[[], float] = time.perf_counter,
) -> Speed:
    """Measure ONNX Runtime beside torch by turns, on one thread each."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        began = clock()
        session = _session(graph, 1)
        load_s = clock() - began
        image = probe_image(manifest.input_size)[None]
        tensor = torch.from_numpy(image)
        reference = AnsweringNetwork(network).eval()
        took: tuple[list[float], list[float]] = ([], [])
        with torch.inference_mode():
            for _ in range(SPEED_RUNS + 1):  # the first one warms up
                took[0].append(_timed(lambda: session.run(None, {"image": image}), clock))
                took[1].append(_timed(lambda: reference(tensor), clock))
        return Speed(1 / median(took[0][1:]), 1 / median(took[1][1:]), load_s)
    finally:
        torch.set_num_threads(before)


def _timed(work: Callable[[], object], clock: Callable[[], float]) -> float:
    began = clock()
    work()
    return max(clock() - began, 1e-9)


def _session(graph: Path, threads: int) -> Any:  # noqa: ANN401 - onnxruntime is untyped
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def _scaled_difference(found: NDArray[np.floating], wanted: NDArray[np.floating]) -> float:
    scale = max(1.0, float(np.abs(wanted).max()))
    return float(np.abs(found - wanted).max()) / scale


def _probability_difference(first: NDArray[np.floating], second: NDArray[np.floating]) -> float:
    probabilities = [sigmoid(logits.astype(np.float64)) for logits in (first, second)]
    return float(np.abs(probabilities[0] - probabilities[1]).max())
