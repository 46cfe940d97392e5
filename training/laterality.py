"""Fit and report the network which suggests the eye (``retina_desktop.imaging.laterality``).

Truth is the file name (ODIR, UNAM-DME, CHASE_DB1) or the side of the disc as annotated (IDRiD,
HEI-MED). Only ODIR and UNAM-DME are learned from; every photograph of theirs is judged by a
network which saw no photograph of that patient, and the other sources by the final one. One
slope, fitted to the judgements of the left-out patients, makes the confidence a probability.
"""

import itertools
import logging
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import cv2
import numpy as np
import torch
import typer
from numpy.typing import NDArray
from torch import nn

from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.laterality import (
    INPUT_SIDE_PX,
    SUGGESTED_FROM,
    LateralityNetwork,
    laterality_planes,
)
from training.manifest_data import read_rows
from training.sentences import told

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage

CROP_SIDE_PX = 224
LEARNED_SOURCES = ("ODIR", "UNAM-DME")
CHANNELS = (2, 12, 16, 24)
FOLDS = 3
EPOCHS = 12
BATCH = 96
LEARNING_RATE = 3e-3
WEIGHT_DECAY = 1e-2
NARROW_SHARE = 0.35
RIGHT_DISC_MARGIN = 0.08  # of the width, an annotated disc nearer to the middle says nothing

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class EyeSet:
    """Photographs whose eye is known; ``is_right`` is 1 for right eyes."""

    planes: NDArray[np.float32]
    is_right: NDArray[np.float32]
    patients: list[str]
    sources: NDArray[np.str_]


