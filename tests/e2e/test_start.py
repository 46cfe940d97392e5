"""Starting: light imports, and a sentence where no window can open."""

import subprocess
import sys

import pytest

HEAVY = ("torch", "timm", "sqlalchemy", "pydicom", "reportlab")


def loaded_after(statement):
    """Return the modules that a fresh interpreter has loaded after `statement`."""
    script = f"{statement}\nimport sys\nprint(*sys.modules)"
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(ended.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import pkgutil, importlib, retina_desktop.gui as g\n"
        "for m in pkgutil.walk_packages(g.__path__, 'retina_desktop.gui.'): "
        "importlib.import_module(m.name)",
        "import retina_desktop.gui.app, retina_desktop.bootstrap",
    ],
)
def test_the_window_s_code_imports_nothing_heavy(statement):
    assert not loaded_after(statement) & set(HEAVY)


def test_nothing_is_loaded_before_the_window_that_it_does_not_need():
    early = loaded_after("import retina_desktop.gui.app, retina_desktop.bootstrap")
    assert not early & {"cv2", "onnxruntime", "pydantic", "typer", "rich"}


def test_without_a_display_one_sentence_names_the_command_line(program):
    blind = {"DISPLAY": "", "WAYLAND_DISPLAY": "", "QT_QPA_PLATFORM": ""}
    ended = program(environment=blind)
    assert ended.code == 3
    assert ended.err.count("\n") == 1
    assert "analyze PHOTOGRAPH" in ended.err


def test_version(program):
    ended = program("--version")
    assert (ended.code, ended.out.split()[0]) == (0, "retina-desktop")
