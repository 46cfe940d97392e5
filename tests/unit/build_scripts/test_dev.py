"""The set-up script hands arguments on as they are."""

import importlib.util
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "build_scripts" / "dev.py"


@pytest.fixture
def dev(monkeypatch):
    """The script as a module, with its installing and starting replaced by notes."""
    spec = importlib.util.spec_from_file_location("dev", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.started = []
    monkeypatch.setattr(module, "install", lambda extras: True)
    monkeypatch.setattr(module, "provide_qt_libraries", lambda: None)
    return module


@pytest.mark.parametrize(
    ("words", "handed_on"),
    [
        (["run"], []),
        (["run", "--", "--sample"], ["--sample"]),
        (
            ["run", "--", "analyze", "a b.jpg", "--json", "-"],
            ["analyze", "a b.jpg", "--json", "-"],
        ),
        (["run", "--", "analyze", "--", "-x.jpg"], ["analyze", "--", "-x.jpg"]),
    ],
)
def test_arguments_go_to_the_command_line_as_they_are(dev, monkeypatch, words, handed_on):
    monkeypatch.setattr("sys.argv", ["dev.py", *words])
    monkeypatch.setattr(dev, "start", lambda command, **_: dev.started.append(command) or 0)
    assert dev.main() == 0
    assert dev.started == [["-m", "retina_desktop", *handed_on]]


def test_stopping_shows_no_traceback(dev, monkeypatch):
    def stopped(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(dev.subprocess, "run", stopped)
    assert dev.start(["-m", "retina_desktop"]) == 1