class _Network(nn.Module):
    """The network of `LateralityNetwork`, to be fitted."""

    def __init__(self) -> None:
        super().__init__()
        pairs = itertools.pairwise(CHANNELS)
        self.layers = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairs)
        self.dropout = nn.Dropout(0.2)
        self.readout = nn.Linear(CHANNELS[-1] * (INPUT_SIDE_PX // 8) ** 2, 1, bias=False)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Return log odds of a right eye, shape (N,), for planes (N, 2, S, S)."""
        return self._see(planes) - self._see(planes.flip(3))

    def _see(self, planes: torch.Tensor) -> torch.Tensor:
        for layer in self.layers:
            planes = torch.relu(layer(planes))
        flat = planes.permute(0, 2, 3, 1).flatten(1)
        seen: torch.Tensor = self.readout(self.dropout(flat))
        return seen[:, 0]


@told
def main(
    data: Annotated[Path, typer.Option(help="Folder with index.csv and the photographs.")],
    annotations: Annotated[Path, typer.Option(help="CSV of fovea and disc centres (IDRiD).")],
    output: Annotated[Path, typer.Option(help="Where the coefficients go (.npz).")],
) -> None:
    """Fit, report by source, and write the coefficients."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    eyes = read_eyes(data, annotations)
    learned = np.isin(eyes.sources, LEARNED_SOURCES)
    log_odds = np.zeros(len(eyes.is_right), dtype=np.float32)
    folds = _folds(eyes.patients)
    for fold in range(FOLDS):
        held = learned & (folds == fold)
        network = _fit(eyes, learned & ~held, seed=fold)
        log_odds[held] = _judge(network, eyes.planes[held])
    slope = _calibrate(log_odds[learned], eyes.is_right[learned])
    final = _fit(eyes, learned, seed=FOLDS)
    arrays = _arrays(final, slope)
    numpy_network = _as_numpy(arrays)
    for index in np.flatnonzero(~learned):
        log_odds[index] = numpy_network.log_odds(eyes.planes[index]) / slope
    for source in np.unique(eyes.sources):
        chosen = eyes.sources == source
        _report(str(source), slope * log_odds[chosen], eyes.is_right[chosen])
    output.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(output, **arrays)  # type: ignore[arg-type]


def read_eyes(data: Path, annotations: Path) -> EyeSet:
    """Read every photograph whose eye is known."""
    discs = {
        row["file"]: float(row["od_x"]) > float(row["fovea_x"])
        for _, row in read_rows(annotations, ("file", "od_x", "fovea_x"))
    }
    planes, is_right, patients, sources = [], [], [], []
    for _, row in read_rows(data / "index.csv", ("file", "source", "patient")):
        right = discs.get(row["file"], _named_eye(row))
        if right is None:
            continue
        image: RgbImage = np.ascontiguousarray(
            np.asarray(cv2.imread(str(data / row["file"])), dtype=np.uint8)[..., ::-1]
        )
        field = find_field_of_view(image)
        if field is None:
            continue
        planes.append(laterality_planes(crop_to_field(image, field, size=CROP_SIDE_PX)))
        is_right.append(float(right))
        patients.append(row["patient"] or row["file"])
        sources.append(row["source"])
    return EyeSet(
        np.stack(planes), np.array(is_right, dtype=np.float32), patients, np.array(sources)
    )


def _named_eye(row: dict[str, str]) -> bool | None:
    """Return True for a right eye, False for a left one, None if nothing says so."""
    name = Path(row["file"]).stem
    patterns = {
        "ODIR": (r"_right$", r"_left$"),
        "UNAM-DME": (r"_OD_", r"_O[IS]_"),
        "CHASE_DB1": (r"\dR$", r"\dL$"),
    }
    if row["source"] in patterns:
        right, left = patterns[row["source"]]
        if re.search(right, name, re.IGNORECASE):
            return True
        return False if re.search(left, name, re.IGNORECASE) else None
    disc = re.search(r"ON_rc=\d+,(\d+)", row["orig_label"])
    if row["source"] == "HEI-MED" and disc:
        place = float(disc[1]) / float(row["orig_size"].split("x")[0]) - 0.5
        return None if abs(place) < RIGHT_DISC_MARGIN else place > 0
    return None


def _folds(patients: list[str]) -> NDArray[np.intp]:
    """Assign every patient to one fold."""
    rng = np.random.default_rng(0)
    names = sorted(set(patients))
    fold_of = dict(zip(names, rng.permutation(len(names)) % FOLDS, strict=True))
    return np.array([fold_of[patient] for patient in patients], dtype=np.intp)


def _fit(eyes: EyeSet, chosen: NDArray[np.bool_], *, seed: int) -> _Network:
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = _Network()
    planes = torch.from_numpy(eyes.planes[chosen])
    truth = torch.from_numpy(eyes.is_right[chosen])
    # A few file names name the wrong eye: smoothing keeps them from dominating.
    truth = 0.02 + 0.96 * truth
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY
    )
    steps = EPOCHS * (len(truth) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=steps)
    loss_of = nn.BCEWithLogitsLoss()
    for epoch in range(EPOCHS):
        order = rng.permutation(len(truth))
        total = 0.0
        for start in range(0, len(order) // BATCH * BATCH, BATCH):
            batch = order[start : start + BATCH]
            loss = loss_of(network(_vary(planes[batch], rng)), truth[batch])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += float(loss.detach())
        _LOGGER.info("fit %d, epoch %d, loss %.4f", seed, epoch, total * BATCH / len(order))
    return network.eval()


def _vary(planes: torch.Tensor, rng: np.random.Generator) -> torch.Tensor:
    """Turn, shift, scale and fade a batch a little, and drop a plane now and then.

    A third are enlarged and shifted so much that the disc may lie anywhere, as cameras of a
    narrow field and photographs centred on the disc show it.
    """
    count = len(planes)
    narrow = rng.random(count) < NARROW_SHARE
    angle = torch.from_numpy(rng.normal(0, 0.15, count).astype(np.float32))
    scales = np.where(narrow, rng.uniform(0.5, 0.8, count), rng.uniform(0.85, 1.15, count))
    scale = torch.from_numpy(scales.astype(np.float32))
    theta = torch.zeros(count, 2, 3)
    theta[:, 0, 0] = theta[:, 1, 1] = scale * torch.cos(angle)
    theta[:, 0, 1] = -scale * torch.sin(angle)
    theta[:, 1, 0] = -theta[:, 0, 1]
    shift = rng.normal(0, 0.05, (count, 2))
    shift[narrow, 0] += rng.uniform(-0.5, 0.5, int(narrow.sum()))
    theta[:, :, 2] = torch.from_numpy(shift.astype(np.float32))
    upside_down = torch.from_numpy(rng.random(count) < 0.3)
    theta[upside_down, 1] *= -1
    grid = nn.functional.affine_grid(theta, list(planes.shape), align_corners=False)
    varied = nn.functional.grid_sample(planes, grid, align_corners=False)
    varied = torch.where(
        torch.from_numpy(narrow)[:, None, None, None], varied * _disc(), varied
    )
    strength = rng.uniform(0.6, 1.4, (count, 2, 1, 1)) * (rng.random((count, 2, 1, 1)) > 0.05)
    return varied * torch.from_numpy(strength.astype(np.float32))


def _disc() -> torch.Tensor:
    axis = (torch.arange(INPUT_SIDE_PX) + 0.5) * (2 / INPUT_SIDE_PX) - 1
    return (axis[:, None].square() + axis.square() < 1).float()


def _judge(network: _Network, planes: NDArray[np.float32]) -> NDArray[np.float32]:
    with torch.inference_mode():
        return np.asarray(network(torch.from_numpy(planes)).numpy(), dtype=np.float32)


def _calibrate(log_odds: NDArray[np.float32], is_right: NDArray[np.float32]) -> float:
    """Return the slope with the least cross-entropy; no offset, for the mirror's sake."""
    signed = log_odds * (2 * is_right - 1)
    slopes = np.geomspace(0.05, 5, 200)
    losses = [float(np.logaddexp(0, -slope * signed).mean()) for slope in slopes]
    return float(slopes[int(np.argmin(losses))])


def _arrays(network: _Network, slope: float) -> dict[str, NDArray[np.float16]]:
    """Return the coefficients by the names `retina_desktop.imaging.laterality` reads."""
    arrays: dict[str, NDArray[np.float16]] = {"slope": np.array(slope, dtype=np.float16)}
    for number, layer in enumerate(network.layers):
        if isinstance(layer, nn.Conv2d) and layer.bias is not None:
            kernel = layer.weight.detach().permute(2, 3, 1, 0).flatten(0, 2)
            arrays[f"kernel{number}"] = kernel.numpy().astype(np.float16)
            arrays[f"bias{number}"] = layer.bias.detach().numpy().astype(np.float16)
    arrays["readout"] = network.readout.weight.detach()[0].numpy().astype(np.float16)
    return arrays


def _as_numpy(arrays: dict[str, NDArray[np.float16]]) -> LateralityNetwork:
    return LateralityNetwork(
        kernels=tuple(arrays[f"kernel{n}"].astype(np.float32) for n in range(3)),
        biases=tuple(arrays[f"bias{n}"].astype(np.float32) for n in range(3)),
        readout=arrays["readout"].astype(np.float32),
        slope=float(arrays["slope"]),
    )


def _report(source: str, log_odds: NDArray[np.float32], is_right: NDArray[np.float32]) -> None:
    correct = (log_odds > 0) == (is_right > 0.5)
    confidence = 1 / (1 + np.exp(-np.abs(log_odds)))
    sure = confidence >= SUGGESTED_FROM
    right, left = log_odds[is_right > 0.5], log_odds[is_right <= 0.5]
    auroc = float((right[:, None] > left[None]).mean()) if len(right) and len(left) else 1.0
    _LOGGER.info(
        "%s: n %d, AUROC %.4f, accuracy %.4f; named %.3f of them, %.4f of these rightly;"
        " mean confidence %.4f",
        source, len(correct), auroc, correct.mean(), sure.mean(),
        correct[sure].mean(), confidence.mean(),
    )  # fmt: skip
    for low, high in ((0.5, 0.6), (0.6, 0.8), (0.8, 0.9), (0.9, 0.95), (0.95, 0.99), (0.99, 1)):
        within = (confidence >= low) & (confidence <= high)
        if within.any():
            _LOGGER.info(
                "    confidence %.2f-%.2f: n %d, mean %.3f, right %.3f",
                low, high, within.sum(), confidence[within].mean(), correct[within].mean(),
            )  # fmt: skip


if __name__ == "__main__":
    typer.run(main)
