from dataclasses import replace

import numpy as np
import pytest

from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.manifests import Calibration
from tests.unit.training.test_card import result  # noqa: F401 - a fixture
from training.ensemble import join_logits, joined_facts
from training.evaluate import Logits
from training.logits_file import KeptLogits, read_logits
from training.results import LabelResult, ResultsUnreadableError

FILES = (("a", "b"), ("c",))


def kept(value, *, test=("c",)):
    validation = np.full((2, 1), value, np.float32)
    return KeptLogits(
        Logits(validation, np.full((1, 1), value, np.float32), 2), ("a", "b"), test
    )


def scaled(result, slope, offset, code="DR"):  # noqa: F811
    label = LabelResult(code, LabelStatus.EVALUATED, 9, 9, 9, Calibration(slope, offset), 0.5)
    return replace(result, labels=(label,))


def test_calibrated_logits_are_averaged(result):  # noqa: F811
    runs = [scaled(result, 1.0, 0.0), scaled(result, 0.5, 1.0)]
    joined = join_logits([kept(2.0), kept(4.0)], runs)
    assert joined.validation.tolist() == [[2.5], [2.5]]
    assert joined.test.tolist() == [[2.5]]
    assert joined.without_field == 2
    facts = joined_facts(runs)
    assert facts.members == 2
    assert "2 runs" in facts.learning


def test_runs_on_other_photographs_or_labels_are_refused(result):  # noqa: F811
    one, other = scaled(result, 1.0, 0.0), scaled(result, 1.0, 0.0, "EDN")
    with pytest.raises(ResultsUnreadableError, match="different photographs or labels"):
        join_logits([kept(1.0), kept(1.0, test=("d",))], [one, one])
    with pytest.raises(ResultsUnreadableError, match="different photographs or labels"):
        join_logits([kept(1.0), kept(1.0)], [one, other])
    with pytest.raises(ResultsUnreadableError, match="two runs or more"):
        join_logits([kept(1.0)], [one])


@pytest.mark.parametrize("content", [None, b"PK\x03\x04 and no more"])
def test_logits_that_are_none_are_refused(tmp_path, content):
    path = tmp_path / "logits.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ResultsUnreadableError, match="run evaluate there first"):
        read_logits(path)
