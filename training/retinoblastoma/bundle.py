"""Export of the demonstration: network, last layer, range and card in one bundle."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.imaging.preprocessing import prepare_tensor
from retina_desktop.ml.export import Exported, Smaller, export_bundle
from retina_desktop.ml.export_parity import Photographs
from retina_desktop.ml.validated_range import RANGE_NAME, range_to_bytes
from retina_desktop.ml.weight_formats import WeightFormat
from training.card import BundleText
from training.retinoblastoma.card import build_manifest, write_card
from training.retinoblastoma.collection import Collection
from training.retinoblastoma.evaluation import Fitted
from training.retinoblastoma.features import FrozenNetwork
from training.retinoblastoma.head import fold_into
from training.retinoblastoma.results import Audit, RetinoblastomaResult

PROOF_PHOTOGRAPHS = 24  # half of them with a tumour
_BATCH = 8


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """What the card tells, and the photographs it was measured on."""

    collection: Collection
    result: RetinoblastomaResult
    audit: Audit | None


def export_demonstration(
    frozen: FrozenNetwork,
    measured: Measured,
    fitted: Fitted,
    text: BundleText,
    destination: Path,
) -> Path:
    """Write the bundle of the frozen network with the fitted last layer.

    `frozen` has the rounded weights on which everything was measured, so that storing them
    changes nothing more; the exporter proves it on photographs.

    Raises
    ------
    OutputUnwritableError
        If there is something at `destination`, or no folder to put it into.
    ExportError
        If the exported graph or the stored weights do not answer as the network does.
    """
    if destination.exists() or not destination.parent.is_dir():
        raise OutputUnwritableError(
            f"There is already something at {destination.name}, or no folder to put it into; "
            "choose another."
        )
    result = measured.result
    stored_as = WeightFormat(result.stored_as)
    smaller = None if stored_as is WeightFormat.FLOAT32 else _smaller(measured, stored_as)

    def card(exported: Exported) -> str:
        return f"{write_card(result, measured.audit, text)}\n{_storage(exported)}\n"

    return export_bundle(
        fold_into(frozen.network, fitted.head),
        build_manifest(result, measured.audit, text),
        destination,
        card=card,
        smaller=smaller,
        extra_files={RANGE_NAME: range_to_bytes(fitted.feature_range)},
    )


def _smaller(measured: Measured, stored_as: WeightFormat) -> Smaller:
    collection = measured.collection
    truth = collection.truth
    rows = np.concatenate(
        [np.flatnonzero(truth == ill)[: PROOF_PHOTOGRAPHS // 2] for ill in (True, False)]
    )

    def batches() -> Iterator[NDArray[np.float32]]:
        for start in range(0, len(rows), _BATCH):
            crops = (
                collection.crops.crop(row) for row in rows[start : start + _BATCH].tolist()
            )
            yield np.stack([prepare_tensor(crop, measured.result.steps) for crop in crops])

    present = truth[rows][:, np.newaxis]
    return Smaller((stored_as,), Photographs(batches, present, np.ones_like(present)))


def _storage(exported: Exported) -> str:
    speed = exported.speed
    lines = [
        f"- Weights in {exported.weights}, {exported.weights_bytes / 1e6:.1f} MB; every figure "
        "of this card is of the weights as they are stored.",
        "- ONNX Runtime and torch, with these weights: probabilities differ by at most "
        f"{exported.graph_difference:.1e}.",
    ]
    if speed is not None:
        lines.append(
            "- On the computer that exported it, one photograph at a time on one thread: "
            f"{speed.onnx:.1f} a second in ONNX Runtime."
        )
    return "## Stored weights and speed\n\n" + "\n".join(lines)
