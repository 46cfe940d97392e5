"""``retina-desktop models``: which bundles are here, are they whole, add one."""

from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap import model_library
from retina_desktop.cli.console import ExitCode, give, give_json, guarded, say, stop
from retina_desktop.config.folders import Folders
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import ModelManifest

app = typer.Typer(no_args_is_help=True, help="Installed model bundles.")


@app.command(name="list")
@guarded
def list_bundles(
    *,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the model bundles, with their labels by status."""
    library = model_library(Folders.find())
    bundles, refused = library.bundles(), library.refused()
    if json:
        give_json(
            {
                "models": [_summary(bundle.manifest) for bundle in bundles],
                "refused": [{"folder": r.folder, "message": r.message} for r in refused],
            }
        )
    else:
        for bundle in bundles:
            give(_told(bundle.manifest))
        for bad in refused:
            say(f"{bad.folder}: {bad.message}")
    if not bundles:
        stop(ExitCode.NOTHING_DONE, "No model is installed.")


@app.command()
@guarded
def verify(
    model_id: Annotated[
        str | None, typer.Argument(help="One bundle; all when omitted.")
    ] = None,
) -> None:
    """Check every file of the bundles against its SHA-256."""
    library = model_library(Folders.find())
    bundles = [library.find(model_id)] if model_id else library.bundles()
    failed = 0 if model_id else len(library.refused())
    for bad in [] if model_id else library.refused():
        say(f"{bad.folder}: {bad.message}")
    whole = 0
    for bundle in bundles:
        problem = library.check(bundle)
        if problem is None:
            whole += 1
            give(f"{bundle.manifest.id} {bundle.manifest.version}: whole")
        else:
            failed += 1
            say(f"{bundle.manifest.id} {bundle.manifest.version}: {problem}")
    if failed or not whole:
        stop(ExitCode.SOME_FAILED if whole else ExitCode.NOTHING_DONE)


@app.command(name="import")
@guarded
def import_bundle(
    source: Annotated[Path, typer.Argument(help="Bundle folder or .zip.")],
) -> None:
    """Check a bundle and add it to your models."""
    bundle = model_library(Folders.find()).add(source)
    give(f"{bundle.manifest.id} {bundle.manifest.version} was added.")


def _summary(manifest: ModelManifest) -> dict[str, object]:
    return {
        "id": manifest.id,
        "version": manifest.version,
        "name": manifest.name,
        "architecture": manifest.architecture,
        "input_size": manifest.input_size,
        "labels": [{"code": e.code, "status": e.status.value} for e in manifest.labels],
    }


def _told(manifest: ModelManifest) -> str:
    lines = [f"{manifest.id} {manifest.version}: {manifest.name}"]
    for status in LabelStatus:
        codes = [entry.code for entry in manifest.labels if entry.status is status]
        if codes:
            lines.append(f"  {status.value.replace('_', ' ')}: {', '.join(codes)}")
    return "\n".join(lines)
