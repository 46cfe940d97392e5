"""The commands, gathered."""

import io
import sys
from typing import Annotated

import typer

from retina_desktop import __version__
from retina_desktop.cli import analyze, doctor, models, screen
from retina_desktop.cli.console import ExitCode, give, guarded
from retina_desktop.cli.later_commands import LaterCommands
from retina_desktop.config.folders import Folders
from retina_desktop.config.log_files import start_logging

app = typer.Typer(
    name="retina-desktop",
    cls=LaterCommands,
    no_args_is_help=False,
    invoke_without_command=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help=(
        "Screen colour fundus photographs offline. Without a command the window opens. "
        "Research and education software, not a certified medical device."
    ),
)
app.command(name="analyze")(analyze.analyze)
app.command(name="screen")(screen.screen)
app.command(name="doctor")(doctor.doctor)
app.add_typer(models.app, name="models")


@app.callback()
@guarded
def main(
    context: typer.Context,
    *,
    sample: Annotated[
        bool, typer.Option("--sample", help="Open the window with a sample photograph.")
    ] = False,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Open the window when no command is given."""
    if version:
        give(f"retina-desktop {__version__}")
        raise typer.Exit(ExitCode.OK)
    start_logging(Folders.find().log_file)
    if context.invoked_subcommand is None:
        from retina_desktop.bootstrap_records.window import open_window

        raise typer.Exit(open_window(sample=sample))


def run() -> int:
    """Run the command line; returns the exit code."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # a path outside the console's code page
        sys.stdout.reconfigure(errors="backslashreplace")
    result: object = app(standalone_mode=True)
    return result if isinstance(result, int) else ExitCode.OK
