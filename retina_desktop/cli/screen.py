"""``retina-desktop screen``: a folder of photographs into a table."""

import logging
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
)

from retina_desktop.bootstrap import load_analysis
from retina_desktop.cli.console import ExitCode, guarded, say, shown, stop
from retina_desktop.config.folders import Folders
from retina_desktop.config.settings import EngineChoice
from retina_desktop.services.folder_screening import ScreenFolder, photographs_below
from retina_desktop.services.results import ScreeningColumns
from retina_desktop.services.tasks import TaskContext

log = logging.getLogger(__name__)


@guarded
def screen(
    folder: Annotated[Path, typer.Argument(help="Folder of photographs, read recursively.")],
    *,
    out: Annotated[Path, typer.Option(help="The table (CSV) to write.")],
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with an earlier table.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, max=64, help="Photographs at a time.")] = 1,
    model: Annotated[str | None, typer.Option(help="Model bundle's id.")] = None,
    engine: Annotated[EngineChoice | None, typer.Option(help="What runs the model.")] = None,
) -> None:
    """Analyse every photograph below FOLDER, one row each, written as it is done."""
    if not folder.is_dir():
        stop(ExitCode.USAGE, f"{shown(folder)} is not a folder.")
    analyse = load_analysis(Folders.find(), model=model, engine=engine)
    manifest = analyse.classifier.manifest
    columns = ScreeningColumns.of(manifest)
    use_case = ScreenFolder(analyse, columns, workers=workers, log_error=_log_error)
    with _progress(folder) as context:
        counts = use_case(context, folder, table=out, resume=resume)
    skipped = f", {counts.skipped} were in the table already" if counts.skipped else ""
    say(f"{counts.done} photographs analysed, {counts.failed} failed{skipped}.")
    if demonstrations := ", ".join(columns.demonstrations):
        say(f"Demonstration only, learned from too few patients: {demonstrations}.")
    if counts.unlisted:
        many = "1 folder" if counts.unlisted == 1 else f"{counts.unlisted} folders"
        say(f"{many} could not be read; the photographs in there are missing.")
    if counts.done + counts.skipped == 0:
        stop(ExitCode.NOTHING_DONE, "There is no photograph in this folder.")
    if counts.failed or counts.unlisted:
        all_failed = counts.failed == counts.done and not counts.skipped
        stop(ExitCode.NOTHING_DONE if all_failed else ExitCode.SOME_FAILED)


def _log_error(error: Exception) -> None:
    log.error("screening: %s", type(error).__name__, exc_info=error)


def _progress(folder: Path) -> "nullcontext[TaskContext] | _TerminalProgress":
    if sys.stderr is None or not sys.stderr.isatty():  # None: it was closed by our caller
        return nullcontext(TaskContext())
    return _TerminalProgress(sum(1 for _ in photographs_below(folder)))


class _TerminalProgress:
    """A progress bar that a `TaskContext` moves."""

    def __init__(self, total: int) -> None:
        self._bar = Progress(
            TextColumn("Screening"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task("screen", total=total)

    def __enter__(self) -> TaskContext:
        self._bar.start()
        return TaskContext(on_progress=self._move)

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def _move(self, fraction: float, message: str) -> None:
        self._bar.update(self._task, completed=int(message))
