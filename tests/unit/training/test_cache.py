import cv2
import numpy as np
import pytest
import torch

from retina_desktop.domain.images import FieldOfView
from retina_desktop.domain.quality import QualityReason
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.imaging.field_of_view import crop_to_field
from retina_desktop.imaging.field_reading import read_with_field
from retina_desktop.imaging.preprocessing import IMAGENET_MEAN, IMAGENET_STD, prepare_tensor
from retina_desktop.imaging.quality import assess_quality
from tests.helpers.rendered_fundus import render_fundus
from tests.unit.training.tiny_data import Row, write_manifest
from training.augmentation import normalise
from training.cache import INDEX_NAME, PIXELS_NAME, build_cache, read_square
from training.evaluate import application_tensor, preprocessing_steps
from training.manifest_data import ManifestUnreadableError, read_manifest
from training.photograph_facts import PhotographFacts


@pytest.fixture
def pack(tmp_path):
    manifest = write_manifest(tmp_path / "pack", [Row("a.png", seed=1), Row("s/b.png", seed=2)])
    return tmp_path, read_manifest(manifest)


def built(pack, *, side=32):
    folder, images = pack
    return build_cache(images, image_dir=folder / "pack", cache_dir=folder / "cache", side=side)


def build(pack, *, side=32):
    return built(pack, side=side).squares


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
    for content in ("[]", '{"key": "x"}', "{"):
        (pack[0] / "cache" / INDEX_NAME).write_text(content)
        assert np.array_equal(build(pack), before)


def test_a_missing_photograph_is_named(pack):
    (pack[0] / "pack" / "a.png").unlink()
    with pytest.raises(ManifestUnreadableError, match=r"first a\.png"):
        build(pack)


def test_a_cache_that_cannot_be_made_anew_stays_as_it_was(pack):
    folder, _ = pack
    before = np.array(build(pack))
    photograph = folder / "pack" / "a.png"
    content = photograph.read_bytes()
    photograph.unlink()  # as if its drive were unplugged
    with pytest.raises(ManifestUnreadableError, match=r"first a\.png"):
        build(pack)
    photograph.write_bytes(content)
    pixels = folder / "cache" / PIXELS_NAME
    made = pixels.stat().st_mtime_ns
    assert np.array_equal(build(pack), before)
    assert pixels.stat().st_mtime_ns == made
    assert {file.name for file in (folder / "cache").iterdir()} == {PIXELS_NAME, INDEX_NAME}


def test_who_reads_the_old_cache_is_not_disturbed_by_the_new(pack):
    old = build(pack)
    before = np.array(old)
    build(pack, side=16)
    assert np.array_equal(old, before)


@pytest.mark.parametrize("radius", [690.0, 380.0])  # the second is a small part of the picture
def test_a_square_is_the_crop_that_the_application_shows(tmp_path, radius):
    field = FieldOfView(999.5, 711.5, radius)
    pixels = render_fundus(size=(1424, 2144), field=field, seed=4)
    path = tmp_path / "camera.jpg"
    assert cv2.imwrite(str(path), pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    square, facts = read_square(path, 224)
    shown = application_tensor(path, size=224, steps=preprocessing_steps(224))
    scaled = torch.from_numpy(square[np.newaxis] / 255.0).permute(0, 3, 1, 2).float()
    assert np.allclose(shown, normalise(scaled, IMAGENET_MEAN, IMAGENET_STD)[0], atol=1e-5)
    assert facts == PhotographFacts(2144, 1424)


def test_size_and_quality_are_kept_beside_the_squares(pack):
    folder, images = pack
    assert cv2.imwrite(str(folder / "pack" / "a.png"), np.zeros((40, 60, 3), np.uint8))
    blank, fundus = built(pack).facts
    assert (blank.size, fundus.size) == ("60x40", "96x96")
    assert blank.quality.reasons == (QualityReason.NOT_FUNDUS,)
    image, field = read_with_field(
        decode_photograph, folder / "pack" / images[1].path, input_size=32
    )
    assert fundus.quality == assess_quality(crop_to_field(image.pixels, field, size=32), field)
    assert built(pack).facts == (blank, fundus)


def test_only_a_draw_of_each_source_is_judged(tmp_path, monkeypatch):
    monkeypatch.setattr("training.cache.JUDGED_EACH", 2)
    rows = [Row(f"{k}.png", source="AB"[k % 4 == 0], seed=k) for k in range(8)]
    images = read_manifest(write_manifest(tmp_path, rows))
    judged = [
        [
            fact.quality is not None
            for fact in build_cache(
                images, image_dir=tmp_path, cache_dir=tmp_path / name, side=32
            ).facts
        ]
        for name in ("one", "other")
    ]
    assert judged[0] == judged[1]
    assert sum(judged[0][::4]) == 2
    assert sum(judged[0]) == 4


def test_enhanced_photographs_are_what_the_application_would_show_the_model(pack):
    folder, images = pack
    plain = np.array(build(pack))
    squares = build_cache(
        images,
        image_dir=folder / "pack",
        cache_dir=folder / "cache",
        side=32,
        enhancements=("msrcr", "clahe"),
    ).squares
    path = folder / "pack" / images[0].path
    image, field = read_with_field(decode_photograph, path, input_size=32)
    crop = crop_to_field(image.pixels, field, size=32)
    shown = prepare_tensor(crop, preprocessing_steps(32, ("msrcr", "clahe")))
    scaled = torch.from_numpy(squares[:1] / 255.0).permute(0, 3, 1, 2).float()
    assert np.allclose(shown, normalise(scaled, IMAGENET_MEAN, IMAGENET_STD)[0], atol=1e-5)
    assert not np.array_equal(squares, plain)


def test_a_manifest_writes_down_what_an_enhancement_does_by_default():
    _, clahe, _ = preprocessing_steps(32, ("clahe",))
    assert clahe.parameters == {"clip_limit": 2.0, "tiles": 8}
