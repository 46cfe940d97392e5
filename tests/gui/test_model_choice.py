"""Several models on the Screening page: the second is loaded only when somebody asks for it."""

from dataclasses import replace
from threading import Event

import pytest

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.model_choice import ModelChoice
from retina_desktop.gui.screening.model_bar import ModelBar
from retina_desktop.gui.screening.state import PhotographStatus
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner
from tests.helpers.fakes import IDENTITY, FakeServices

CHOICES = (
    ModelChoice(IDENTITY.id, "A model for tests", in_force=True),
    ModelChoice("children", "Retinoblastoma screening (children)", for_children=True),
)
REFUSED = "The model's file range.safetensors is damaged; please install the model again."


class TwoModels(FakeServices):
    """Two installed models; notes which was asked for, and can refuse the second."""

    def __init__(self, folder):
        super().__init__(folder)
        self.loaded, self.asked = [], []
        self.refuses = False
        self.may_load = Event()
        self.may_load.set()

    def load_model(self, context, *, model=None):
        self.loaded.append(model)
        while model and not self.may_load.wait(0.005):
            context.progress(0.5)
        if model and self.refuses:
            raise BundleRefusedError(REFUSED)
        loaded = super().load_model(context)
        manifest = replace(loaded.manifest, id=model or IDENTITY.id)
        return replace(loaded, manifest=manifest, choices=CHOICES)

    def analyse(self, context, path, *, laterality, model=None):
        self.asked.append((path.name, model))
        return super().analyse(context, path, laterality=laterality)


@pytest.fixture
def services(tmp_path):
    return TwoModels(tmp_path)


@pytest.fixture
def screening(qtbot, services):
    lanes = Lanes(*(TaskRunner(name) for name in ("analysis", "pictures", "heatmaps", "files")))
    model = ScreeningViewModel(services.services(), lanes)
    model.load_model()
    qtbot.waitUntil(lambda: model.state.model is not None)
    yield model
    services.may_load.set()
    assert lanes.shut_down()


def finish(qtbot, screening, count):
    qtbot.waitUntil(lambda: len(screening.state.photographs) == count)
    qtbot.waitUntil(lambda: not screening.state.busy and screening.state.loading is None)


def test_the_model_in_force_answers_and_no_other_is_loaded(
    qtbot, screening, services, tmp_path
):
    screening.open_paths([tmp_path / "a.jpg"])
    finish(qtbot, screening, 1)

    assert services.loaded == [None]
    assert services.asked == [("a.jpg", None)]


def test_another_model_is_loaded_when_chosen_and_looks_at_the_whole_list(
    qtbot, screening, services, tmp_path
):
    screening.open_paths([tmp_path / "a.jpg", tmp_path / "b.jpg"])
    finish(qtbot, screening, 2)

    screening.choose_model("children")
    qtbot.waitUntil(lambda: screening.state.asked == "children")
    finish(qtbot, screening, 2)

    assert services.loaded == [None, "children"]
    assert services.asked[2:] == [("a.jpg", "children"), ("b.jpg", "children")]
    assert screening.state.asked_model.manifest.id == "children"
    assert screening.state.model.manifest.id == IDENTITY.id


def test_going_back_loads_nothing_again(qtbot, screening, services, tmp_path):
    screening.choose_model("children")
    qtbot.waitUntil(lambda: screening.state.asked == "children")
    screening.choose_model(IDENTITY.id)
    screening.open_paths([tmp_path / "a.jpg"])
    finish(qtbot, screening, 1)

    assert services.loaded == [None, "children"]
    assert services.asked == [("a.jpg", None)]


def test_a_model_that_cannot_be_loaded_changes_nothing(qtbot, screening, services, tmp_path):
    told = []
    screening.failed.connect(told.append)
    services.refuses = True
    screening.open_paths([tmp_path / "a.jpg"])
    finish(qtbot, screening, 1)

    screening.choose_model("children")
    qtbot.waitUntil(lambda: bool(told))

    assert [str(error) for error in told] == [REFUSED]
    assert (screening.state.asked, screening.state.loading) == (None, None)
    assert screening.state.photographs[0].status is PhotographStatus.DONE


def test_who_changes_their_mind_while_it_loads_stays(qtbot, screening, services):
    services.may_load.clear()
    screening.choose_model("children")
    assert screening.state.loading == "children"
    screening.choose_model(IDENTITY.id)
    services.may_load.set()
    screening.load_model()
    qtbot.waitUntil(lambda: services.loaded == [None, "children", None])

    assert screening.state.asked is None


def test_the_bar_is_there_only_where_there_is_a_choice(qtbot):
    bar = ModelBar()
    qtbot.addWidget(bar)
    bar.render_choice(CHOICES[:1], IDENTITY.id)
    assert bar.isHidden()
    bar.render_choice(CHOICES, "children", note="For children.")
    assert not bar.isHidden()
    assert bar.box.currentText() == CHOICES[1].name
    assert bar.note.text() == "For children."


def test_the_bar_tells_only_what_a_person_chose(qtbot):
    bar, chosen = ModelBar(), []
    qtbot.addWidget(bar)
    bar.model_chosen.connect(chosen.append)
    bar.render_choice(CHOICES, IDENTITY.id)
    bar.render_choice(CHOICES, "children")
    assert chosen == []
    bar.box.setCurrentIndex(0)
    bar.box.activated.emit(0)
    assert chosen == [IDENTITY.id]
