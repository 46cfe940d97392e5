"""Files appear whole or not at all."""

import errno

import pytest

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.services.whole_files import write_whole


def test_a_new_file_in_a_new_folder(tmp_path):
    write_whole(tmp_path / "new" / "a.json", b"data")
    assert (tmp_path / "new" / "a.json").read_bytes() == b"data"


def test_a_full_disk_leaves_the_old_file_and_no_draft(tmp_path, monkeypatch):
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(
        OutputUnwritableError, match=r"no space left on device.*free some space"
    ):
        write_whole(target, b"new")
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_folder_in_the_way_is_one_sentence(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "inside").touch()
    with pytest.raises(OutputUnwritableError) as caught:
        write_whole(tmp_path / "a", b"x")
    assert str(tmp_path) not in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a"]


def test_others_may_read_the_result(tmp_path):
    write_whole(tmp_path / "a", b"x")
    assert (tmp_path / "a").stat().st_mode & 0o044 == 0o044
