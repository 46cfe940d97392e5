"""``retina-desktop analyze``: photographs in, findings out."""

import logging
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap import (
    load_analysis,
    photograph_reader,
)
from retina_desktop.cli.console import (
    ExitCode,
    give,
    give_json,
    guarded,
    internal_error_text,
    say,
    shown,
    stop,
)
from retina_desktop.cli.finding_words import demonstration_word
from retina_desktop.config.folders import Folders
from retina_desktop.config.settings import EngineChoice
from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import InternalError, RetinaError, UnknownLabelError
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.range_checks import OUTSIDE_RANGE
from retina_desktop.services.heatmap_export import (
    ExportHeatmaps,
    check_wish,
    chosen_labels,
)
from retina_desktop.services.results import results_json
from retina_desktop.services.screening import AnalysePhotograph
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import check_writable

log = logging.getLogger(__name__)

Results = list[tuple[Path, Analysis]]
Errors = list[tuple[Path, RetinaError]]


@guarded
def analyze(
    images: Annotated[list[Path], typer.Argument(metavar="IMAGE...", help="Photographs.")],
    *,
    model: Annotated[str | None, typer.Option(help="Model bundle's id.")] = None,
    engine: Annotated[EngineChoice | None, typer.Option(help="What runs the model.")] = None,
    laterality: Annotated[
        Laterality | None, typer.Option(help="The eye, where you know it.")
    ] = None,
    json: Annotated[
        Path | None, typer.Option(metavar="FILE|-", help="Write JSON there; - is stdout.")
    ] = None,
    heatmaps: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write heatmaps and overlays there.")
    ] = None,
    overlay_labels: Annotated[
        str,
        typer.Option(
            metavar="positive|all|CODE,..", help="The labels whose heatmaps are written."
        ),
    ] = "positive",
) -> None:
    """Analyse photographs: findings, quality, eye, referral and, if asked, heatmaps."""
    _check_targets(images, json=json, heatmaps=heatmaps)
    folders = Folders.find()
    analyse = load_analysis(folders, model=model, engine=engine)
    try:
        check_wish(overlay_labels, analyse.classifier.manifest.codes)
    except UnknownLabelError as error:
        stop(ExitCode.USAGE, str(error))
    export = ExportHeatmaps(photograph_reader(), heatmaps) if heatmaps else None
    results: Results = []
    errors: Errors = []
    for path in images:
        try:
            analysis = _analyse_one(analyse, path, laterality, export, overlay_labels)
        except RetinaError as error:
            errors.append((path, error))
            say(f"{shown(path)}: {error}")
        except Exception:  # one photograph's bug: told, and the rest go on
            log.exception("analysis failed")
            errors.append((path, InternalError(internal_error_text())))
            say(f"{shown(path)}: {errors[-1][1]}")
        else:
            results.append((path, analysis))
            if json is None:
                give(_told(path, analysis))
    if json is not None:
        give_json(results_json(results, errors), json)
    if errors:
        raise typer.Exit(ExitCode.SOME_FAILED if results else ExitCode.NOTHING_DONE)


def _check_targets(images: list[Path], *, json: Path | None, heatmaps: Path | None) -> None:
    """Notice before the work, not after it, that its result has no place to go."""
    if heatmaps is not None and heatmaps.exists() and not heatmaps.is_dir():
        stop(ExitCode.USAGE, f"{shown(heatmaps)} is not a folder.")
    if json is None or str(json) == "-":
        return
    if json.is_dir():
        stop(ExitCode.USAGE, f"{shown(json)} is a folder; name a file for the JSON.")
    if json.exists() and any(image.exists() and json.samefile(image) for image in images):
        stop(ExitCode.USAGE, f"{shown(json)} is one of the photographs.")
    check_writable(json)


def _analyse_one(
    analyse: AnalysePhotograph,
    path: Path,
    laterality: Laterality | None,
    export: ExportHeatmaps | None,
    overlay_labels: str,
) -> Analysis:
    analysis = analyse(TaskContext(), path, laterality=laterality).analysis
    if export is not None:
        export(path, analysis, chosen_labels(analysis, overlay_labels))
    return analysis


def _told(path: Path, analysis: Analysis) -> str:
    """Return what a person at the terminal wants to read of one photograph."""
    quality, eye = analysis.quality, analysis.laterality
    lines = [shown(path), f"  {analysis.referral.tier.shown}: {analysis.referral.reason}"]
    verdict = "gradable" if quality.gradable else "not gradable"
    lines.append(f"  Quality {quality.score:.2f}, {verdict}")
    lines += [f"    {reason.advice}" for reason in quality.reasons]
    if eye.value is not None:
        lines.append(f"  Eye {eye.value.shown} ({eye.source}, {eye.confidence:.0%})")
    if eye.warning:
        lines.append(f"    {eye.warning}")
    if analysis.in_range is False:  # told by the referral's reason in full
        lines.append(f"  {OUTSIDE_RANGE.upper()}")
    for finding in analysis.findings:
        if finding.is_positive and finding.probability is not None:
            name = label_of(finding.label).name
            lines.append(
                f"  Present: {name} ({finding.label}) {finding.probability:.1%}"
                f"{demonstration_word(finding)}"
            )
    demonstrations = [
        f.label for f in analysis.findings if demonstration_word(f) and not f.is_positive
    ]
    if demonstrations:
        listed = ", ".join(demonstrations)
        lines.append(f"  Below threshold, demonstration only: {listed}")
    missing = [f.label for f in analysis.findings if not f.is_assessed]
    if missing:
        lines.append(f"  Not assessed: {', '.join(missing)}")
    model = analysis.model
    lines.append(f"  Model {model.id} {model.version}, {model.engine} on {model.device}")
    lines.append("  Research and education software, not a certified medical device.")
    return "\n".join(lines)
