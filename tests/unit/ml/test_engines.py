import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from retina_desktop.domain.errors import EngineUnavailableError
from retina_desktop.ml import engines, torch_engine
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.engines import Engine, load_classifier, torch_alone_is_accelerated


@pytest.mark.parametrize(
    ("engine", "expected"), [(Engine.ONNX, "onnx"), (Engine.TORCH, "torch")]
)
def test_the_engine_asked_for_is_loaded(bundle_folder, engine, expected):
    classifier = load_classifier(read_bundle(bundle_folder), engine=engine, threads=1)

    assert classifier.identity.engine == expected


def test_auto_is_onnx_runtime_where_there_is_no_graphics_card(bundle_folder, monkeypatch):
    monkeypatch.setattr(engines, "_has_driver", lambda: False)

    assert load_classifier(read_bundle(bundle_folder)).identity.engine == "onnx"


def driver_and_device(monkeypatch, device: str, accelerators: tuple[str, ...] = ()) -> None:
    monkeypatch.setattr(engines, "_has_driver", lambda: True)
    monkeypatch.setattr(engines, "available_accelerators", lambda: accelerators)
    monkeypatch.setattr(torch_engine, "best_device", lambda: device)


def test_auto_means_torch_where_torch_alone_has_a_graphics_card(monkeypatch):
    driver_and_device(monkeypatch, "cuda:0")

    assert torch_alone_is_accelerated()


def test_auto_means_onnx_runtime_where_it_has_the_card_itself(monkeypatch):
    driver_and_device(monkeypatch, "cuda:0", ("CUDAExecutionProvider",))

    assert not torch_alone_is_accelerated()


def test_auto_means_onnx_runtime_where_torch_was_built_for_the_cpu(monkeypatch):
    driver_and_device(monkeypatch, "cpu")

    assert not torch_alone_is_accelerated()


def test_auto_falls_back_where_the_graphics_card_fails(bundle_folder, monkeypatch, caplog):
    def fails(bundle, threads):
        raise EngineUnavailableError("no memory on the card")

    monkeypatch.setattr(engines, "torch_alone_is_accelerated", lambda: True)
    monkeypatch.setattr(engines, "_load_torch", fails)

    assert load_classifier(read_bundle(bundle_folder)).identity.engine == "onnx"
    assert "no memory on the card" in caplog.text


def test_without_torch_asking_for_it_says_what_to_do(bundle_folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "retina_desktop.ml.torch_engine", None)

    with pytest.raises(EngineUnavailableError, match="install the extra 'train'"):
        load_classifier(read_bundle(bundle_folder), engine=Engine.TORCH)


def test_answering_on_onnx_runtime_imports_no_torch(bundle_folder):
    """A fresh interpreter: torch costs seconds and is often not installed."""
    program = f"""
        import sys
        from pathlib import Path
        from retina_desktop.ml.bundles import BundleLibrary
        from retina_desktop.ml.engines import load_classifier
        from retina_desktop.ml.probe import probe_image
        bundle = BundleLibrary([Path({str(bundle_folder.parent)!r})]).find("small")
        answer = load_classifier(bundle).classify(probe_image(64))
        assert answer.probabilities.shape == (4,)
        heavy = {{"torch", "timm", "onnx", "pytorch_grad_cam"}}
        assert not heavy & set(sys.modules)
    """
    root = Path(__file__).parents[3]

    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
