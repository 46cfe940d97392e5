"""What every test shares: no screen is needed, and nobody's own data are touched."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Two test processes with two of torch's threads each: those that wait leave the core to others.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# The tests start hundreds of processes, and what each imports (torch: 2,000 files) takes longer
# to compile than to run. Where no bytecode may lie beside sources, it lies in a folder apart.
if sys.dont_write_bytecode and sys.pycache_prefix is None:
    sys.pycache_prefix = str(Path(sys.prefix) / "bytecode")
    sys.dont_write_bytecode = False
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# Deadlines measure the machine's load, not our code; the same examples run everywhere.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# Files whose tests start processes or train: few tests, but minutes. Begun last, one of them
# would run on beside an idle core.
LONG_FILES = (
    "integration/records/test_campaigns.py",
    "unit/training/retinoblastoma/test_shortcuts.py",
    "e2e/",
    "benchmarks/",
    "unit/training/test_learning.py",
    "gui/training/",
    "gui/test_responsiveness.py",
    "gui/test_start.py",
    "unit/cli/test_record_setup.py",
    "unit/training/",
    "integration/",
)


def pytest_configure(config):
    """Let xdist begin files in the order below, not those with most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(items):
    """Begin with the long files."""
    items.sort(key=_place)


def _place(item):
    path = item.path.as_posix()
    found = (place for place, part in enumerate(LONG_FILES) if f"/tests/{part}" in path)
    return next(found, len(LONG_FILES))


@pytest.fixture(autouse=True)
def own_data_folder(tmp_path_factory, monkeypatch):
    """Give each test a data folder of its own, also in the processes it starts."""
    folder = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("RETINA_DATA_DIR", str(folder))
    return folder


@pytest.fixture(autouse=True)
def every_number_counts():
    """Undo what a training command run in this process sets: the smallest numbers become zero.

    Hypothesis refuses to draw numbers where they do.
    """
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
    yield
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_flush_denormal(False)
