"""Weights to start from: bundles of every format, local files, and what is refused."""

import numpy as np
import pytest
import safetensors.torch
import torch

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.ml.export import Smaller, export_bundle
from retina_desktop.ml.export_parity import Photographs
from retina_desktop.ml.probe import probe_image
from retina_desktop.ml.weight_formats import WeightFormat
from tests.helpers.bundles import SMALL, living_network, make_manifest
from training.first_weights import check_end, new_network, start_from
from training.recipe import Recipe, RecipeError
from training.transfer import create_network, load_timm_imagenet
from training.transfer_report import TRANSFER_NAME, write_transfer

LABELS = ("DR", "MH", "MHL")
HEAD = {"classifier.weight", "classifier.bias"}


@pytest.fixture(scope="module")
def source():
    return living_network(SMALL, outputs=len(LABELS), seed=1)


@pytest.fixture(scope="module")
def bundles(source, tmp_path_factory):
    folder = tmp_path_factory.mktemp("bundles")
    draft = make_manifest(labels=LABELS, input_size=64, architecture=SMALL, model_id="old")
    proof = Photographs(lambda: [0.02 * probe_image(64)[None]])
    for stored_as in WeightFormat:
        smaller = Smaller((stored_as,), proof)
        export_bundle(source, draft, folder / stored_as, card="#", smaller=smaller)
    return folder


@pytest.mark.parametrize("stored_as", list(WeightFormat))
def test_a_bundle_of_any_format_is_a_start(bundles, source, stored_as):
    network = create_network(2, architecture=SMALL)
    report = start_from(str(bundles / stored_as), network, [], codes=("RB", "GLA"))
    stem = network.state_dict()["conv_stem.weight"]
    assert torch.allclose(stem, source.state_dict()["conv_stem.weight"], atol=2e-3)
    assert set(report.new) == HEAD
    assert report.notes["classifier.weight"] == "other labels there"
    assert report.source == f"the bundle old 1.0.0 ({SMALL})"


def test_rows_of_the_last_layer_go_with_their_labels(bundles, source):
    network = create_network(3, architecture=SMALL, seed=7)
    before = network.classifier.weight.detach().clone()
    report = start_from(str(bundles / "float32"), network, [], codes=("MHL", "RB", "DR"))
    after = network.classifier.weight
    assert torch.equal(after[0], source.classifier.weight[2])
    assert torch.equal(after[2], source.classifier.weight[0])
    assert torch.equal(after[1], before[1])
    assert report.new == ()
    assert report.notes["classifier.bias"] == "2 of 3 rows, by their labels"


def test_pictures_that_a_bundle_reads_otherwise_are_warned_of(bundles, caplog):
    network = create_network(3, architecture=SMALL)
    start_from(str(bundles / "float32"), network, [])
    assert not caplog.messages
    start_from(str(bundles / "float32"), network, [], enhancements=("clahe",))
    assert "after no enhancement" in caplog.text
    assert "prepared after clahe" in caplog.text


def test_without_labels_a_bundles_last_layer_stays_behind(bundles):
    report = start_from(str(bundles / "float32"), create_network(3, architecture=SMALL), [])
    assert set(report.new) == HEAD


def test_a_bundles_weights_file_alone_is_a_start(bundles, source):
    network = create_network(3, architecture=SMALL)
    path = bundles / "int8" / "weights.safetensors"
    report = start_from(str(path), network, [])
    assert report.new == ()
    assert report.source == "a file"


def test_a_checkpoint_with_a_wrapper_and_counters_is_read(source, tmp_path):
    state = {f"module.{name}": value for name, value in source.state_dict().items()}
    torch.save({"epoch": 3, "state_dict": state}, tmp_path / "other.pt")
    report = start_from(str(tmp_path / "other.pt"), create_network(3, architecture=SMALL), [])
    assert report.new == ()


def test_a_file_with_half_precision_and_counters_is_read(source, tmp_path):
    state = {
        n: v.bfloat16() if v.is_floating_point() else v for n, v in source.state_dict().items()
    }
    safetensors.torch.save_file(state, tmp_path / "w.safetensors")
    network = create_network(2, architecture=SMALL)
    report = start_from(str(tmp_path / "w.safetensors"), network, [])
    assert set(report.new) == HEAD
    assert network.conv_stem.weight.dtype == torch.float32


