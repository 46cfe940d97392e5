"""Fit and report the models behind ``retina_desktop.imaging.quality``.

Reported figures come from cross-validation: photographs of one patient stay together, a kind of
other picture is judged by a model which never saw that kind, and DRIMDB's good and bad are
judged once by a model without any DRIMDB and once in ten folds. Nothing was chosen by these
figures: sizes and penalties are fixed above, thresholds follow from rules written below.
"""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from retina_desktop.imaging.quality_model import (
    MEASURED_REASONS,
    VECTOR_STEP,
    FloatArray,
    KernelMachine,
    scale,
)
from training.quality_examples import (
    Examples,
    other_pictures,
    photographs,
    spoiled_photographs,
)
from training.quality_fit import (
    FitTask,
    auroc,
    balanced,
    calibration,
    crossed_margins,
    fit_kernel,
    fit_logistic,
    folds_of,
    joined,
    near_duplicates,
)
from training.sentences import told

KEPT_SHARE = 0.995  # of every source's photographs: where the fundus threshold is put
LEAST_SPOILED = 0.35  # a severity below is neither good nor bad
NAMED_SPOILED = 0.2  # from this severity on a reason is right
GOOD_SOURCES = (
    "AECD26", "APTOS2019", "CHASE_DB1", "DRIVE", "Drishti-GS1", "HEI-MED", "HRF", "IDRiD",
    "ODIR", "PALM", "ROP-srummanf",
)  # fmt: skip
HAZY_LABELS = (
    "cataract", "refractive media opacity", "vitreous opacity", "low image quality", "Cataract",
)  # fmt: skip
SPOILED_SOURCES = tuple(source for source in GOOD_SOURCES if source != "ROP-srummanf")

Scaler = Callable[[Examples], FloatArray]

_LOGGER = logging.getLogger(__name__)


