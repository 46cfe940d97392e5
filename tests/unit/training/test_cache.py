import numpy as np
import pytest
import torch

from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.field_of_view import crop_to_field, find_field_of_view
from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD, prepare_tensor
from tests.unit.training.tiny_data import Row, write_manifest
from training.augmentation import normalise
from training.cache import PIXELS_NAME, build_cache
from training.evaluate import preprocessing_steps
from training.manifest_data import ManifestUnreadableError, read_manifest


@pytest.fixture
def pack(tmp_path):
    manifest = write_manifest(tmp_path / "pack", [Row("a.png", seed=1), Row("s/b.png", seed=2)])
    return tmp_path, read_manifest(manifest)


def build(pack, *, side=32):
    folder, images = pack
    return build_cache(images, image_dir=folder / "pack", cache_dir=folder / "cache", side=side)


def test_photographs_become_squares_in_order(pack):
    squares = build(pack)
    assert squares.shape == (2, 32, 32, 3)
    assert squares[0].mean(axis=(0, 1))[0] > squares[0].mean(axis=(0, 1))[2]  # red over blue
    assert not np.array_equal(squares[0], squares[1])


def test_a_second_build_reads_the_cache(pack):
    build(pack)
    pixels = pack[0] / "cache" / PIXELS_NAME
    before = pixels.stat().st_mtime_ns
    build(pack)
    assert pixels.stat().st_mtime_ns == before


def test_another_size_is_built_anew(pack):
    build(pack)
    assert build(pack, side=16).shape == (2, 16, 16, 3)


def test_a_damaged_index_is_built_anew(pack):
    before = np.array(build(pack))
    (pack[0] / "cache" / "squares.json").write_text("[]")
    assert np.array_equal(build(pack), before)


def test_a_missing_photograph_is_named(pack):
    (pack[0] / "pack" / "a.png").unlink()
    with pytest.raises(ManifestUnreadableError, match=r"first a\.png"):
        build(pack)


def test_enhanced_photographs_are_what_the_application_would_show_the_model(pack):
    folder, images = pack
    plain = np.array(build(pack))
    squares = build_cache(
        images,
        image_dir=folder / "pack",
        cache_dir=folder / "cache",
        side=32,
        enhancements=("msrcr", "clahe"),
    )
    pixels = decode_photograph(folder / "pack" / images[0].path, min_side=32).pixels
    crop = crop_to_field(pixels, find_field_of_view(pixels), size=32)
    shown = prepare_tensor(crop, preprocessing_steps(32, ("msrcr", "clahe")))
    scaled = torch.from_numpy(squares[:1] / 255.0).permute(0, 3, 1, 2).float()
    assert np.allclose(shown, normalise(scaled, IMAGENET_MEAN, IMAGENET_STD)[0], atol=1e-5)
    assert not np.array_equal(squares, plain)


def test_a_manifest_writes_down_what_an_enhancement_does_by_default():
    _, clahe, _ = preprocessing_steps(32, ("clahe",))
    assert clahe.parameters == {"clip_limit": 2.0, "tiles": 8}
