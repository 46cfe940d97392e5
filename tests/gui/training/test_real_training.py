"""The window over the real training: killed, gone on with, stopped; installed and asked."""

import os
import signal
import sys

import pytest

from retina_desktop.bootstrap import window_services
from retina_desktop.config.folders import Folders
from retina_desktop.gui.app import dress, open_window
from retina_desktop.gui.training.state import Phase
from retina_desktop.imaging.encode import encode_png
from retina_desktop.services.training_runs import Stage
from retina_desktop.services.training_runs_desk import Launcher
from retina_desktop.services.training_runs_recipes import training_folder
from tests.gui.conftest import is_idle
from tests.gui.training.conftest import Bench
from tests.gui.training.test_page import pid_of
from tests.helpers.fakes import RESOURCES
from tests.helpers.rendered_fundus import render_fundus
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


def rows(count=24):
    for number in range(count):
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


def answering(screening):
    """Return which model's answer the first photograph shows."""
    analysis = screening.state.photographs[0].analysis
    return analysis.model.id if analysis else ""


@pytest.mark.timeout(900)
def test_what_was_trained_here_is_installed_and_answers_here(
    qtbot, qapp, dialogs, tmp_path, monkeypatch
):
    """Everything real: prepared, trained, audited, measured, exported, installed, asked."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    dress(qapp)
    services = window_services(Folders(RESOURCES.parent, tmp_path / "own"))
    bench = Bench(qtbot, tmp_path, None, dialogs, patience_ms=300_000)
    bench.opened = open_window(qapp, services, dialogs=dialogs)
    screening = bench.opened.screening
    try:
        bench.opened.window.show()
        screening.load_model()
        bench.until(lambda: screening.state.model is not None)
        bench.show()
        dialogs.list = write_manifest(tmp_path / "pack", [*rows(60)], side=64)
        (tmp_path / "toy.toml").write_text(TOY.replace("epochs = 1000", "epochs = 1"))
        dialogs.own_recipe = tmp_path / "toy.toml"
        bench.page.form.manifest_button.click()
        bench.settled()
        bench.page.form.recipe.activated.emit(bench.page.form.recipe.count() - 1)
        bench.settled()
        bench.train()
        assert bench.state.failed == ""
        assert bench.state.phase is Phase.MEASURED
        photograph = tmp_path / "eye.png"
        pixels = render_fundus(size=(300, 400), seed=77)
        photograph.write_bytes(encode_png(pixels))
        screening.open_paths([photograph])
        bench.until(lambda: is_idle(screening.state, 1))
        bench.page.result.name.setText("Toy eyes")
        bench.page.result.install_button.click()
        bench.settled()
        assert bench.state.failed == ""
        bench.until(lambda: is_idle(screening.state, 1) and answering(screening) == "toy-eyes")
        assert (tmp_path / "own" / "models").is_dir()
    finally:
        bench.model._services.desk.kill()
        bench.opened.window.close()
        assert bench.opened.shut_down()
        bench.opened.window.deleteLater()
