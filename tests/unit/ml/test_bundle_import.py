import json
import shutil
import stat
import zipfile
from pathlib import Path

import pytest

from retina_desktop.domain.errors import BundleRefusedError, OutputUnwritableError
from retina_desktop.ml import bundle_import
from retina_desktop.ml.bundles import BundleLibrary, import_bundle


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return tmp_path / "data" / "models"


def packed(folder: Path, archive: Path, *, top: str = "") -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        for path in sorted(folder.iterdir()):
            writer.write(path, top + path.name)
    return archive


def assert_refused(source: Path, own: Path, match: str) -> None:
    with pytest.raises(BundleRefusedError, match=match):
        import_bundle(source, own)
    assert not own.exists() or list(own.iterdir()) == []


@pytest.mark.parametrize("form", ["folder", "zip", "zip with a folder"])
def test_a_bundle_is_copied_and_found(bundle_folder, own, tmp_path, form):
    source = bundle_folder
    if form != "folder":
        top = "some name/" if form == "zip with a folder" else ""
        source = packed(bundle_folder, tmp_path / "bundle.zip", top=top)
    (bundle_folder / "notes.txt").write_text("not listed")

    bundle = BundleLibrary([own]).add(source)

    assert bundle.folder == own / "small-1.0.0"
    bundle.verify()
    assert sorted(path.name for path in bundle.folder.iterdir()) == [
        "MODEL_CARD.md",
        "manifest.json",
        "model.onnx",
        "weights.safetensors",
    ]
    assert [path.name for path in own.iterdir()] == ["small-1.0.0"]
    assert BundleLibrary([own]).find("small") == bundle


def test_the_same_bundle_again_changes_nothing(bundle_folder, own):
    first = import_bundle(bundle_folder, own)
    before = (first.folder / "manifest.json").stat().st_mtime_ns

    assert import_bundle(bundle_folder, own) == first
    assert (first.folder / "manifest.json").stat().st_mtime_ns == before


def test_another_bundle_of_the_same_version_never_replaces_silently(
    bundle_folder, own, rewrite
):
    installed = import_bundle(bundle_folder, own)
    rewrite(lambda content: content.update(name="Another"))

    with pytest.raises(BundleRefusedError, match="Another model is installed as small"):
        import_bundle(bundle_folder, own)

    assert BundleLibrary([own]).find("small").manifest.name == installed.manifest.name


def test_a_damaged_copy_that_is_installed_is_told(bundle_folder, own):
    installed = import_bundle(bundle_folder, own)
    (installed.folder / "model.onnx").write_bytes(b"")

    with pytest.raises(BundleRefusedError, match=r"model\.onnx is damaged"):
        import_bundle(bundle_folder, own)


def test_versions_live_beside_each_other(bundle_folder, own, rewrite):
    import_bundle(bundle_folder, own)
    rewrite(lambda content: content.update(version="1.1.0"))
    import_bundle(bundle_folder, own)

    versions = [bundle.manifest.version for bundle in BundleLibrary([own]).bundles()]

    assert versions == ["1.1.0", "1.0.0"]


@pytest.mark.parametrize("form", ["folder", "zip"])
def test_damage_is_found_before_anything_becomes_visible(bundle_folder, own, tmp_path, form):
    content = bytearray((bundle_folder / "weights.safetensors").read_bytes())
    content[-1] ^= 1
    (bundle_folder / "weights.safetensors").write_bytes(content)
    source = bundle_folder
    if form == "zip":
        source = packed(bundle_folder, tmp_path / "bundle.zip")

    assert_refused(source, own, "weights.safetensors is damaged")


def test_a_missing_file_is_named(bundle_folder, own, tmp_path):
    (bundle_folder / "model.onnx").unlink()

    assert_refused(bundle_folder, own, r"model\.onnx is missing")
    assert_refused(packed(bundle_folder, tmp_path / "b.zip"), own, r"model\.onnx is missing")


def test_an_archive_s_escaping_names_have_no_effect(bundle_folder, own, tmp_path):
    archive = packed(bundle_folder, tmp_path / "bundle.zip")
    with zipfile.ZipFile(archive, "a") as writer:
        writer.writestr("../../evil.txt", "evil")
        writer.writestr("/evil.txt", "evil")

    import_bundle(archive, own)

    assert not list(tmp_path.rglob("evil.txt"))
    assert not Path("/evil.txt").exists()


