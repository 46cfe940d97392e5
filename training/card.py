"""The model card and the manifest, written from measured results alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.labels import LABELS
from retina_desktop.domain.manifests import (
    MANIFEST_SCHEMA,
    DataSource,
    LabelEntry,
    ModelManifest,
    PreprocessingStep,
)
from training.calibrating import TRAINING
from training.card_calibrated import before_section, kept_lines, untrained_section
from training.card_figures import (
    challenge_lines,
    figures_section,
    find,
    is_counted,
    one_size_lines,
    shown,
    table,
    views_lines,
)
from training.card_left_out import left_out_section
from training.card_rules import operating_points_section
from training.figures import COUNTED_FROM
from training.results import EvaluationResult, LabelResult, RunFacts

INTENDED_USE = (
    "Research, teaching and the comparison of models: suggests which of the RFMiD labels a "
    "colour fundus photograph of an adult may show, for a clinician who looks at the "
    "photograph. Not a certified medical device; never the only ground for a decision."
)
_ELSEWHERE = (
    "Measured on patients kept back from the same sources it was {} on; its figures on "
    "other cameras, clinics and countries are "
)
LIMITS = (
    "Not measured on children, infants, wide-field or handheld cameras, nor after dilation "
    "or surgery.",
    "Probabilities fit the share of disease in the photographs they were calibrated on; "
    "elsewhere they need calibrating anew.",
    "Labels marked not assessed were not trained, or on too few patients to support a "
    "threshold: that they are not found says nothing.",
    "Small lesions are lost at this resolution: early diabetic retinopathy is often missed.",
    "MH stands for media haze; the macular hole is MHL.",
)
SOURCE_NOTES = (
    (
        "AECD26",
        "AECD26 is merged from other sets, has no patients' numbers, and the size of the "
        "original gives its folder away; its figures may flatter.",
    ),
    (
        "UNAM-DME",
        "In UNAM-DME the way a photograph was taken and its label go together; its figures "
        "may flatter.",
    ),
    (
        "APTOS2019",
        "APTOS2019 holds diseased eyes only, so it gives a sensitivity and no AUROC.",
    ),
    (
        "ODIR",
        "In ODIR mild retinopathy is hard to see at this size; its labels come from keywords "
        "for the whole eye and never name some labels (exudates, macular hole): there they "
        "count as unknown in a diseased eye.",
    ),
)
# Measured by whoever prepared the data, on another split: see its documentation.
FROZEN_FEATURES = (("ODIR", 0.77), ("AECD26", 0.85), ("IDRiD", 0.83))


_MANIFEST_FIGURES = {
    "mean_auroc",
    "mean_auroc_one_size",
    "riadd_score",
    "specificity_all_labels",
    "specificity_named_labels",
    "auroc",
    "average_precision",
    "sensitivity",
    "specificity",
    "ece",
    "auroc_referable",
    "auroc_severe",
}


@dataclass(frozen=True, slots=True)
class BundleText:
    """What a bundle says of itself besides figures."""

    id: str
    version: str
    name: str
    created_on: str  # ISO date
    software_version: str
    licence: str = "research use; see the licences of the data in the model card"
    notes: tuple[str, ...] = ()  # further sentences for the card's section on limits


def build_manifest(
    result: EvaluationResult, text: BundleText, steps: Sequence[PreprocessingStep]
) -> ModelManifest:
    """Return the manifest without its files, which the exporter adds."""
    return ModelManifest(
        schema=MANIFEST_SCHEMA,
        id=text.id,
        version=text.version,
        name=text.name,
        architecture=result.run.architecture,
        input_size=result.run.input_size,
        preprocessing=tuple(steps),
        labels=tuple(
            LabelEntry(label.code, label.status, label.threshold, label.calibration)
            for label in result.labels
        ),
        graph="",
        weights="",
        files=(),
        intended_use=INTENDED_USE,
        limits=limits_of(result, text),
        created_on=text.created_on,
        licence=text.licence,
        software_version=text.software_version,
        data_sources=_data_sources(result),
        metrics=tuple(m for m in result.metrics if m.name in _MANIFEST_FIGURES),
    )


def _data_sources(result: EvaluationResult) -> tuple[DataSource, ...]:
    """Return the sources, and those that a bundle which the run started from was made of."""
    used_for = f"{TRAINING}, validation, test" if result.run.learned else "validation, test"
    own = {
        s.name: DataSource(s.name, s.licence, s.training + s.validation + s.test, used_for)
        for s in result.sources
    }
    earlier = (source for source in result.run.earlier_sources if source.name not in own)
    return (*own.values(), *earlier)


def limits_of(result: EvaluationResult, text: BundleText) -> tuple[str, ...]:
    """Return what the model must not be trusted with, and the bundle's own notes."""
    elsewhere = (
        "usually lower, and can be much lower: see the section on cameras never seen."
        if result.left_out
        else "not known and usually lower."
    )
    how = "trained" if result.run.learned else "calibrated"
    return (_ELSEWHERE.format(how) + elsewhere, *LIMITS, *text.notes)


