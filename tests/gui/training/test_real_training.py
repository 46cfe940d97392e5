"""The window over the real training: killed, gone on with, stopped; on rendered photographs."""

import os
import signal
import sys

import pytest

from retina_desktop.gui.training.state import Phase
from retina_desktop.services.training_runs import Stage
from retina_desktop.services.training_runs_desk import Launcher
from retina_desktop.services.training_runs_recipes import training_folder
from tests.gui.training.test_page import pid_of
from tests.unit.training.tiny_data import Row, write_manifest

TOY = """# A toy, quick on any processor.
[model]
architecture = "test_efficientnet"
size = 32
initial = "none"
[sampling]
common_share = 1.0
[run]
epochs = 1000
batch = 4
pair_minimum = 1
save_every_s = 0.05
"""


@pytest.fixture
def launcher():
    """Start the training itself, not its stand-in."""
    return Launcher(sys.executable, training_folder())


def rows():
    for number in range(24):
        ill = number % 2 == 1
        yield Row(
            f"{number:02}.png",
            positives="Disease_Risk;EDN" if ill else "",
            seed=number,
            exudates=40 if ill else 0,
        )


@pytest.mark.timeout(900)
def test_a_real_run_is_checked_killed_and_goes_on_where_it_was(
    open_bench, tmp_path, monkeypatch
):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    bench = open_bench()
    bench.show()
    bench.dialogs.list = write_manifest(tmp_path / "pack", list(rows()), side=64)
    (tmp_path / "toy.toml").write_text(TOY)
    bench.dialogs.own_recipe = tmp_path / "toy.toml"
    bench.page.form.manifest_button.click()
    bench.settled()
    bench.page.form.recipe.activated.emit(bench.page.form.recipe.count() - 1)
    bench.settled()
    model, work = bench.model, bench.state.work_dir
    bench.patience_ms = 200_000  # torch is imported three times, on a machine that may be busy

    model.start()
    bench.until(lambda: bench.state.snapshot.course.auroc or bench.state.failed)
    assert bench.state.failed == ""
    assert "CLINIC" in bench.page.report.toPlainText()
    os.kill(pid_of(bench, work), signal.SIGKILL)
    bench.settled()
    assert "the system ended the process" in bench.state.failed
    assert bench.state.phase is Phase.STOPPED
    before = bench.state.snapshot.course

    model.start()
    bench.until(lambda: bench.state.running is Stage.TRAIN)
    bench.until(lambda: bench.state.snapshot.course.epoch > before.epoch or bench.state.failed)
    assert bench.state.failed == ""
    model.stop()
    bench.settled()
    assert bench.state.failed == ""
    assert bench.state.phase is Phase.STOPPED
    course = bench.state.snapshot.course
    assert course.stopped
    assert course.auroc[: len(before.auroc) - 1] == before.auroc[:-1]
    assert "going on with epoch" in bench.state.snapshot.log
