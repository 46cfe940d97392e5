"""Weights to start from, read from bundles and files; nothing in them is run."""

import logging
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn

from retina_desktop.imaging.preprocessing import enhancements_of
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.manifest_json import MANIFEST_NAME
from retina_desktop.ml.twofold import HEAD, LOCAL, PLAIN, TwofoldNetwork, within_half
from retina_desktop.ml.weight_formats import read_weights
from retina_desktop.ml.weight_header import (
    WHOLE_TYPES,
    WeightsInconsistentError,
    read_places,
)
from training.recipe import RecipeError

SAFETENSORS_SUFFIX = ".safetensors"
_TORCH_SUFFIXES = (".pt", ".pth")
_WRAPPINGS = ("state_dict", "model", "network")  # what checkpoints of others keep weights under
_PREFIXES = ("module.", "network.", "model.", "_orig_mod.")

State = dict[str, Tensor]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class WeightSource:
    """Weights as float32 under their own names.

    ``codes`` are the labels of the last layer's rows, of a bundle; empty where nobody says.
    """

    name: str  # in words, without a path
    state: State
    codes: tuple[str, ...] = ()
    is_bundle: bool = False
    enhancements: tuple[str, ...] | None = None  # that a bundle reads photographs after


def read_source(path: Path) -> WeightSource:
    """Read a bundle's folder, or a file of weights.

    Parameters
    ----------
    path : Path
        A folder with a manifest; a ``.safetensors`` file, also one of 16 or 8 bits; or a
        ``.pt`` or ``.pth`` file with nothing but tensors.

    Raises
    ------
    RecipeError
        If it is none of them, or cannot be read.
    BundleRefusedError
        If it is a damaged bundle.
    """
    if path.is_dir():
        return _read_bundle(path)
    if not path.is_file():
        raise RecipeError(
            f"There are no weights {path.name} to start from; name a bundle's folder, a file, "
            "timm, lite0 or none as model.initial."
        )
    if path.suffix == SAFETENSORS_SUFFIX:
        return WeightSource("a file", _read_safetensors(path))
    if path.suffix in _TORCH_SUFFIXES:
        return WeightSource("a file", _read_torch(path))
    raise RecipeError(
        f"Weights are read from .safetensors, .pt and .pth files, and {path.name} is none."
    )


def _read_bundle(folder: Path) -> WeightSource:
    if not (folder / MANIFEST_NAME).is_file():
        raise RecipeError(
            f"The folder {folder.name} holds no {MANIFEST_NAME}, so it is no model bundle."
        )
    bundle = read_bundle(folder)
    manifest = bundle.manifest
    state = _tensors(bundle.read(manifest.weights), folder)
    name = f"the bundle {manifest.id} {manifest.version} ({manifest.architecture})"
    steps = enhancements_of(manifest.preprocessing)
    return WeightSource(name, state, manifest.codes, is_bundle=True, enhancements=steps)


def fitting(source: WeightSource, network: nn.Module) -> WeightSource:
    """Return what `network` can begin with: of a twofold network's weights, its plain half's.

    The half's last layer is the plain half's share of the joined one, which is all that a
    network of its architecture can be given; a network of two halves takes the source whole.
    """
    is_twofold = {name.partition(".")[0] for name in source.state} >= {PLAIN, LOCAL}
    if not is_twofold or isinstance(network, TwofoldNetwork):
        return source
    own = {
        within_half(name): value
        for name, value in source.state.items()
        if not name.startswith(f"{LOCAL}.")
    }
    head = f"{HEAD}.weight"
    channels = own[head].shape[1] // 2
    own[head] = 2 * own[head][:, :channels]
    return replace(source, name=f"the plain half of {source.name}", state=own)


def warn_of_other_steps(source: WeightSource, prepared_with: Sequence[str]) -> None:
    """Log where a bundle reads other pictures than those it is to learn from."""
    reads = source.enhancements
    if reads is not None and reads != tuple(prepared_with):
        log.warning(
            "%s reads photographs after %s, and these were prepared after %s; what it knows "
            "may not carry over (retina-train prepare --enhance)",
            source.name,
            _in_words(reads),
            _in_words(prepared_with),
        )


def _in_words(steps: Sequence[str]) -> str:
    return ", ".join(steps) or "no enhancement"


def _read_safetensors(path: Path) -> State:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RecipeError(f"The weights in {path.name} cannot be read.") from error
    try:
        plain = not any(place.kind in WHOLE_TYPES for place in read_places(content).values())
        if plain:  # also of types that bundles do not have, and with batch norms' counters
            return {name: _as_float(value) for name, value in load(content).items()}
    except (WeightsInconsistentError, SafetensorError, ValueError, KeyError) as error:
        raise RecipeError(
            f"The weights in {path.name} cannot be read: the file is damaged or none of "
            "safetensors."
        ) from error
    return _tensors(content, path)


def _as_float(value: Tensor) -> Tensor:
    return value.float() if value.is_floating_point() else value


def _tensors(content: bytes, path: Path) -> State:
    try:
        return {name: torch.from_numpy(value) for name, value in read_weights(content).items()}
    except WeightsInconsistentError as error:
        raise RecipeError(f"The weights in {path.name} cannot be read: {error}.") from error


def _read_torch(path: Path) -> State:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        raise RecipeError(
            f"The weights in {path.name} cannot be read: damaged, or more than plain tensors, "
            "which is never run; store them as .safetensors."
        ) from error
    return _unwrapped(content, path)


def _unwrapped(content: object, path: Path) -> State:
    """Return the tensors of a state, also inside a checkpoint or under a wrapper's prefix."""
    for wrapping in _WRAPPINGS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapping), Mapping):
            content = content[wrapping]
    if not isinstance(content, Mapping):
        raise RecipeError(f"The file {path.name} holds no state of a network.")
    state = {
        str(name): _as_float(value)
        for name, value in content.items()
        if isinstance(value, Tensor)
    }
    if not state:
        raise RecipeError(f"The file {path.name} holds no state of a network.")
    for prefix in _PREFIXES:
        if all(name.startswith(prefix) for name in state):
            state = {name.removeprefix(prefix): value for name, value in state.items()}
    return state
