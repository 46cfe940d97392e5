"""Ask a network about many photographs, with no core waiting.

On the CPU each thread takes one photograph from its file to its answer, the network in ONNX
Runtime as in the application, one thread a session: decoding and network share the cores, and
an answer does not depend on its neighbours. On a GPU threads prepare what the next batches
show.
"""

import copy
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray
from torch import nn

from retina_desktop.ml.calibration import sigmoid
from retina_desktop.ml.probe import probe_image
from training.ahead import ahead

Tensors = NDArray[np.float32]  # (N, 3, S, S), normalised
Answer = Callable[[Tensors], NDArray[np.float32]]  # to logits (N, labels); from any thread

BATCH = 32  # where torch answers
TRACED_FROM = 100  # photographs; fewer are answered before the network is traced
TOLERANCE = 1e-4  # in probability, between ONNX Runtime and torch
_OPSET = 17

K = TypeVar("K")


def answer_all(
    network: nn.Module,
    keys: Sequence[K],
    *,
    tensor_of: Callable[[K], NDArray[np.float32]],
    size: int,
    threads: int | None = None,
    traced_from: int = TRACED_FROM,
) -> NDArray[np.float32]:
    """Return the logits of all photographs, shape ``(len(keys), labels)``, in their order.

    Parameters
    ----------
    network : torch.nn.Module
        Asked in evaluation mode, in 32 bits; it is put into that mode, not changed otherwise.
    keys : Sequence
        What names each photograph: a path, a row.
    tensor_of : Callable
        From a key to the normalised photograph, ``(3, size, size)``; called from threads.
    size : int
        Side in pixels.
    threads : int or None
        Photographs in work at a time; torch's number of threads when None.
    traced_from : int
        Photographs for which ONNX Runtime is worth its preparation of some seconds.
    """
    network.eval()
    workers = threads or torch.get_num_threads()
    if torch.cuda.is_available():
        there = copy.deepcopy(network).cuda()  # the caller's own stays where it is
        return _in_batches(_torch_answer(there), keys, tensor_of, workers)
    answer = onnx_answer(network, size=size) if len(keys) >= traced_from else None
    if answer is None:
        return _in_batches(_torch_answer(network), keys, tensor_of, 1)
    return answer_each(answer, keys, tensor_of=tensor_of, threads=workers)


def answer_each(
    answer: Answer,
    keys: Sequence[K],
    *,
    tensor_of: Callable[[K], NDArray[np.float32]],
    threads: int,
) -> NDArray[np.float32]:
    """Return what `answer_all` does; each thread takes one photograph at a time to `answer`.

    One a call: several at a time are no quicker in ONNX Runtime (measured with 2 and 4).
    """
    with ThreadPoolExecutor(threads) as pool:
        answers = pool.map(lambda key: answer(tensor_of(key)[None])[0], keys)
        return np.stack(list(answers))


def onnx_answer(network: nn.Module, *, size: int) -> Answer | None:
    """Return the network in ONNX Runtime, one thread a call; None where it answers otherwise.

    A network that cannot be traced, or whose traced answers differ from torch's by more than
    `TOLERANCE` in probability, is left to torch.
    """
    still = copy.deepcopy(network).cpu().float().eval()
    graph = _traced(still, size)
    if graph is None:
        return None
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])

    def answer(tensors: Tensors) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = session.run(["logits"], {"image": tensors})[0]
        return logits

    probe = probe_image(size)[None]
    expected = _torch_answer(still)(probe)
    difference = np.abs(sigmoid(answer(probe).astype(float)) - sigmoid(expected.astype(float)))
    return answer if float(difference.max()) <= TOLERANCE else None


def _in_batches(
    answer: Answer,
    keys: Sequence[K],
    tensor_of: Callable[[K], NDArray[np.float32]],
    threads: int,
) -> NDArray[np.float32]:
    tensors = ahead(tensor_of, keys, threads=threads, depth=2 * BATCH)
    answers: list[NDArray[np.float32]] = []
    batch: list[NDArray[np.float32]] = []
    for tensor in tensors:
        batch.append(tensor)
        if len(batch) == BATCH:
            answers.append(answer(np.stack(batch)))
            batch.clear()
    return np.concatenate([*answers, *([answer(np.stack(batch))] if batch else [])])


def _torch_answer(network: nn.Module) -> Answer:
    device = next(network.parameters()).device

    @torch.inference_mode()
    def answer(tensors: Tensors) -> NDArray[np.float32]:
        logits: NDArray[np.float32] = (
            network(torch.from_numpy(tensors).to(device)).float().cpu().numpy()
        )
        return logits

    return answer


def _traced(network: nn.Module, size: int) -> bytes | None:
    with TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's age; sizes that the trace fixes
        graph = Path(folder) / "traced.onnx"
        try:
            torch.onnx.export(
                network,
                (torch.zeros(1, 3, size, size),),
                graph,
                dynamo=False,
                opset_version=_OPSET,
                input_names=["image"],
                output_names=["logits"],
                dynamic_axes={"image": {0: "n"}, "logits": {0: "n"}},
            )
        except (RuntimeError, TypeError, ValueError, torch.onnx.errors.OnnxExporterError):
            return None  # what is wrong with the network itself, torch will say
        return graph.read_bytes()
