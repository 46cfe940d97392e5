"""A real bundle with a validated range, from the graph to the referral."""

import numpy as np
import pytest
import skimage.data
from PIL import Image

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.findings import LabelStatus
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.ml.bundle_reading import read_bundle
from retina_desktop.ml.onnx_engine import OnnxClassifier
from retina_desktop.ml.torch_engine import TorchClassifier
from retina_desktop.services.screening import AnalysePhotograph, heatmap_of
from retina_desktop.services.tasks import TaskContext
from tests.helpers.ranged_bundles import OUTSIDE, SMALL_CHANNELS, make_children_bundle

OUTSIDE_WORDS = "Outside this model's validated range"


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    path = tmp_path_factory.mktemp("photographs") / "eye.png"
    Image.fromarray(skimage.data.retina()).save(path)
    return path


def analysed(folder, photograph):
    classifier = OnnxClassifier(read_bundle(folder), threads=1)
    return AnalysePhotograph(decode_photograph, classifier)(TaskContext(), photograph).analysis


@pytest.fixture
def tensor():
    return np.random.default_rng(4).normal(size=(3, 224, 224)).astype(np.float32)


def test_both_engines_measure_the_same_distance(tmp_path, tensor):
    bundle = read_bundle(make_children_bundle(tmp_path / "rb"))
    onnx = OnnxClassifier(bundle, threads=1).classify(tensor).distance
    torch = TorchClassifier(bundle, device="cpu", threads=1).classify(tensor).distance

    assert onnx is not None
    assert onnx > 0.0
    assert torch == pytest.approx(onnx, rel=1e-3)


@pytest.mark.parametrize("engine", [OnnxClassifier, TorchClassifier])
def test_a_range_of_another_network_is_refused(tmp_path, engine):
    bundle = read_bundle(make_children_bundle(tmp_path / "rb", channels=SMALL_CHANNELS + 1))

    with pytest.raises(BundleRefusedError, match="not of this model's features"):
        engine(bundle, threads=1)


def test_inside_the_range_the_answer_is_a_finding(tmp_path, photograph):
    analysis = analysed(make_children_bundle(tmp_path / "rb"), photograph)

    [finding] = analysis.findings
    assert analysis.in_range is True
    assert (finding.label, finding.is_positive) == ("RB", True)
    assert finding.status is LabelStatus.DEMONSTRATION
    assert analysis.referral.tier is ReferralTier.SOON
    assert "demonstration" in analysis.referral.reason
    assert heatmap_of(analysis, "RB", width=64, height=64) is not None


def test_outside_the_range_a_suspicion_is_told_and_no_finding(tmp_path, photograph):
    folder = make_children_bundle(tmp_path / "rb", range_ends_at=OUTSIDE)
    analysis = analysed(folder, photograph)

    [finding] = analysis.findings
    assert analysis.in_range is False
    assert (finding.probability, finding.is_positive) == (None, None)
    assert analysis.range_check is not None
    assert analysis.range_check.not_relied_on == ("RB",)
    assert analysis.referral.tier is ReferralTier.SOON
    assert "not relied on: look at the photograph yourself" in analysis.referral.reason
    assert heatmap_of(analysis, "RB", width=64, height=64) is None


def test_outside_the_range_without_a_suspicion_nothing_reads_as_absent(tmp_path, photograph):
    folder = make_children_bundle(
        tmp_path / "rb", range_ends_at=OUTSIDE, label_threshold=1 - 1e-6
    )
    analysis = analysed(folder, photograph)

    assert analysis.findings[0].is_positive is None
    assert analysis.referral.tier is ReferralTier.SOON
    assert analysis.referral.reason == (
        f"{OUTSIDE_WORDS}: no label was assessed. A reader must judge the photograph."
    )