def test_a_manifest_that_names_an_escaping_path_is_refused(
    bundle_folder, own, tmp_path, rewrite
):
    rewrite(lambda content: content["files"][0].update(path="../evil.md"))

    assert_refused(packed(bundle_folder, tmp_path / "b.zip"), own, "no plain path")


def test_a_bomb_is_read_no_further_than_the_manifest_says(
    bundle_folder, own, tmp_path, monkeypatch
):
    weights = bundle_folder / "weights.safetensors"
    size = weights.stat().st_size
    weights.write_bytes(bytes(size + 40 * 1024 * 1024))
    archive = packed(bundle_folder, tmp_path / "bomb.zip")
    written: list[int] = []
    original = bundle_import._blocks

    def counted(*args, **kwargs):
        for block in original(*args, **kwargs):
            written.append(len(block))
            yield block

    monkeypatch.setattr(bundle_import, "_blocks", counted)

    assert archive.stat().st_size < 600_000
    assert_refused(archive, own, "weights.safetensors is damaged")
    assert sum(written) < 2 * size + 1_000_000


def test_a_manifest_bomb_is_refused(own, tmp_path):
    archive = tmp_path / "bomb.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writer:
        writer.writestr("manifest.json", b" " * 10_000_000)

    assert_refused(archive, own, "too large")


def test_a_link_in_an_archive_is_refused(bundle_folder, own, tmp_path):
    (bundle_folder / "model.onnx").unlink()
    archive = packed(bundle_folder, tmp_path / "b.zip")
    link = zipfile.ZipInfo("model.onnx")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(archive, "a") as writer:
        writer.writestr(link, "/etc/passwd")

    assert_refused(archive, own, "is a link")


def test_a_link_out_of_the_source_folder_is_refused(bundle_folder, own, tmp_path):
    outside = shutil.move(bundle_folder / "model.onnx", tmp_path / "outside")
    (bundle_folder / "model.onnx").symlink_to(outside)

    assert_refused(bundle_folder, own, "link out of its folder")


def test_an_archive_needs_exactly_one_manifest(bundle_folder, own, tmp_path):
    archive = tmp_path / "two.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        for top in ("a/", "b/"):
            writer.write(bundle_folder / "manifest.json", f"{top}manifest.json")

    assert_refused(archive, own, "holds 2 manifest")


def test_an_archive_of_something_else_is_refused(own, tmp_path):
    archive = tmp_path / "holiday.zip"
    with zipfile.ZipFile(archive, "w") as writer:
        writer.writestr("beach.txt", "sun")

    assert_refused(archive, own, "holds no manifest")


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_archive_is_refused(own, tmp_path, content):
    source = tmp_path / "bundle.zip"
    source.write_bytes(content)

    assert_refused(source, own, "no model bundle")


def test_nothing_there_is_refused(own, tmp_path):
    assert_refused(tmp_path / "nowhere", own, "no model bundle")


@pytest.mark.parametrize("place", [0.3, 0.6, 0.9])
def test_an_archive_damaged_inside_is_refused(bundle_folder, own, tmp_path, place):
    archive = packed(bundle_folder, tmp_path / "b.zip")
    content = bytearray(archive.read_bytes())
    start = int(len(content) * place)
    content[start : start + 64] = bytes(64)
    archive.write_bytes(content)

    assert_refused(archive, own, "damaged|no model bundle")


def test_an_encrypted_archive_is_refused(bundle_folder, own, tmp_path):
    archive = packed(bundle_folder, tmp_path / "b.zip")
    content = archive.read_bytes()
    central = content.find(b"PK\x01\x02")
    while central >= 0:  # the flag of each entry of the table of contents
        content = content[: central + 8] + b"\x01" + content[central + 9 :]
        central = content.find(b"PK\x01\x02", central + 4)
    archive.write_bytes(content)

    assert_refused(archive, own, "encrypted")


def test_a_foreign_manifest_is_refused(own, tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "manifest.json").write_text(json.dumps({"manifest_version": 3}))

    assert_refused(source, own, "no schema version")


def test_a_place_that_cannot_be_written_is_told(bundle_folder, tmp_path):
    occupied = tmp_path / "occupied"
    occupied.write_text("a file")

    with pytest.raises(OutputUnwritableError, match="cannot be stored"):
        import_bundle(bundle_folder, occupied / "models")


def test_a_full_disk_leaves_nothing_behind(bundle_folder, own, monkeypatch):
    def full(handle):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(bundle_import.os, "fsync", full)

    with pytest.raises(OutputUnwritableError, match="no space left"):
        import_bundle(bundle_folder, own)

    assert list(own.iterdir()) == []