def write_card(result: EvaluationResult, text: BundleText) -> str:
    """Return the model card in Markdown."""
    sections = (
        _introduction(text),
        _headline(result),
        _training(result),
        operating_points_section(result),
        before_section(result),
        figures_section(result),
        left_out_section(result),
        _counts(result),
        _data(result),
        _limits(result, text),
    )
    return "\n\n".join(section for section in sections if section) + "\n"


def _introduction(text: BundleText) -> str:
    return "\n\n".join(
        (
            f"# {text.name}",
            f"Bundle `{text.id}`, version {text.version}, {text.created_on}. Licence: "
            f"{text.licence}. The photographs' licences are listed below; several are for "
            "research only, and some sets came with none.",
            "## Intended use",
            INTENDED_USE,
        )
    )


def _headline(result: EvaluationResult) -> str:
    mean = find(result.metrics, "mean_auroc")
    judged = [label for label in result.labels if not label.kept]
    evaluated = _codes(judged, LabelStatus.EVALUATED)
    demonstrated = _codes(judged, LabelStatus.DEMONSTRATION)
    missing = _codes(judged, LabelStatus.NOT_ASSESSED)
    lines = [
        "## In short",
        f"- Mean AUROC over {result.summary.pairs} pairs of source and label with at least "
        f"{COUNTED_FROM} positives and negatives among patients kept back: **{shown(mean)}**.",
        *one_size_lines(result),
        *challenge_lines(result),
        *views_lines(result),
        f"- Evaluated ({len(evaluated)}): {', '.join(evaluated) or 'none'}.",
        f"- Demonstration, trained on too few patients to be measured ({len(demonstrated)}): "
        f"{', '.join(demonstrated) or 'none'}.",
        *kept_lines(result),
        f"- Not assessed, not trained or on too few patients to support a threshold "
        f"({len(missing)}): {', '.join(missing) or 'none'}.",
        *_comparison(result),
    ]
    return "\n".join(lines[:1]) + "\n\n" + "\n".join(lines[1:])


def _comparison(result: EvaluationResult) -> list[str]:
    """Set this model's mean within a source beside that of frozen features."""
    parts = []
    for source, floor in FROZEN_FEATURES:
        values = [
            m.value
            for m in result.metrics
            if m.name == "auroc" and m.source == source and is_counted(m)
        ]
        if values:
            mean = sum(values) / len(values)
            parts.append(f"{source} {mean:.2f} ({len(values)} labels) beside {floor:.2f}")
    if not parts:
        return []
    return [
        "- Mean AUROC within a source, beside that of frozen ImageNet features with a logistic "
        "regression as the data's documentation gives it (other patients kept back, not quite "
        f"the same labels): {'; '.join(parts)}."
    ]


def _joined(run: RunFacts) -> str:
    halves = "\n".join(
        f"- {name}: {words}."
        for name, words in zip(
            ("Photographs as they are", "Photographs less their local average"),
            run.halves,
            strict=True,
        )
    )
    return (
        "## Training\n\n"
        f"{run.architecture}, {run.input_size} x {run.input_size} pixels: two networks, "
        "trained apart and joined without further training. One reads the photograph as it is, "
        "the other what differs from the average colour around each pixel; one linear layer "
        "reads both feature maps and gives the mean of the two networks' calibrated logits "
        f"(validation AUROC {run.best_validation_auroc:.3f}, mean over pairs of source and "
        f"label).\n\n{halves}{_varied(run)}"
    )


