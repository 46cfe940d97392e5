"""Files appear whole or not at all."""

import errno
import os
import threading

import pytest

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.services.whole_files import check_writable, write_whole


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


def test_who_may_read_a_result_is_as_the_umask_says(tmp_path):
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "own", b"x")
        os.umask(0o022)
        write_whole(tmp_path / "shared", b"x")
    finally:
        os.umask(before)
    assert (tmp_path / "own").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "shared").stat().st_mode & 0o777 == 0o644


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"x"


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_bytes()))
    reader.start()
    write_whole(pipe, b"x")
    reader.join(10)
    assert received == [b"x"]
    assert pipe.is_fifo()


def test_a_circle_of_links_is_one_sentence(tmp_path):
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(OutputUnwritableError):
        write_whole(tmp_path / "circle", b"x")
    with pytest.raises(OutputUnwritableError):
        check_writable(tmp_path / "circle" / "a.json")


def test_what_cannot_be_written_is_told_before_the_work(tmp_path):
    (tmp_path / "file").touch()
    check_writable(tmp_path / "new" / "a.json")
    check_writable(tmp_path / "file")
    with pytest.raises(OutputUnwritableError, match="another folder"):
        check_writable(tmp_path / "file" / "a.json")
