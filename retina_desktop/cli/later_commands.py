"""A group that loads the commands on records when one is asked for, and not before.

What they import would make every analysis start a fifth of a second later.
"""

from typing import Any

from typer.core import TyperGroup

RECORD_COMMANDS = (
    "records",
    "patients",
    "examine",
    "worklist",
    "examinations",
    "sign",
    "report",
    "report-day",
    "reports",
    "import",
    "export-research",
    "audit",
    "backup",
    "restore",
    "verify",
    "users",
)


class LaterCommands(TyperGroup):
    """The program's commands, those on records last.

    Contexts and commands are of typer's own copy of click, which has no public name.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ANN401 - see above
        """Return the names for the help."""
        return [*super().list_commands(ctx), *RECORD_COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ANN401 - see above
        """Return the command, None for an unknown one."""
        if cmd_name not in RECORD_COMMANDS:
            return super().get_command(ctx, cmd_name)
        from typer.main import get_group

        from retina_desktop.cli.record_commands import app

        return get_group(app).get_command(ctx, cmd_name)
