"""A group that loads the commands on records when one is asked for, and not before.

What they import would make every analysis start a fifth of a second later.
"""

from importlib.util import find_spec
from typing import Any

import typer
from typer.core import TyperGroup

from retina_desktop.cli.console import ExitCode, say

RECORD_COMMANDS = (
    "records",
    "patients",
    "examine",
    "worklist",
    "examinations",
    "sign",
    "report",
    "audit",
)
_EXTRA = (
    "sqlalchemy",
    "alembic",
    "sqlcipher3",
    "cryptography",
    "argon2",
    "reportlab",
    "pikepdf",
)


def _has_extra() -> bool:
    return all(find_spec(name) is not None for name in _EXTRA)


def _check_extra() -> None:
    """End the command with a sentence where what the records need is not installed."""
    if not _has_extra():
        say(
            'The records need the extra "records": from a clone, python3 build_scripts/dev.py '
            'records -- ...; elsewhere, pip install "retina-desktop[records]".'
        )
        raise typer.Exit(ExitCode.NOTHING_DONE)


class LaterCommands(TyperGroup):
    """The program's commands, those on records last.

    Contexts and commands are of typer's own copy of click, which has no public name.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - see above
        """Return the names for the help; those on records where they can run."""
        return [*super().list_commands(ctx), *(RECORD_COMMANDS if _has_extra() else ())]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see above
        """Return the command, None for an unknown one."""
        if cmd_name not in RECORD_COMMANDS:
            return super().get_command(ctx, cmd_name)
        _check_extra()
        from typer.main import get_group

        from retina_desktop.cli.record_commands import app

        return get_group(app).get_command(ctx, cmd_name)
