"""The list and its queue: order, errors, cancel, retry, remove, the patient's advice."""

from dataclasses import replace

import pytest

from retina_desktop.domain.errors import ModelNotFoundError
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.gui.screening.state import Photograph, PhotographStatus, ScreeningState
from retina_desktop.gui.screening.view_model import Lanes, ScreeningViewModel
from retina_desktop.gui.task_runner import TaskRunner


@pytest.fixture
def screening(qtbot, fake):
    lanes = Lanes(*(TaskRunner(name) for name in ("a", "b", "c", "d")))
    yield ScreeningViewModel(fake.services(), lanes)
    fake.gate.set()
    assert lanes.shut_down()


@pytest.fixture
def open_names(qtbot, screening, fake):
    def open_them(*names):
        screening.open_paths([fake.folder / name for name in names])
        qtbot.waitUntil(lambda: len(screening.state.photographs) >= len(names))
        return [p.id for p in screening.state.photographs]

    return open_them


def idle(screening):
    return not screening.state.busy


def statuses(screening):
    return [p.status.value for p in screening.state.photographs]


def test_photographs_are_analysed_in_order(qtbot, screening, open_names, fake):
    open_names("a.jpg", "b.jpg", "c.jpg")
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["done"] * 3
    assert [name for name, _ in fake.analysed] == ["a.jpg", "b.jpg", "c.jpg"]


def test_the_photograph_on_screen_is_analysed_before_those_above_it(
    qtbot, screening, open_names, fake
):
    fake.gate.clear()
    ids = open_names("a.jpg", "b.jpg", "c.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.select(ids[2])
    fake.gate.set()
    qtbot.waitUntil(lambda: idle(screening))
    assert [name for name, _ in fake.analysed] == ["a.jpg", "c.jpg", "b.jpg"]


def test_a_bug_is_an_internal_error_beside_its_photograph(qtbot, screening, open_names):
    raised = []
    screening.failed.connect(raised.append)
    open_names("bug.jpg", "b.jpg")
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["failed", "done"]
    assert "Internal error" in screening.state.photographs[0].error
    assert isinstance(raised[0], ZeroDivisionError)


def test_cancelling_one_leaves_the_others(qtbot, screening, open_names, fake):
    fake.gate.clear()
    ids = open_names("a.jpg", "b.jpg", "c.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.cancel(ids[0])  # runs
    screening.cancel(ids[1])  # waits
    qtbot.waitUntil(lambda: statuses(screening) == ["cancelled", "cancelled", "analysing"])
    fake.gate.set()
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["cancelled", "cancelled", "done"]


def test_cancelling_all_stops_all(qtbot, screening, open_names, fake):
    fake.gate.clear()
    open_names("a.jpg", "b.jpg", "c.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.cancel_all()
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["cancelled"] * 3
    assert len(fake.analysed) == 1


def test_a_cancelled_photograph_can_be_analysed_again(qtbot, screening, open_names, fake):
    fake.gate.clear()
    (only,) = open_names("a.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.cancel(only)
    screening.retry(only)  # before the worker noticed the cancel
    fake.gate.set()
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["done"]
    assert len(fake.analysed) == 2


def test_removing_a_running_photograph_drops_its_answer(qtbot, screening, open_names, fake):
    fake.gate.clear()
    ids = open_names("a.jpg", "b.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.remove(ids[0])
    assert screening.state.selected_id == ids[1]
    fake.gate.set()
    qtbot.waitUntil(lambda: idle(screening))
    assert statuses(screening) == ["done"]


def test_the_users_eye_wins_and_can_be_withdrawn(qtbot, screening, open_names, fake):
    open_names("a.jpg")
    qtbot.waitUntil(lambda: idle(screening))
    screening.state_laterality(Laterality.LEFT)
    assert screening.state.selected.analysis is not None  # the old answer stays meanwhile
    qtbot.waitUntil(lambda: idle(screening))
    assert screening.state.selected.analysis.laterality.value is Laterality.LEFT
    screening.state_laterality(None)
    qtbot.waitUntil(lambda: idle(screening))
    assert [eye for _, eye in fake.analysed] == [None, Laterality.LEFT, None]


def test_a_patient_is_advised_from_two_photographs_on(qtbot, screening, open_names):
    ids = open_names("healthy1.jpg", "cat.jpg", "a.jpg")
    qtbot.waitUntil(lambda: idle(screening))
    assert screening.state.patient.tier is ReferralTier.SOON
    assert "OS: not examined." in screening.state.patient.reason
    screening.remove(ids[2])
    assert screening.state.patient is None  # what is no fundus photograph does not count


def test_clearing_while_busy_leaves_nothing_behind(qtbot, screening, open_names, fake):
    fake.gate.clear()
    open_names("a.jpg", "b.jpg")
    qtbot.waitUntil(lambda: len(fake.analysed) == 1)
    screening.clear()
    fake.gate.set()
    qtbot.waitUntil(lambda: screening._running is None)
    assert screening.state.photographs == ()


def test_what_is_opened_last_is_shown(qtbot, screening, open_names, fake):
    open_names("a.jpg")
    screening.open_paths([fake.folder / name for name in ("b.jpg", "c.jpg")])
    qtbot.waitUntil(lambda: len(screening.state.photographs) == 3)
    assert screening.state.selected.path.name == "b.jpg"


def test_the_same_photograph_is_listed_and_analysed_once(qtbot, screening, fake):
    screening.open_paths([fake.folder / name for name in ("a.jpg", "b.jpg", "a.jpg")])
    qtbot.waitUntil(lambda: idle(screening) and len(screening.state.photographs) == 2)
    screening.select(screening.state.photographs[1].id)
    screening.open_paths([fake.folder / "a.jpg"])
    qtbot.waitUntil(lambda: screening.state.selected.path.name == "a.jpg")
    qtbot.waitUntil(lambda: idle(screening))
    assert [p.path.name for p in screening.state.photographs] == ["a.jpg", "b.jpg"]
    assert [name for name, _ in fake.analysed] == ["a.jpg", "b.jpg"]


def test_a_model_that_failed_to_load_is_asked_for_again(qtbot, screening, open_names, fake):
    fake.model_error = ModelNotFoundError("No model is installed.")
    screening.load_model()
    ids = open_names("a.jpg")
    qtbot.waitUntil(lambda: idle(screening) and screening.state.model_error != "")
    fake.model_error = None
    screening.retry(ids[0])
    qtbot.waitUntil(lambda: idle(screening) and screening.state.model is not None)
    assert screening.state.model_error == ""


def test_neighbours_stop_at_the_ends(tmp_path):
    state = ScreeningState().with_added([Photograph(n, tmp_path) for n in (1, 2, 3)])
    assert state.neighbour(-1) == 1
    assert state.neighbour(1) == 2
    assert replace(state, selected_id=3).neighbour(1) == 3
    assert ScreeningState().neighbour(1) is None
    assert replace(state, selected_id=3).without(3).selected_id == 2


def test_progress_counts_running_photographs_in_part(tmp_path):
    done = Photograph(1, tmp_path, PhotographStatus.DONE)
    half = Photograph(2, tmp_path, PhotographStatus.ANALYSING, progress=0.5)
    assert ScreeningState((done, half)).progress == pytest.approx(0.75)
