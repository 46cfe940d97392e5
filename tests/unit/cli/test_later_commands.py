"""Commands on records where what they need is not installed."""

import pytest
import typer
from typer.testing import CliRunner

from retina_desktop.cli import later_commands
from retina_desktop.cli.app import app


def test_without_the_extra_one_sentence_says_how_to_get_it(monkeypatch, capsys):
    monkeypatch.setattr(later_commands, "find_spec", lambda name: None)
    with pytest.raises(typer.Exit) as ended:
        later_commands._check_extra()
    assert ended.value.exit_code == 3
    message = capsys.readouterr().err
    assert message.count("\n") == 1
    assert "build_scripts/dev.py records" in message


def test_without_the_extra_the_help_still_shows_the_other_commands(monkeypatch):
    monkeypatch.setattr(later_commands, "find_spec", lambda name: None)
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    assert "analyze" in result.output
    assert "worklist" not in result.output
