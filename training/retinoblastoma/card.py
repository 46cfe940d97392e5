"""The bundle's manifest and card; every figure comes from the measured results."""

from collections.abc import Iterable

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import (
    RANGE_SCHEMA,
    DataSource,
    LabelEntry,
    ModelManifest,
    ValidatedRange,
)
from retina_desktop.ml.validated_range import RANGE_NAME
from training.card import BundleText
from training.card_figures import find, shown, table
from training.retinoblastoma.card_shortcuts import (
    COMPARISONS,
    audit_section,
    rim_limit,
    steps_section,
)
from training.retinoblastoma.evaluation import LEFT_OUT, NEVER_SEEN, TAUGHT
from training.retinoblastoma.photographs import TUMOUR_CODE, Kind
from training.retinoblastoma.results import (
    Audit,
    HeadFacts,
    OutsideShare,
    RetinoblastomaResult,
    SourceCount,
)

INTENDED_USE = (
    "A demonstration for teaching and research of how a model for retinoblastoma is built and "
    "judged. Not for patients: it must neither find nor exclude a retinoblastoma. A white "
    "pupil or a squint in a child is referred the same day, whatever any program says."
)
_FIGURES = (
    ("auroc", "AUROC"),
    ("average_precision", "AP"),
    ("sensitivity", "Sensitivity (recall)"),
    ("specificity", "Specificity"),
    ("precision", "Precision"),
    ("f1", "F1"),
    ("accuracy", "Accuracy"),
)


def build_manifest(
    result: RetinoblastomaResult, audit: Audit | None, text: BundleText
) -> ModelManifest:
    """Return the manifest without its files, which the exporter adds."""
    head = result.head
    entry = LabelEntry(TUMOUR_CODE, LabelStatus.DEMONSTRATION, head.threshold, head.calibration)
    return ModelManifest(
        schema=RANGE_SCHEMA,
        id=text.id,
        version=text.version,
        name=text.name,
        architecture=result.pretraining.architecture,
        input_size=result.input_size,
        preprocessing=result.steps,
        labels=(entry,),
        graph="",
        weights="",
        files=(),
        intended_use=INTENDED_USE,
        limits=(*_limits(result, audit), *text.notes),
        created_on=text.created_on,
        licence=text.licence,
        software_version=text.software_version,
        data_sources=tuple(
            DataSource(s.name, s.licence, s.photographs, "training,test")
            for s in result.sources
        ),
        metrics=result.metrics,
        validated_range=ValidatedRange(RANGE_NAME, result.range.threshold),
    )