def test_every_layer_is_reported_with_the_reason(source, tmp_path):
    state = dict(source.state_dict())
    del state["bn2.weight"]
    state["foreign.weight"] = torch.zeros(3)
    torch.save(state, tmp_path / "w.pt")
    network = create_network(5, architecture=SMALL)
    report = start_from(str(tmp_path / "w.pt"), network, [])
    write_transfer(tmp_path / "run", network, report)
    lines = (tmp_path / "run" / TRANSFER_NAME).read_text().splitlines()
    counted = [name for name in network.state_dict() if "num_batches" not in name]
    assert "carried over from a file" in lines[0]
    assert "3 start new, 1 of the source are not used" in lines[0]
    assert [line.split()[1] for line in lines[2:]] == [*counted, "foreign.weight"]
    told = {line.split()[1]: line for line in lines[2:]}
    assert told["bn2.weight"].startswith("new")
    assert told["bn2.weight"].endswith("absent there")
    assert told["classifier.weight"].endswith("another shape there, 3x256")
    assert told["conv_stem.weight"].startswith("carried")
    assert told["foreign.weight"].startswith("unused")


@pytest.mark.parametrize("name", ["nothing.pt", "nothing.safetensors", "folder"])
def test_weights_that_are_not_there_are_said(tmp_path, name):
    with pytest.raises(RecipeError, match="There are no weights"):
        start_from(str(tmp_path / name), create_network(2, architecture=SMALL), [])


def test_a_folder_that_is_no_bundle_is_said(tmp_path):
    with pytest.raises(RecipeError, match="no model bundle"):
        start_from(str(tmp_path), create_network(2, architecture=SMALL), [])


class _Runs:
    def __reduce__(self):
        return (print, ("this must not run",))


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    torch.save({"conv_stem.weight": _Runs()}, tmp_path / "evil.pt")
    with pytest.raises(RecipeError, match="more than plain tensors"):
        start_from(str(tmp_path / "evil.pt"), create_network(2, architecture=SMALL), [])
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", ["w.pt", "w.safetensors", "w.onnx"])
def test_damaged_and_foreign_files_are_refused(tmp_path, name):
    (tmp_path / name).write_bytes(b"\x08\x00\x00\x00\x00\x00\x00\x00nothing at all")
    with pytest.raises(RecipeError, match="read"):
        start_from(str(tmp_path / name), create_network(2, architecture=SMALL), [])


def test_a_damaged_bundle_is_refused(bundles, tmp_path):
    for path in (bundles / "int8").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (tmp_path / "weights.safetensors").write_bytes(content)
    with pytest.raises(BundleRefusedError, match="damaged"):
        start_from(str(tmp_path), create_network(2, architecture=SMALL), [])


def test_weights_of_another_family_are_refused(bundles):
    network = create_network(2, architecture="test_vit")
    with pytest.raises(RecipeError, match="Nothing of the bundle old"):
        start_from(str(bundles / "float32"), network, [], codes=("DR", "RB"))


def test_lite0_starts_nothing_but_b0(tmp_path):
    with pytest.raises(RecipeError, match="do not fit test_efficientnet"):
        start_from("lite0", create_network(2, architecture=SMALL), [])


def test_imagenet_weights_that_timm_does_not_have_are_said():
    with pytest.raises(RecipeError, match="neither on this computer nor"):
        load_timm_imagenet(create_network(2), architecture="efficientnet_b8")


def test_a_quantised_start_equals_what_the_bundle_answers(bundles):
    network = create_network(3, architecture=SMALL).eval()
    start_from(str(bundles / "int8"), network, [], codes=LABELS)
    image = torch.from_numpy(probe_image(64)[None])
    with torch.no_grad():
        assert np.isfinite(network(image).numpy()).all()


@pytest.mark.parametrize("architecture", ["test_vit", "test_convnext"])
def test_a_network_that_no_heatmap_can_be_made_of_is_refused_before_it_is_trained(architecture):
    wanted = Recipe(name="x", model={"architecture": architecture, "initial": "none"})
    with pytest.raises(RecipeError, match="pooling and a linear layer"):
        check_end(new_network(wanted, 3), architecture)


def test_a_family_without_stochastic_depth_can_be_trained():
    wanted = Recipe(name="x", model={"architecture": "densenet121", "initial": "none"})
    network = new_network(wanted, 3)
    assert network.training
