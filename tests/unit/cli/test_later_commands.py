"""Commands on records, loaded only when one is asked for."""

from typer.main import get_group

from retina_desktop.cli.later_commands import RECORD_COMMANDS
from retina_desktop.cli.record_commands import app


def test_every_command_on_records_is_announced():
    assert set(get_group(app).commands) == set(RECORD_COMMANDS)