def write_card(result: RetinoblastomaResult, audit: Audit | None, text: BundleText) -> str:
    """Return MODEL_CARD.md."""
    sections = [
        _introduction(result, text),
        _headline(result),
        _figures(result),
        _network(result),
        audit_section(audit),
        steps_section(audit),
        _range(result),
        _heatmaps(result),
        _data(result),
        _bullets("## Limits", (*_limits(result, audit), *text.notes)),
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _introduction(result: RetinoblastomaResult, text: BundleText) -> str:
    tumours = _of_kind(result, Kind.TUMOUR)
    return (
        f"# {text.name}\n\n"
        "**This is a demonstration, not a tool for patients: it was trained and judged on "
        f"{sum(s.photographs for s in tumours)} photographs of {_patients(result)} with "
        "retinoblastoma, all from one collection.** "
        f"Version {text.version}, {text.created_on}. Licence: {text.licence}.\n\n"
        f"## Intended use\n\n{INTENDED_USE}"
    )


def _headline(result: RetinoblastomaResult) -> str:
    found = result.patients
    infants = [m for m in result.metrics if m.source == Kind.INFANT.value]
    against = f"AUROC against infants without a tumour: **{shown(find(infants, 'auroc'))}**."
    lines = (
        f"Each patient with a tumour left out in turn. {against if infants else ''}",
        f"Of {found.patients} left-out patients {found.any_photograph} were called on at "
        f"least one photograph, {found.every_photograph} on every one; {found.missed} of "
        f"{found.photographs} photographs were missed, at a threshold chosen on the other "
        f"patients for a sensitivity of {result.head.sensitivity:.0%}.",
        "The tumours come from other cameras than most of the photographs without: read "
        "the section on shortcuts before any figure.",
    )
    return _bullets("## In short", lines)


def _figures(result: RetinoblastomaResult) -> str:
    rows = []
    for source, words in COMPARISONS:
        own = [m for m in result.metrics if m.source == source]
        if own:
            counts = (str(own[0].positives), str(own[0].negatives))
            rows.append((words, *counts, *(shown(find(own, name)) for name, _ in _FIGURES)))
    head = ("Against", "With", "Without", *(title for _, title in _FIGURES))
    return (
        "## Figures on patients left out\n\n"
        "Each patient with a tumour was left out in turn, together with a share of the other "
        f"patients ({result.head.folds} folds); penalty, varied copies, calibration and "
        "threshold were chosen on the remaining patients alone. Brackets: 95 % interval by "
        "resampling patients. Precision, F1 and accuracy depend on how many photographs of "
        "each kind were collected, and mean nothing elsewhere.\n\n" + table(head, rows)
    )


def _network(result: RetinoblastomaResult) -> str:
    head, before = result.head, result.pretraining
    steps = ", ".join(f"`{step.name}`" for step in result.steps)
    strengths = sorted(set(head.fold_strengths))
    return (
        "## How it was made\n\n"
        f"Steps before the network: {steps}. {before.architecture} at {result.input_size} x "
        f"{result.input_size} pixels; {before.words} (weights {before.weights}). It was then "
        "frozen; its last layer is a logistic regression with an L2 penalty on the pooled "
        f"features of each photograph{_copies(head)}, tumours weighing as much as all other "
        "photographs, and each kind of these the same. Strength of the fit against the "
        f"penalty: {head.strength:g} (in the folds "
        f"{' or '.join(f'{s:g}' for s in strengths)}).\n\n"
        f"Calibration (Platt, on left-out logits): slope {head.calibration.slope:.2f}, offset "
        f"{head.calibration.offset:+.2f}. Threshold {head.threshold:.3f} on the calibrated "
        f"probability: the highest at which the left-out photographs reach a sensitivity of "
        f"{head.sensitivity:.0%}. The probability ranks; it is nobody's risk."
    )


def _copies(head: HeadFacts) -> str:
    """Say whether varied copies taught, and in how many folds the other patients chose them."""
    how = "turned, mirrored, zoomed, tinted, blurred, compressed"
    offered = max((head.copies, *head.fold_copies))
    taught = f" and {head.copies} varied copies ({how})" if head.copies else " as it is"
    if not head.fold_copies or not offered:
        return taught
    chosen = f"{sum(copies > 0 for copies in head.fold_copies)} of {head.folds} folds"
    if head.copies:
        return f"{taught}, which the other patients chose in {chosen}"
    return f"{taught} ({offered} varied copies beside, {how}, were chosen in {chosen})"


def _range(result: RetinoblastomaResult) -> str:
    rows = [
        (o.source, o.seen, str(o.photographs), _share(o.outside, o), _share(o.called, o))
        for o in sorted(result.outside, key=lambda o: (_ORDER.index(o.seen), o.source))
    ]
    facts = result.range
    head = ("Source", "Seen", "Photographs", "Outside", "Called")
    return (
        "## Outside this model's validated range\n\n"
        "Validated are photographs of infants, with the tumour and without "
        f"({facts.photographs}). A photograph whose pooled features lie farther from theirs "
        f"than {facts.threshold:.3g} is told to be outside: distance along "
        f"{facts.components} main directions and one for the rest, at the "
        f"{facts.percentile:g}th percentile of photographs whose patient was left out of the "
        "range.\n\n" + table(head, rows)
    )


_ORDER = (LEFT_OUT, TAUGHT, NEVER_SEEN)


def _heatmaps(result: RetinoblastomaResult) -> str:
    pointing = result.pointing
    told = "Whether the heatmap shows the tumour is for the reader to see."
    if pointing is not None:
        told = (
            "But most of these tumours are the brightest thing in the photograph: in "
            f"{pointing.hits} of {pointing.photographs} photographs with a tumour the hottest "
            f"place lies in the brightest {pointing.share:.0%} of the field; by chance it "
            f"would in {pointing.share * pointing.photographs:.0f}."
        )
    return (
        "## Heatmaps\n\n"
        "Dice and IoU of the heatmap with the tumour were **not measured**: the collection "
        "has no outlines of tumours, and none that are published belong to its photographs. "
        f"{told}"
    )


def _data(result: RetinoblastomaResult) -> str:
    rows = [
        (
            s.name,
            s.kind,
            s.licence,
            str(s.photographs),
            str(s.patients) if s.patients_known else "not known",
        )
        for s in result.sources
    ]
    head = ("Source", "Kind", "Licence as published", "Photographs", "Patients")
    return (
        "## Data\n\n"
        f"Patients are never divided; {result.duplicate_pairs} pairs of photographs that show "
        "one picture were kept together, also under two patients' names. "
        f"{result.without_field} photographs without a field of view were left out.\n\n"
        + table(head, rows)
    )


def _limits(result: RetinoblastomaResult, audit: Audit | None) -> Iterable[str]:
    tumours = _of_kind(result, Kind.TUMOUR)
    sources = ", ".join(s.name for s in tumours)
    return (
        f"A demonstration: retinoblastomas of {_patients(result)} from {sources} alone.",
        "Some of these eyes had been treated, and some photographs show no tumour.",
        "Photographs with and without a tumour come from different collections; the model may "
        "tell these apart instead of tumours.",
        "Small tumours, other cameras, other stages and look-alikes of infancy (Coats' "
        "disease, persistent fetal vasculature, toxocariasis) were not measured.",
        "A photograph that is told to be outside of the validated range has no answer to be "
        "relied on; one inside need not have one either.",
        *_pointing_limit(result),
        *rim_limit(result, audit),
    )


def _pointing_limit(result: RetinoblastomaResult) -> Iterable[str]:
    """Say that heatmaps do not show the tumour, where less than half of them point at it."""
    pointing = result.pointing
    if pointing is not None and 2 * pointing.hits < pointing.photographs:
        yield (
            "Its heatmaps do not show the tumour: the hottest place lies in the brightest "
            f"{pointing.share:.0%} of the field in {pointing.hits} of {pointing.photographs} "
            f"photographs ({pointing.share * pointing.photographs:.0f} by chance)."
        )


def _patients(result: RetinoblastomaResult) -> str:
    tumours = _of_kind(result, Kind.TUMOUR)
    known = all(s.patients_known for s in tumours)
    count = result.patients.patients
    return f"{count} patients" if known else f"about {count} patients (not all are named)"


def _of_kind(result: RetinoblastomaResult, kind: Kind) -> list[SourceCount]:
    return [source for source in result.sources if source.kind == kind.value]


def _bullets(title: str, lines: Iterable[str]) -> str:
    return f"{title}\n\n" + "\n".join(f"- {line}" for line in lines)


def _share(count: int, source: OutsideShare) -> str:
    return f"{count / max(source.photographs, 1):.0%}"
