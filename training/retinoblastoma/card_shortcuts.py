"""The card's parts about shortcuts, and about what each preprocessing step is worth."""

from collections.abc import Iterable, Sequence

from retina_desktop.domain.manifests import Metric
from training.card_figures import shown, table
from training.retinoblastoma.photographs import Kind
from training.retinoblastoma.results import Audit, RetinoblastomaResult
from training.retinoblastoma.shortcuts import RIM, WHOLE

COMPARISONS = (
    (Kind.INFANT.value, "infants without a tumour"),
    (Kind.CHILD.value, "children of about ten years"),
    (Kind.OTHER.value, "adults and others"),
    ("", "all of them"),
)
_CHANCE = 0.5
_NEARLY = 0.05  # an AUROC so little below another does nearly as well


def audit_section(audit: Audit | None) -> str:
    """Return what pictures without a tumour's details give, and what that means."""
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
    head = ("Shown", "Network", "Steps", "Field", *(f"Against {w}" for _, w in COMPARISONS))
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


def steps_section(audit: Audit | None) -> str:
    """Return what each step brought, where that was tried."""
    if audit is None or not audit.steps:
        return ""
    rows = [(e.network, ", ".join(e.steps) or "none", *_aurocs(e.metrics)) for e in audit.steps]
    head = ("Network", "Steps", *(f"Against {words}" for _, words in COMPARISONS))
    return (
        "## What each preprocessing step is worth\n\n"
        "AUROC on patients left out, without varied copies; the identical part of every "
        "field throughout. A network knows best the kind of pictures it was pre-trained "
        "on.\n\n" + table(head, rows)
    )


def rim_limit(result: RetinoblastomaResult, audit: Audit | None) -> Iterable[str]:
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


def _aurocs(metrics: Sequence[Metric]) -> tuple[str, ...]:
    return tuple(shown(_against(metrics, source)) for source, _ in COMPARISONS)


def _against(metrics: Sequence[Metric], source: str) -> Metric | None:
    return next((m for m in metrics if m.source == source), None)
