"""A window whose Training page starts real processes, of a stand-in without torch."""

import json
import sys
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.gui.app import dress, open_window
from retina_desktop.gui.file_dialogs import RunningChoice
from retina_desktop.gui.pages import PageId, Place
from retina_desktop.gui.training_port import TrainingServices
from retina_desktop.services.training_runs_desk import Launcher, TrainingDesk
from retina_desktop.services.training_runs_models import InstalledModel
from retina_desktop.services.training_runs_recipes import RecipeChoice
from tests.gui.conftest import ScriptedDialogs

STAND_IN = Path(__file__).parent / "stand_in" / "training"
RECIPES = (
    RecipeChoice("fundus-320", "Larger.", 6, 16, 320),
    RecipeChoice("rfmid-seed", "Usual."),
    RecipeChoice("calibrate-only", "Nothing is learned.", 0, 16, 320),
)
CAME_ALONG = InstalledModel(
    "rfmid-test",
    "1.0.0",
    "Came along",
    architecture="efficientnet_b0",
    folder=Path("models/rfmid-test"),
    enhancements=("clahe",),
    codes=RFMID_CODES,
)


@dataclass
class Models:
    """The models of the workstation, as the composition root keeps them."""

    installed: list = field(default_factory=lambda: [CAME_ALONG])
    in_force: str = CAME_ALONG.id
    refuses: bool = False
    bundles: list = field(default_factory=list)

    def all(self):
        return [replace(model, in_force=model.id == self.in_force) for model in self.installed]

    def install(self, bundle):
        if self.refuses:
            raise BundleRefusedError("The model's file model.onnx was changed.")
        self.bundles.append((bundle / "named.txt").read_text())
        model = InstalledModel(bundle.name, bundle.parent.name, "Own")
        self.installed.append(model)
        return self.use(model.id)

    def use(self, model_id):
        self.in_force = model_id
        return next(m for m in reversed(self.installed) if m.id == model_id)


class Dialogs(ScriptedDialogs):
    """Answers for the user."""

    def __init__(self):
        super().__init__()
        self.list, self.own_recipe, self.own_weights, self.asked = None, None, None, []
        self.running, self.changes = RunningChoice.STAY, True

    def training_list(self, parent):
        return self.list

    def recipe(self, parent):
        return self.own_recipe

    def weights(self, parent):
        return self.own_weights

    def change_model(self, parent, name):
        self.asked.append(name)
        return self.changes

    def leave_training(self, parent):
        self.asked.append("leave")
        return self.running


@dataclass
class Bench:
    """Everything a test of the page holds."""

    qtbot: object
    folder: Path
    models: Models
    dialogs: Dialogs
    opened: object = None
    patience_ms: int = 15_000

    @property
    def part(self):
        return self.opened.shell._training

    @property
    def model(self):
        return self.part.view_model

    @property
    def state(self):
        return self.model.state

    @property
    def page(self):
        return self.opened.shell.flow.page(PageId.TRAINING)

    @property
    def work(self):
        return self.folder / "list-training"

    def behave(self, **behaviour):
        self.work.mkdir(exist_ok=True)
        (self.work / "behaviour.json").write_text(json.dumps(behaviour))

    def until(self, condition):
        self.qtbot.waitUntil(lambda: bool(condition()), timeout=self.patience_ms)

    def settled(self):
        """Wait until nothing runs and nothing is awaited."""
        self.until(
            lambda: (
                self.state.running is None
                and not self.state.busy
                and not self.state.installing
                and not self.model._queue
                and not self.model._awaited
            )
        )

    def show(self):
        assert self.opened.shell.flow.go(Place(PageId.TRAINING))
        self.until(lambda: self.state.recipes and self.page.curves is not None)

    def choose_list(self):
        manifest = self.folder / "list.csv"
        manifest.write_text("file\n")
        self.dialogs.list = manifest
        self.page.form.manifest_button.click()
        self.settled()

    def train(self):
        self.page.status.start_button.click()
        self.settled()


@pytest.fixture
def launcher():
    return Launcher(sys.executable, STAND_IN)


@pytest.fixture
def missing():
    return []


@pytest.fixture
def dialogs():
    return Dialogs()


@pytest.fixture
def open_bench(qtbot, qapp, fake, dialogs, tmp_path, launcher, missing):
    """Return a function that opens a window with the page; closed at the end."""
    benches, models = [], Models()

    def opening():
        dress(qapp)
        services = TrainingServices(
            desk=TrainingDesk(launcher, now=lambda: datetime(2026, 3, 2, 9, 0, tzinfo=UTC)),
            missing_packages=lambda: tuple(missing),
            recipes=lambda: RECIPES,
            models=models.all,
            install=models.install,
            use_model=models.use,
        )
        bench = Bench(qtbot, tmp_path, models, dialogs)
        bench.opened = open_window(
            qapp, replace(fake.services(), training=services), dialogs=dialogs
        )
        bench.model._watch.setInterval(20)
        bench.opened.window.show()
        bench.opened.screening.load_model()
        qtbot.waitUntil(lambda: bench.opened.screening.state.model is not None)
        benches.append(bench)
        return bench

    yield opening
    for bench in benches:
        dialogs.running = RunningChoice.LEAVE
        bench.model._services.desk.kill()
        bench.opened.window.close()
        assert bench.opened.shut_down()
        bench.opened.window.deleteLater()


@pytest.fixture
def bench(open_bench):
    """The Training page on screen."""
    bench = open_bench()
    bench.show()
    return bench
