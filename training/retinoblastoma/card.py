"""The bundle's manifest and card; every figure comes from the measured results."""

from collections.abc import Iterable, Sequence

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import (
    RANGE_SCHEMA,
    DataSource,
    LabelEntry,
    Metric,
    ModelManifest,
    ValidatedRange,
)
from retina_desktop.ml.validated_range import RANGE_NAME
from training.card import BundleText
from training.card_figures import find, shown, table
from training.retinoblastoma.evaluation import LEFT_OUT, NEVER_SEEN, TAUGHT
from training.retinoblastoma.photographs import TUMOUR_CODE, Kind
from training.retinoblastoma.results import (
    Audit,
    HeadFacts,
    OutsideShare,
    RetinoblastomaResult,
    SourceCount,
)
from training.retinoblastoma.shortcuts import RIM, WHOLE

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
_COMPARISONS = (
    (Kind.INFANT.value, "infants without a tumour"),
    (Kind.CHILD.value, "children of about ten years"),
    (Kind.OTHER.value, "adults and others"),
    ("", "all of them"),
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
        _audit(audit),
        _steps(audit),
        _range(result),
        _heatmaps(),
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
    for source, words in _COMPARISONS:
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


def _audit(audit: Audit | None) -> str:
    if audit is None or not audit.shortcuts:
        return "## Shortcuts\n\nNo audit was made: assume that the cameras were told apart."
    return (
        "## Shortcuts\n\n"
        "The same training on pictures from which a tumour's details are gone, AUROC on "
        "patients left out. Where these do nearly as well as whole pictures, the figures "
        "above owe as much to cameras, colours and crops as to tumours. A large bright "
        "tumour is still a bright blot when blurred and bright levels in a histogram, so "
        "those two are not free of it; the rim and the file's facts are.\n\n"
        f"{_shortcut_table(audit, asked=False)}\n\n{_verdict(audit)}{_asked(audit)}"
    )


def _asked(audit: Audit) -> str:
    """Say what learned from whole pictures makes of spoiled ones, where that was tried."""
    if not any(e.asked for e in audit.shortcuts):
        return ""
    return (
        "\n\n### What the model itself makes of such pictures\n\n"
        "Learned from whole pictures, then shown spoiled ones of the patients left out; AUROC. "
        "The nearer to 0.5, the less of its answer comes from what such pictures still "
        f"show.\n\n{_shortcut_table(audit, asked=True)}"
    )


def _shortcut_table(audit: Audit, *, asked: bool) -> str:
    rows = [
        (
            e.what,
            e.network or "none",
            ", ".join(e.steps) or "none",
            "the same part of all" if e.central else "as the cameras show it",
            *_aurocs(e.metrics),
        )
        for e in audit.shortcuts
        if e.asked is asked
    ]
    head = ("Shown", "Network", "Steps", "Field", *(f"Against {w}" for _, w in _COMPARISONS))
    return table(head, rows)


def _verdict(audit: Audit) -> str:
    """Say in words what the table says, by the figures alone."""
    judged = [
        (e, m)
        for e in audit.shortcuts
        if e.what != WHOLE and not e.asked
        for m in [_against(e.metrics, Kind.INFANT.value) or _against(e.metrics, "")]
        if m is not None
    ]
    telling = [
        f"{e.what}{f' through {e.network}' if e.network else ''} "
        f"{'in the identical part' if e.central else 'as the cameras show it'} "
        f"({m.value:.2f})"
        for e, m in judged
        if m.low is not None and m.low > _CHANCE
    ]
    if not telling:
        return (
            "No shortcut alone is surely better than chance against infants; with so few "
            "patients that does not rule one out."
        )
    return (
        "Surely better than chance against infants without any detail of a tumour: "
        f"{'; '.join(telling)}. **The two groups of infants can be told apart without looking "
        "for a tumour**, and so may the model. Cropping all photographs to the identical part "
        "takes the outline and the printed corner away, `level_matching` colour, brightness "
        "and contrast; what is left is named in this table."
    )


_CHANCE = 0.5
_NEARLY = 0.05  # an AUROC so little below another does nearly as well


def _steps(audit: Audit | None) -> str:
    if audit is None or not audit.steps:
        return ""
    rows = [(e.network, ", ".join(e.steps) or "none", *_aurocs(e.metrics)) for e in audit.steps]
    head = ("Network", "Steps", *(f"Against {words}" for _, words in _COMPARISONS))
    return (
        "## What each preprocessing step is worth\n\n"
        "AUROC on patients left out, without varied copies; the identical part of every "
        "field throughout. A network knows best the kind of pictures it was pre-trained "
        "on.\n\n" + table(head, rows)
    )


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


def _heatmaps() -> str:
    return (
        "## Heatmaps\n\n"
        "Dice and IoU of the heatmap with the tumour were **not measured**: the collection "
        "has no outlines of tumours, and none that are published belong to its photographs. "
        "Whether the heatmap shows the tumour is for the reader to see."
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
        *_rim_limit(result, audit),
    )


def _rim_limit(result: RetinoblastomaResult, audit: Audit | None) -> Iterable[str]:
    """Say what the rim alone gives, where that is surely better than chance."""
    names = {step.name for step in result.steps}
    own = {
        (e.what, e.asked): m
        for e in (audit.shortcuts if audit else ())
        if e.network == result.pretraining.architecture and e.central and names >= {*e.steps}
        for m in [_against(e.metrics, Kind.INFANT.value)]
        if m is not None
    }
    whole, rim, asked = own.get((WHOLE, False)), own.get((RIM, False)), own.get((RIM, True))
    if whole is None or rim is None or rim.low is None or rim.low <= _CHANCE:
        return
    itself = f"; the model itself, shown only the rim, {asked.value:.2f}" if asked else ""
    share = "most" if whole.value - rim.value < _NEARLY else "part"
    yield (
        f"Learned from the rim of the field alone, the same network reaches {rim.value:.2f} "
        f"against other infants ({whole.value:.2f} from whole pictures, no varied "
        f"copies{itself}): {share} of what it knows may be the camera, not the tumour."
    )


def _patients(result: RetinoblastomaResult) -> str:
    tumours = _of_kind(result, Kind.TUMOUR)
    known = all(s.patients_known for s in tumours)
    count = result.patients.patients
    return f"{count} patients" if known else f"about {count} patients (not all are named)"


def _of_kind(result: RetinoblastomaResult, kind: Kind) -> list[SourceCount]:
    return [source for source in result.sources if source.kind == kind.value]


def _aurocs(metrics: Sequence[Metric]) -> tuple[str, ...]:
    return tuple(shown(_against(metrics, source)) for source, _ in _COMPARISONS)


def _against(metrics: Sequence[Metric], source: str) -> Metric | None:
    return next((m for m in metrics if m.source == source), None)


def _bullets(title: str, lines: Iterable[str]) -> str:
    return f"{title}\n\n" + "\n".join(f"- {line}" for line in lines)


def _share(count: int, source: OutsideShare) -> str:
    return f"{count / max(source.photographs, 1):.0%}"