def _training(result: EvaluationResult) -> str:
    run = result.run
    if not run.learned:
        return untrained_section(run)
    if run.halves:
        return _joined(run)
    total = sum(source.training for source in result.sources)
    passes = run.epochs_run * run.photographs_an_epoch / max(total, 1)
    early = (
        f" During the first {run.early_share:.0%} of the run the photographs were shown at "
        f"{run.early_size} pixels, afterwards at {run.input_size}."
        if run.early_share > 0 and run.early_size != run.input_size
        else ""
    )
    precision = "in mixed precision" if run.mixed_precision else "in float32"
    return (
        "## Training\n\n"
        f"{run.architecture}, {run.input_size} x {run.input_size} pixels, started from "
        f"{_initial(run)}; {run.learning}; batches of {run.batch}; {precision}; seed "
        f"{run.seed}. An epoch "
        "shows every photograph with a rarer label and a draw of the others "
        f"({run.photographs_an_epoch:,} of {total:,}).{early}\n\n"
        f"**{run.epochs_run:g} epochs of the {run.epochs_planned} that the recipe foresees "
        f"were run** (about {passes:.1f} passes over all photographs); {run.kept} "
        "were kept, with the best validation AUROC "
        f"({run.best_validation_auroc:.3f}, mean over pairs of source and label).{_varied(run)}"
    )


def _varied(run: RunFacts) -> str:
    return f"\n\n{run.varied}" if run.varied else ""


def _initial(run: RunFacts) -> str:
    if run.started_from:
        return f"the bundle {run.started_from}"
    return {
        "lite0": "ImageNet weights of EfficientNet-Lite0, carried over layer by layer "
        "(squeeze-and-excitation and classifier start new)",
        "timm": "timm's ImageNet weights",
        "none": "random weights",
    }.get(run.initial, "weights of a local file")


def _counts(result: EvaluationResult) -> str:
    rows = [
        (
            label.code,
            LABELS[label.code].name if label.code in LABELS else "",
            str(label.status).replace("_", " ") + (", kept" if label.kept else ""),
            *(
                str(n)
                for n in (
                    label.training_positives,
                    label.validation_positives,
                    label.test_positives,
                )
            ),
        )
        for label in result.labels
    ]
    head = ("Label", "Name", "Status", "Training", "Validation", "Test")
    return "## Photographs with each label\n\n" + table(head, rows)


def _data(result: EvaluationResult) -> str:
    rows = [
        (s.name, s.licence, str(s.training), str(s.validation), str(s.test))
        for s in result.sources
    ]
    head = ("Source", "Licence as published", "Training", "Validation", "Test")
    names = {source.name for source in result.sources}
    notes = [f"- {note}" for name, note in SOURCE_NOTES if name in names]
    return (
        "## Data\n\n"
        "Split by patient within each source; photographs without a patient's number, and "
        f"{result.run.duplicate_pairs} pairs across all sources that may show one picture (by "
        "a perceptual hash and the correlation of detail), were grouped first, and no group "
        f"straddles two parts.{_set_aside(result)} *Not stated*: no licence was found, so none "
        "was given."
        "\n\n" + table(head, rows) + "\n\n" + "\n".join(notes)
    )


def _set_aside(result: EvaluationResult) -> str:
    if result.set_aside is None:
        return " Second photographs of an eye under another number were not looked for."
    return (
        f" {result.set_aside} test photographs that show an eye of training or validation "
        "under another number (keypoints that fit one transform) were left out of the test."
    )


def _limits(result: EvaluationResult, text: BundleText) -> str:
    return "## Limits\n\n" + "\n".join(f"- {limit}" for limit in limits_of(result, text))


def _codes(labels: Sequence[LabelResult], status: LabelStatus) -> list[str]:
    return [label.code for label in labels if label.status is status]
