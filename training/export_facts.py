"""What was measured when a bundle was exported, and the card's section that tells it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from retina_desktop.ml.export import Exported
from retina_desktop.ml.export_parity import AUROC_TOLERANCE, WEIGHTS_TOLERANCE
from training.files import write_atomically


@dataclass(frozen=True, slots=True)
class ExportFacts:
    """How the weights are stored, and how far and how fast the bundle answers.

    Differences are of probabilities; speeds are images a second, one at a time on one thread,
    the median of several. Figures beside float32 are None where the weights are float32.
    """

    weights: str  # float32, float16, int16 or int8
    weights_bytes: int
    graph_difference: float  # ONNX Runtime beside torch, the same weights
    onnx_images_per_s: float
    torch_images_per_s: float
    load_s: float
    photographs: int | None = None  # on which weights were compared with float32
    largest_difference: float | None = None
    mean_difference: float | None = None
    mean_auroc_change: float | None = None
    largest_auroc_change: float | None = None
    auroc_labels: int = 0
    refused: tuple[str, ...] = ()  # smaller formats that answered too differently


def facts_of(exported: Exported) -> ExportFacts:
    """Return what the exporter measured as plain figures.

    Raises
    ------
    ValueError
        If the speed was not measured.
    """
    if exported.speed is None:
        raise ValueError("the speed was not measured")
    parity = exported.parity
    return ExportFacts(
        weights=str(exported.weights),
        weights_bytes=exported.weights_bytes,
        graph_difference=exported.graph_difference,
        onnx_images_per_s=exported.speed.onnx,
        torch_images_per_s=exported.speed.torch,
        load_s=exported.speed.load_s,
        photographs=parity.photographs if parity else None,
        largest_difference=parity.largest if parity else None,
        mean_difference=parity.mean if parity else None,
        mean_auroc_change=parity.mean_auroc_change if parity else None,
        largest_auroc_change=parity.largest_auroc_change if parity else None,
        auroc_labels=parity.labels if parity else 0,
        refused=tuple(
            f"{stored_as} ({found.largest:.4f})" for stored_as, found in exported.refused
        ),
    )


def facts_section(facts: ExportFacts) -> str:
    """Return the card's section "Stored weights and speed" in Markdown."""
    lines = [
        f"- Weights in {facts.weights}, {facts.weights_bytes / 1e6:.1f} MB; calculated with in "
        "float32.",
        *_parity_lines(facts),
        f"- ONNX Runtime and torch, with these weights: probabilities differ by at most "
        f"{facts.graph_difference:.1e}.",
        f"- Speed on the computer that exported it, one photograph at a time on one thread: "
        f"{facts.onnx_images_per_s:.1f} a second in ONNX Runtime, "
        f"{facts.torch_images_per_s:.1f} in torch; opened in {facts.load_s:.1f} s.",
    ]
    return "## Stored weights and speed\n\n" + "\n".join(lines)


def write_facts(path: Path, facts: ExportFacts) -> None:
    """Write the facts as JSON, in one step."""
    write_atomically(path, (json.dumps(asdict(facts), indent=2) + "\n").encode())


def _parity_lines(facts: ExportFacts) -> list[str]:
    lines = []
    if facts.refused:
        tried = ", ".join(facts.refused)
        lines.append(
            f"- Smaller formats were tried and changed a probability by more than the allowed "
            f"{WEIGHTS_TOLERANCE:g}: {tried}."
        )
    if facts.largest_difference is None:
        return lines
    lines.append(
        f"- Beside float32, on {facts.photographs} validation photographs: probabilities "
        f"differ by at most {facts.largest_difference:.4f} (allowed {WEIGHTS_TOLERANCE:g}), on "
        f"average by {facts.mean_difference:.5f}."
    )
    if facts.mean_auroc_change is not None:
        lines.append(
            f"- Mean AUROC over {facts.auroc_labels} labels: {facts.mean_auroc_change:+.5f} "
            f"(allowed {AUROC_TOLERANCE:g}); the largest change of one label is "
            f"{facts.largest_auroc_change:.5f}."
        )
    return lines
