import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from retina_desktop.domain.errors import BundleRefusedError, ModelNotFoundError
from retina_desktop.ml.bundles import BundleLibrary, read_bundle


def refusal(folder: Path) -> str:
    with pytest.raises(BundleRefusedError) as caught:
        read_bundle(folder)
    return str(caught.value)


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def entry_of(content: dict[str, Any], path: str) -> dict[str, Any]:
    return next(entry for entry in content["files"] if entry["path"] == path)


def test_a_whole_bundle_is_read_and_verified(bundle_folder):
    bundle = read_bundle(bundle_folder)
    bundle.verify()

    assert bundle.manifest.id == "small"
    assert bundle.manifest.codes == ("DR", "ARMD", "MH", "MHL")
    assert bundle.card.read_text("utf-8").startswith("# Random weights")


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx", "MODEL_CARD.md"])
def test_one_changed_bit_is_found_when_the_file_is_loaded(bundle_folder, name):
    flip_a_bit(bundle_folder / name)

    bundle = read_bundle(bundle_folder)

    with pytest.raises(BundleRefusedError, match=f"{name} is damaged"):
        bundle.read(name)
    with pytest.raises(BundleRefusedError, match=f"{name} is damaged"):
        bundle.verify()


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx", "MODEL_CARD.md"])
def test_a_file_of_another_size_is_found_in_the_list_already(bundle_folder, name):
    with (bundle_folder / name).open("ab") as stream:
        stream.write(b"more")

    assert f"{name} is damaged" in refusal(bundle_folder)


@pytest.mark.parametrize("name", ["weights.safetensors", "model.onnx", "MODEL_CARD.md"])
def test_a_missing_file_is_named(bundle_folder, name):
    (bundle_folder / name).unlink()

    assert f"{name} is missing" in refusal(bundle_folder)


def test_a_folder_in_a_file_s_place_is_refused(bundle_folder):
    (bundle_folder / "model.onnx").unlink()
    (bundle_folder / "model.onnx").mkdir()

    assert "model.onnx" in refusal(bundle_folder)


def test_a_file_that_vanishes_after_the_list_was_made_is_refused(bundle_folder):
    bundle = read_bundle(bundle_folder)
    (bundle_folder / "model.onnx").unlink()

    with pytest.raises(BundleRefusedError, match="missing"):
        bundle.read("model.onnx")


def test_a_link_out_of_the_folder_is_refused(bundle_folder, tmp_path):
    outside = tmp_path / "outside.onnx"
    shutil.move(bundle_folder / "model.onnx", outside)
    (bundle_folder / "model.onnx").symlink_to(outside)

    assert "link out of its folder" in refusal(bundle_folder)


def test_a_bundle_may_itself_be_reached_through_a_link(bundle_folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(bundle_folder, target_is_directory=True)

    read_bundle(link).verify()


@pytest.mark.parametrize("name", ["model.onnx", "weights.safetensors", "MODEL_CARD.md"])
def test_graph_weights_and_card_must_be_listed(bundle_folder, rewrite, name):
    rewrite(lambda content: content["files"].remove(entry_of(content, name)))

    assert f"lists no file '{name}'" in refusal(bundle_folder)


def test_files_too_large_for_memory_are_refused(bundle_folder, rewrite):
    rewrite(lambda content: entry_of(content, "model.onnx").update(bytes=3 * 1024**3))

    assert "too large" in refusal(bundle_folder)


def test_an_unknown_preprocessing_step_is_refused(bundle_folder, rewrite):
    rewrite(lambda content: content["preprocessing"][0].update(name="dream"))

    assert "dream" in refusal(bundle_folder)


def test_a_crop_of_another_size_than_the_network_s_is_refused(bundle_folder, rewrite):
    rewrite(lambda content: content["preprocessing"][0]["parameters"].update(size=96))

    assert "another size" in refusal(bundle_folder)


def test_a_label_unknown_to_the_program_is_allowed(bundle_folder, rewrite):
    rewrite(lambda content: content["labels"][0].update(code="RB"))

    assert read_bundle(bundle_folder).manifest.codes[0] == "RB"


def test_unlisted_files_are_ignored(bundle_folder):
    (bundle_folder / "notes.txt").write_text("mine")

    read_bundle(bundle_folder).verify()


def test_messages_hold_no_path(bundle_folder):
    (bundle_folder / "manifest.json").write_text("{")

    assert str(bundle_folder.parent) not in refusal(bundle_folder)


def test_the_library_lists_good_bundles_beside_bad_ones(bundle_folder):
    library_folder = bundle_folder.parent
    (library_folder / "foreign").mkdir()
    (library_folder / ".import-half").mkdir()
    (library_folder / "README.md").write_text("about")
    library = BundleLibrary([library_folder, library_folder / "missing"])

    assert [bundle.manifest.id for bundle in library.bundles()] == ["small"]
    assert [bad.folder for bad in library.refused()] == ["foreign"]
    assert "manifest.json" in library.refused()[0].message


def test_listing_reads_no_weights(bundle_folder):
    flip_a_bit(bundle_folder / "weights.safetensors")
    library = BundleLibrary([bundle_folder.parent])

    [bundle] = library.bundles()

    assert "damaged" in (library.check(bundle) or "")


def test_a_whole_bundle_has_nothing_wrong(bundle_folder):
    library = BundleLibrary([bundle_folder.parent])

    assert library.check(library.find("small")) is None


def test_the_newest_version_is_found(bundle_folder, rewrite):
    for version in ("1.9.0", "1.10.0", "1.2.0"):
        rewrite(lambda content, version=version: content.update(version=version))
        shutil.copytree(bundle_folder, bundle_folder.parent / f"small-{version}")

    library = BundleLibrary([bundle_folder.parent])

    assert library.find("small").manifest.version == "1.10.0"


def test_of_equal_versions_the_earlier_folder_s_is_found(bundle_folder, tmp_path):
    own = shutil.copytree(bundle_folder, tmp_path / "own" / "small").parent

    library = BundleLibrary([bundle_folder.parent, own])

    assert library.find("small").folder == bundle_folder


def test_an_unknown_model_is_not_found(bundle_folder):
    with pytest.raises(ModelNotFoundError, match="large"):
        BundleLibrary([bundle_folder.parent]).find("large")


def test_asking_for_a_damaged_model_tells_the_damage(bundle_folder):
    (bundle_folder / "model.onnx").unlink()

    with pytest.raises(BundleRefusedError, match="missing"):
        BundleLibrary([bundle_folder.parent]).find("small")


def test_a_manifest_changed_to_fit_other_weights_is_read_as_what_it_says(
    bundle_folder, rewrite
):
    """Hashes guard against damage; whoever can rewrite the manifest can also rewrite hashes."""
    card = bundle_folder / "MODEL_CARD.md"
    card.write_text("# Another card\n")
    digest = hashlib.sha256(card.read_bytes()).hexdigest()
    rewrite(
        lambda content: entry_of(content, "MODEL_CARD.md").update(
            sha256=digest, bytes=card.stat().st_size
        )
    )

    read_bundle(bundle_folder).verify()
    assert json.loads((bundle_folder / "manifest.json").read_text())["id"] == "small"
