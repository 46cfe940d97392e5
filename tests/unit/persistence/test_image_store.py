import errno
import io
import os
import stat
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retina_desktop.domain.record_errors import (
    DiskFullError,
    RecordsReadOnlyError,
    RecordsUnavailableError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.persistence import durable_files, image_cipher, image_store
from retina_desktop.persistence.durable_files import remove_abandoned_draft
from retina_desktop.persistence.image_cipher import (
    CipherFileError,
    ImageHeader,
    decrypt,
    encrypt,
)
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.services.file_locks import lock_alone

KEY = bytes(range(32))
CHUNK = 64
SIZES = (0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 7)


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    """Let a few hundred bytes have several chunks."""
    monkeypatch.setattr(image_cipher, "CHUNK_BYTES", CHUNK)


@pytest.fixture(params=[KEY, None], ids=["encrypted", "plain"])
def store(request, tmp_path):
    return FileImageStore(tmp_path / "images", key=request.param)


def sealed(content, *, salt=b"s" * 32, key=KEY):
    header = ImageHeader(salt, len(content), sha256(content).digest())
    return b"".join(encrypt(io.BytesIO(content), header, key))


def opened(data, key=KEY):
    digest = image_cipher.read_header(io.BytesIO(data)).digest
    return b"".join(decrypt(io.BytesIO(data), key, digest=digest))


def content_of(size):
    return bytes(n * 7 % 251 for n in range(size))


@pytest.mark.parametrize("size", SIZES)
def test_bytes_come_back_as_they_came(store, size):
    content = content_of(size)

    kept = store.add(io.BytesIO(content))

    assert kept.sha256 == sha256(content).hexdigest()
    assert (kept.size_bytes, kept.new) == (size, True)
    assert store.read(kept.sha256) == content
    assert store.has(kept.sha256)
    assert not store.add(io.BytesIO(content)).new


@pytest.mark.parametrize("size", SIZES)
def test_the_file_has_the_size_its_header_says_and_shows_nothing(size):
    content = content_of(size)
    data = sealed(content)
    assert len(data) == ImageHeader(b"", size, b"").file_size
    assert size < 16 or content[:16] not in data


@pytest.mark.parametrize("size", [0, 1, CHUNK, 2 * CHUNK + 5])
def test_damage_at_any_byte_is_found(size):
    data = sealed(content_of(size))
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 1 << place % 8
        with pytest.raises(CipherFileError):
            opened(bytes(damaged))


def test_any_cut_and_any_addition_is_found():
    data = sealed(content_of(2 * CHUNK + 5))
    for length in range(len(data)):
        with pytest.raises(CipherFileError):
            opened(data[:length])
    with pytest.raises(CipherFileError):
        opened(data + b"\0")


@given(st.permutations(range(4)), st.integers(0, 3))
def test_chunks_cannot_be_moved_repeated_or_dropped(order, dropped):
    data = sealed(content_of(4 * CHUNK))
    begin, length = image_cipher.HEADER_BYTES, CHUNK + 16
    chunks = [data[begin + n * length : begin + (n + 1) * length] for n in range(4)]
    if order != list(range(4)):
        with pytest.raises(CipherFileError):
            opened(data[:begin] + b"".join(chunks[n] for n in order))
    with pytest.raises(CipherFileError):
        opened(data[:begin] + b"".join(c for n, c in enumerate(chunks) if n != dropped))


def test_chunks_of_another_file_or_key_do_not_fit():
    content = content_of(2 * CHUNK)
    mine, other = sealed(content), sealed(content, salt=b"t" * 32)
    middle = image_cipher.HEADER_BYTES + CHUNK + 16
    with pytest.raises(CipherFileError):
        opened(mine[:middle] + other[middle:])
    with pytest.raises(CipherFileError):
        opened(mine, bytes(32))


def test_a_large_source_that_changes_while_it_is_kept_leaves_nothing(store, monkeypatch):
    monkeypatch.setattr(image_store, "_IN_MEMORY", 4)

    class Changing(io.BytesIO):
        def seek(self, *where):
            self.passes = getattr(self, "passes", 0) + 1
            if self.passes > 2:
                self.getbuffer()[0] ^= 1
            return super().seek(*where)

    with pytest.raises(RecordsUnavailableError, match="changed"):
        store.add(Changing(b"some photograph"))
    assert list(store.files()) == []
    assert list(store.drafts()) == []


def test_a_damaged_file_is_told_and_mended_by_adding_again(store):
    content = content_of(200)
    name = store.add(io.BytesIO(content)).sha256
    (file,) = store.files()
    file.path.write_bytes(file.path.read_bytes()[:-1])

    with pytest.raises(StoredImageDamagedError):
        store.read(name)
    assert store.add(io.BytesIO(content)).new
    assert store.read(name) == content


def test_a_file_under_another_files_name_is_damaged(store):
    first = store.add(io.BytesIO(b"first"))
    second = store.add(io.BytesIO(b"second"))
    paths = {file.sha256: file.path for file in store.files()}
    paths[first.sha256].write_bytes(paths[second.sha256].read_bytes())
    with pytest.raises(StoredImageDamagedError):
        store.verify(first.sha256)


def test_a_missing_file_is_told(store):
    assert not store.has("ab" * 32)
    with pytest.raises(StoredImageMissingError):
        store.read("ab" * 32)


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "g" * 64])
def test_only_a_hash_is_a_name(store, name):
    with pytest.raises(ValueError, match="SHA-256"):
        store.has(name)


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (errno.ENOSPC, DiskFullError),
        (errno.EDQUOT, DiskFullError),
        (errno.EROFS, RecordsReadOnlyError),
        (errno.EACCES, RecordsReadOnlyError),
        (errno.EIO, RecordsUnavailableError),
    ],
)
@pytest.mark.parametrize("step", ["fsync", "replace", "mkdir"])
def test_a_failing_disk_is_one_sentence_and_leaves_no_half_file(
    store, monkeypatch, number, error, step
):
    def fail(*_arguments, **_named):
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(os, step, fail)
        with pytest.raises(error) as caught:
            store.add(io.BytesIO(b"photograph"))
    assert str(caught.value).count(".") == 1
    assert list(store.files()) == []
    assert list(store.drafts()) == []
    assert store.add(io.BytesIO(b"photograph")).new