@told
def main(
    data: Annotated[Path, typer.Option(help="Folder with index.csv and the photographs.")],
    output: Annotated[Path, typer.Option(help="Where the coefficients go (.npz).")],
    cache: Annotated[Path, typer.Option(help="Folder which keeps the measures.")],
) -> None:
    """Fit, report and write the coefficients."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    cv2.setNumThreads(1)
    plain = _cached(cache, "plain", lambda: photographs(data, variants=False))
    variants = _cached(cache, "variants", lambda: photographs(data, variants=True))
    spoiled = _cached(cache, "spoiled", lambda: spoiled_photographs(data, SPOILED_SOURCES))
    others = _cached(cache, "others", other_pictures)
    center, spread = _scaling(plain.features)

    def scaled(examples: Examples) -> FloatArray:
        return scale(examples.features, center, spread)

    gate = fundus_task(plain, variants, others, scaled)
    fundus = replace(fit_kernel(gate), shift=-report_gate(gate))
    quality = gradable_task(plain, spoiled, scaled)
    slope, shift = report_gradable(quality, plain, scaled)
    gradable = replace(fit_kernel(quality), slope=slope, shift=shift)
    reasons = fit_reasons(plain, spoiled, scaled)
    report_sources(plain, scaled(plain), fundus, gradable)
    arrays: dict[str, FloatArray] = {"center": center, "spread": spread, "reasons": reasons}
    for name, machine in (("fundus", fundus), ("gradable", gradable)):
        arrays[f"{name}_vectors"] = machine.vectors
        arrays[f"{name}_strengths"] = machine.strengths
        arrays[f"{name}_line"] = np.array([machine.offset, machine.slope, machine.shift])
        _LOGGER.info("%s: %d support vectors", name, len(machine.vectors))
    output.parent.mkdir(parents=True, exist_ok=True)
    stored = {
        name: np.rint(array / VECTOR_STEP).astype(np.int8)
        if name.endswith("vectors")
        else array.astype(np.float32)
        for name, array in arrays.items()
    }
    np.savez_compressed(output, allow_pickle=False, **stored)


def fundus_task(
    plain: Examples, variants: Examples, others: Examples, scaled: Scaler
) -> FitTask:
    """Photographs are 1 (DRIMDB's bad ones left out, its outliers 0), other pictures 0."""
    tasks = []
    for examples, share in ((plain, 1.0), (variants, 0.5)):
        labels = examples.labels
        keep = ~np.char.endswith(labels, "quality=bad")
        outlier = np.char.endswith(labels, "quality=outlier")
        kinds = np.where(outlier, "DRIMDB outlier", examples.kinds)[keep]
        prefix = "variant " if examples is variants else ""
        task = FitTask(
            scaled(examples)[keep],
            (~outlier[keep]).astype(np.float64),
            share * balanced(kinds),
            folds_of(examples.groups[keep]),
            np.char.add(prefix, kinds),
        )
        tasks.append(task)
    refused = np.zeros(len(others.kinds))
    weight = balanced(others.kinds)
    folds = folds_of(others.kinds)
    tasks.append(FitTask(scaled(others), refused, weight, folds, others.kinds))
    return joined(tasks)


def gradable_task(plain: Examples, spoiled: Examples, scaled: Scaler) -> FitTask:
    """Photographs of tidy sources are 1, DRIMDB's bad and badly spoiled ones 0."""
    labels = plain.labels
    drimdb = plain.kinds == "DRIMDB"
    bad = np.char.endswith(labels, "quality=bad")
    hazy = np.zeros(len(labels), dtype=np.bool_)
    for label in HAZY_LABELS:
        hazy |= np.char.find(labels, label) >= 0
    good = np.isin(plain.kinds, GOOD_SOURCES) & ~hazy
    good |= drimdb & np.char.endswith(labels, "quality=good")
    severity = np.array([float(label.split("|")[0]) for label in spoiled.labels])
    worst = severity >= LEAST_SPOILED
    features = np.concatenate([scaled(plain)[good], scaled(plain)[bad], scaled(spoiled)[worst]])
    truth = np.concatenate([np.ones(good.sum()), np.zeros(bad.sum() + worst.sum())])
    weight = np.concatenate(
        [balanced(plain.kinds[good]), balanced(plain.kinds[bad]),
         balanced(spoiled.kinds[worst])]
    )  # fmt: skip
    groups = np.concatenate([plain.groups[good], plain.groups[bad], spoiled.groups[worst]])
    names = np.concatenate([plain.kinds[good], plain.kinds[bad], spoiled.kinds[worst]])
    return FitTask(features, truth, weight, folds_of(groups), names)


def report_gate(gate: FitTask) -> float:
    """Report refusals and acceptances of pictures not seen; return the threshold's margin."""
    margins = crossed_margins(gate)
    positive = gate.truth > 0.5
    sources = [name for name in np.unique(gate.names[positive])
               if not name.startswith("variant")]  # fmt: skip
    bound = min(float(np.quantile(margins[gate.names == s], 1 - KEPT_SHARE)) for s in sources)
    _LOGGER.info("fundus threshold at margin %.3f", bound)
    for name in np.unique(gate.names):
        chosen = gate.names == name
        accepted = float((margins[chosen] >= bound).mean())
        what = "kept" if positive[chosen].any() else "ACCEPTED"
        _LOGGER.info("  %-28s n %5d  %s %.4f", name, chosen.sum(), what, accepted)
    for source in sources:
        ours = np.isin(gate.names, (source, f"variant {source}"))
        unseen = fit_kernel(gate.part(~ours)).log_odds(gate.features[gate.names == source])
        _LOGGER.info("  %-28s never seen, kept %.4f", source, (unseen >= bound).mean())
    others = ~positive
    _LOGGER.info("  all others accepted %.4f", (margins[others] >= bound).mean())
    return bound


def report_gradable(quality: FitTask, plain: Examples, scaled: Scaler) -> tuple[float, float]:
    """Report how well DRIMDB's good and bad are told apart; return the score's calibration."""
    drimdb = quality.names == "DRIMDB"
    truth = quality.truth[drimdb]
    blind = fit_kernel(quality.part(~drimdb)).log_odds(quality.features[drimdb])
    _LOGGER.info("DRIMDB good against bad, never seen: AUROC %.4f", auroc(blind, truth))
    hashed = near_duplicates(quality.features[drimdb])
    folds = hashed % 10
    crossed = np.zeros(len(truth))
    for fold in range(10):
        held = np.zeros(len(quality.truth), dtype=np.bool_)
        held[np.flatnonzero(drimdb)[folds == fold]] = True
        part = fit_kernel(quality.part(~held))
        crossed[folds == fold] = part.log_odds(quality.features[held])
    margins = crossed_margins(quality)
    slope, shift = calibration(margins, quality)
    named = slope * crossed + shift > 0
    _LOGGER.info(
        "DRIMDB good against bad, ten folds: AUROC %.4f; good called gradable %.3f, bad %.3f",
        auroc(crossed, truth), named[truth > 0.5].mean(), named[truth < 0.5].mean(),
    )  # fmt: skip
    for name in np.unique(quality.names):
        for value, word in ((1, "good"), (0, "bad")):
            chosen = (quality.names == name) & (quality.truth == value)
            if chosen.any():
                share = float((slope * margins[chosen] + shift > 0).mean())
                _LOGGER.info("  %-22s %s n %5d gradable %.4f", name, word, chosen.sum(), share)
    heimed = plain.kinds == "HEI-MED"
    scored = np.array(["q=" in label for label in plain.labels]) & heimed
    weak = np.array(
        [float(label.split("q=")[1].split("|")[0]) for label in plain.labels[scored]]
    )
    without = fit_kernel(quality.part(quality.names != "HEI-MED"))
    mine = without.log_odds(scaled(plain)[scored])
    ranks = np.array([np.argsort(np.argsort(values)) for values in (weak, mine)], dtype=float)
    _LOGGER.info("HEI-MED's own score: rank correlation %.3f", np.corrcoef(ranks)[0, 1])
    return slope, shift


def fit_reasons(plain: Examples, spoiled: Examples, scaled: Scaler) -> FloatArray:
    """Return one logistic model a reason: that spoiler against good and otherwise spoiled."""
    severity = np.array([float(label.split("|")[0]) for label in spoiled.labels])
    clear = severity >= NAMED_SPOILED
    good = np.isin(plain.kinds, SPOILED_SOURCES)
    features = np.concatenate([scaled(spoiled)[clear], scaled(plain)[good]])
    kinds = np.concatenate([spoiled.kinds[clear], np.full(good.sum(), "good")])
    folds = folds_of(np.concatenate([spoiled.groups[clear], plain.groups[good]]))
    rows = []
    for reason in MEASURED_REASONS:
        truth = (kinds == reason.value).astype(np.float64)
        weight = balanced(kinds) * np.where(kinds == "good", 3.0, 1.0)
        task = FitTask(features, truth, weight, folds, kinds)
        held = folds == 0
        judged = _with_offset(features[held]) @ fit_logistic(task.part(~held))
        for kind in np.unique(kinds):
            share = float((judged[kinds[held] == kind] > np.log(0.6 / 0.4)).mean())
            _LOGGER.info("  reason %-22s named for %-22s %.3f", reason.value, kind, share)
        rows.append(fit_logistic(task))
    return np.stack(rows)


def report_sources(
    plain: Examples, features: FloatArray, gate: KernelMachine, quality: KernelMachine
) -> None:
    """Report what the final models say of every source they were fitted on."""
    fundus, gradable = (machine.log_odds(features) >= 0 for machine in (gate, quality))
    for source in np.unique(plain.kinds):
        chosen = plain.kinds == source
        _LOGGER.info(
            "  final %-16s n %5d fundus %.4f gradable %.4f",
            source, chosen.sum(), fundus[chosen].mean(), (fundus & gradable)[chosen].mean(),
        )  # fmt: skip


def _with_offset(features: FloatArray) -> FloatArray:
    return np.concatenate([features, np.ones((len(features), 1))], axis=1)


def _cached(cache: Path, name: str, make: Callable[[], Examples]) -> Examples:
    path = cache / f"{name}.npz"
    if not path.exists():
        examples = make()
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(
            path,
            features=examples.features,
            kinds=examples.kinds,
            groups=examples.groups,
            labels=examples.labels,
        )
    with np.load(path, allow_pickle=False) as stored:
        return Examples(**{key: stored[key] for key in stored.files})


def _scaling(features: FloatArray) -> tuple[FloatArray, FloatArray]:
    low, middle, high = np.quantile(features, [0.05, 0.5, 0.95], axis=0)
    return middle, np.maximum((high - low) / 3.3, 1e-2)


if __name__ == "__main__":
    typer.run(main)
