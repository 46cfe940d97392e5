import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from training.averaging import average, blend
from training.run_record import BEFORE_AVERAGING_NAME, RECORD_NAME, keep_average
from training.run_state import BEST_NAME

COUNTER = "norm.num_batches_tracked"


def state(weight, *, counter=3):
    return {"weight": torch.tensor([weight]), COUNTER: torch.tensor(counter)}


def nearness(target):
    return lambda candidate: -abs(float(candidate["weight"][0]) - target)


@given(share=st.floats(0, 1))
def test_a_blend_lies_between_and_keeps_the_counter(share):
    mixed = blend(state(1.0), state(3.0, counter=9), share)
    assert float(mixed["weight"]) == pytest.approx(1 + 2 * share)
    assert mixed[COUNTER] == 3


def test_networks_of_other_tensors_do_not_blend():
    with pytest.raises(ValueError, match="differ"):
        blend(state(1.0), {"weight": torch.zeros(2), COUNTER: torch.tensor(3)}, 0.5)
    with pytest.raises(ValueError, match="differ"):
        blend(state(1.0), {"weight": torch.zeros(1)}, 0.5)


def test_the_share_that_scores_best_is_taken_from_the_first_on():
    averaged = average(state(0.0), [state(4.0)], score=nearness(2.9))
    assert averaged.shares == (0.75,)
    assert float(averaged.state["weight"]) == 3.0
    assert averaged.score == pytest.approx(-0.1)


def test_what_does_not_help_is_not_added():
    averaged = average(state(0.0), [state(-8.0), state(2.0)], score=nearness(1.0))
    assert averaged.shares == (0.0, 0.5)
    assert float(averaged.state["weight"]) == 1.0


def test_the_average_becomes_the_best_and_the_former_best_stays(tmp_path):
    former = state(1.0)
    torch.save(former, tmp_path / BEST_NAME)
    (tmp_path / RECORD_NAME).write_text(json.dumps({"recipe": {}}))
    keep_average(tmp_path, state(2.0), (0.0, 0.5), 0.9)
    keep_average(tmp_path, state(3.0), (0.25,), 0.91)
    assert float(torch.load(tmp_path / BEST_NAME)["weight"]) == 3.0
    assert float(torch.load(tmp_path / BEFORE_AVERAGING_NAME)["weight"]) == 1.0
    record = json.loads((tmp_path / RECORD_NAME).read_text())
    assert record["averaged"] == {"shares": [0.25], "validation_auroc": 0.91}