def test_the_order_is_write_fsync_rename_fsync_folder(store, monkeypatch):
    steps = []
    fsync, replace, mkdir = os.fsync, os.replace, os.mkdir

    def note_fsync(handle):
        kind = "folder" if stat.S_ISDIR(os.fstat(handle).st_mode) else "file"
        steps.append(f"fsync {kind}")
        fsync(handle)

    def note_replace(*arguments, **named):
        steps.append("rename")
        replace(*arguments, **named)

    def note_mkdir(*arguments, **named):
        steps.append("mkdir")
        mkdir(*arguments, **named)

    store.add(io.BytesIO(b"first, makes the folders"))
    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "replace", note_replace)
    monkeypatch.setattr(os, "mkdir", note_mkdir)

    store.add(io.BytesIO(b"second"))

    assert steps[-3:] == ["fsync file", "rename", "fsync folder"]
    assert steps[:-3] in ([], ["mkdir", "fsync folder"])


def test_a_draft_is_removed_only_when_nobody_writes_it(store):
    store.add(io.BytesIO(b"x"))
    folder = next(store.files()).path.parent
    draft = folder / ".new-0011"
    draft.write_bytes(b"half")
    fcntl = pytest.importorskip("fcntl")
    with draft.open("r+b") as writer:
        fcntl.flock(writer.fileno(), fcntl.LOCK_EX)
        assert not remove_abandoned_draft(draft)
        assert draft.exists()
    assert remove_abandoned_draft(draft)
    assert not draft.exists()
    assert not remove_abandoned_draft(draft), "it was gone"


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps open files from being removed")
@pytest.mark.parametrize("quick", [True, False])
def test_who_cleans_up_between_a_drafts_birth_and_its_lock_takes_nothing(
    store, monkeypatch, quick
):
    met, held, open_file, fsync = [], [], os.open, os.fsync

    def open_beside_a_cleaner(path, flags, mode=0o777, **named):
        handle = open_file(path, flags, mode, **named)
        if flags & os.O_CREAT and not met:
            met.append(Path(path))
            if quick:
                assert remove_abandoned_draft(met[0])
            else:
                held.append(met[0].open("rb"))
                assert lock_alone(held[0])
        return handle

    def fsync_while_the_slow_one_goes_on(handle):
        for draft in met:
            draft.unlink(missing_ok=True)
        fsync(handle)

    monkeypatch.setattr(os, "open", open_beside_a_cleaner)
    monkeypatch.setattr(os, "fsync", fsync_while_the_slow_one_goes_on)
    kept = store.add(io.BytesIO(b"a photograph"))

    assert met, "no draft was made"
    assert store.read(kept.sha256) == b"a photograph"
    for file in held:
        file.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows renames no open file")
def test_a_draft_is_its_writers_until_it_has_its_name(store, monkeypatch):
    met = []

    def clean_up_and_rename(draft, path):
        met.append(remove_abandoned_draft(draft))
        draft.replace(path)

    monkeypatch.setattr(durable_files, "replace_file", clean_up_and_rename)
    kept = store.add(io.BytesIO(b"a photograph"))

    assert met == [False]
    assert store.read(kept.sha256) == b"a photograph"


def test_who_cleans_up_while_a_draft_gets_its_name_removes_nothing(store, monkeypatch):
    def lock_after_the_rename(file, **named):
        Path(file.name).rename(Path(file.name).with_name("its-name"))
        return lock_alone(file, **named)

    store.add(io.BytesIO(b"x"))
    draft = next(store.files()).path.parent / ".new-0011"
    draft.write_bytes(b"whole")
    monkeypatch.setattr(durable_files, "lock_alone", lock_after_the_rename)

    assert not remove_abandoned_draft(draft)
    assert draft.with_name("its-name").read_bytes() == b"whole"


def test_where_open_files_stay_a_draft_is_abandoned_once_it_is_old(store, monkeypatch):
    monkeypatch.setattr(durable_files, "_OPEN_FILES_STAY", True)
    kept = store.add(io.BytesIO(b"x"))
    assert store.read(kept.sha256) == b"x"
    draft = next(store.files()).path.parent / ".new-0011"
    draft.write_bytes(b"half, or about to get its name")
    assert not remove_abandoned_draft(draft)
    os.utime(draft, (0, 0))
    assert remove_abandoned_draft(draft)
    assert not draft.exists()


def test_where_locks_never_work_a_photograph_is_kept_all_the_same(store, monkeypatch):
    monkeypatch.setattr(durable_files, "lock_alone", lambda *_, **__: False)
    kept = store.add(io.BytesIO(b"a photograph"))
    assert store.read(kept.sha256) == b"a photograph"
    assert list(store.drafts()) == []
