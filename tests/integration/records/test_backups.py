"""Backups and restores on real files: incremental, verified, in rotation, never half."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from retina_desktop.domain.backups import Rotation
from retina_desktop.domain.errors import TaskCancelledError
from retina_desktop.domain.record_errors import (
    BackupFailedError,
    RecordNotFoundError,
    RecordsLockedError,
    RecordsUnavailableError,
    WrongPasswordError,
)
from retina_desktop.persistence.backup_cipher import decrypt_stream, encrypt_stream
from retina_desktop.persistence.backup_series import BackupSeries
from retina_desktop.persistence.image_cipher import CipherFileError
from retina_desktop.persistence.opening import RecordsPlace
from retina_desktop.persistence.restore_folders import FINISHED, RECORDS, finish_restore
from retina_desktop.persistence.restoring import Restore, backups_in
from retina_desktop.services.tasks import TaskContext
from tests.campaigns.clinic_work import PASSWORD, backups_of, new_clinic
from tests.helpers.records import keep_photograph, make_details, make_visit, stamp

DAY = 24 * 60


@pytest.fixture
def clinic(tmp_path):
    """Give the backend of an encrypted clinic, its open records, and a folder for backups."""
    backend = new_clinic(tmp_path / "clinic" / RECORDS)
    records = backend.open()
    usb = tmp_path / "usb"
    usb.mkdir()
    visit(records, 1)
    yield backend, records, usb
    records.close()


def visit(records, number):
    patient = records.patients.add(make_details(f"P-{number}"), by=stamp(number))
    photographs = [keep_photograph(records, f"photograph {number}".encode() * 99)]
    records.examinations.add(
        patient.id, make_visit(), photographs=photographs, by=stamp(number)
    )


def back_up(clinic, minutes=10, *, context=None, **named):
    backend, records, usb = clinic
    chosen = {"rotation": Rotation(), "whole_check": False, "expected": False} | named
    backups = backups_of(backend, records)
    return backups.make(context or TaskContext(), usb, by=stamp(minutes), **chosen)


def check(clinic, name=""):
    backend, records, usb = clinic
    return backups_of(backend, records).check(TaskContext(), usb, name)


def restore(clinic, data, password=PASSWORD, *, context=None, **named):
    def unlock(vault):
        return vault.unlock("anna", password)

    newest = backups_in(clinic[2])[0]
    return Restore(data, unlock, lambda: stamp(99))(context or TaskContext(), newest, **named)


def stored_images(usb):
    return sorted(path for path in usb.glob("*/images/??/*"))


def test_the_second_backup_copies_only_what_is_new(clinic):
    first = back_up(clinic)
    before = {path: path.stat().st_mtime_ns for path in stored_images(clinic[2])}
    visit(clinic[1], 2)
    second = back_up(clinic, DAY)
    assert (first.copied, second.copied, second.manifest.files) == (1, 1, 2)
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert check(clinic, first.manifest.id).intact
    assert check(clinic).intact


def test_work_goes_on_while_a_backup_is_made(clinic):
    numbers = iter(range(100, 200))
    context = TaskContext(lambda _share, _words: visit(clinic[1], next(numbers)))
    made = back_up(clinic, context=context)
    assert made.manifest.patients == 1  # the state in which it began
    assert check(clinic).intact
    assert clinic[1].audit.verify().intact


def test_nothing_of_a_patient_lies_in_the_backup_in_clear(clinic):
    back_up(clinic)
    for path in clinic[2].rglob("*"):
        if path.is_file():
            assert b"Asha" not in path.read_bytes()


def test_rotation_takes_old_backups_and_only_files_nobody_names(clinic):
    _, records, usb = clinic
    back_up(clinic)
    visit(records, 2)
    for day in range(1, 5):
        last = back_up(clinic, day * DAY, rotation=Rotation(2, 0, 0))
    assert len(backups_in(usb)) == 2
    assert last.removed
    assert len(stored_images(usb)) == 2
    assert check(clinic).intact


@pytest.mark.parametrize("share", [0.0, 0.2, 0.3])
def test_a_drive_that_vanishes_is_one_sentence_and_harms_no_earlier_backup(clinic, share):
    usb = clinic[2]
    back_up(clinic)
    visit(clinic[1], 2)
    away = usb.with_name("unplugged")

    def unplug(done, _words):
        if done >= share and usb.exists():
            usb.rename(away)

    with pytest.raises(RecordsUnavailableError) as told:
        back_up(clinic, DAY, context=TaskContext(unplug))
    assert str(told.value).count(".") == 1
    assert not usb.exists()
    away.rename(usb)
    assert len(backups_in(usb)) == 1
    assert check(clinic).intact
    back_up(clinic, 2 * DAY)
    assert len(list(usb.glob("*/2*"))) == 2


def test_a_missing_or_another_drive_is_refused(clinic):
    usb = clinic[2]
    with pytest.raises(BackupFailedError, match="connect the drive"):
        back_up(clinic, expected=True)
    usb.rmdir()
    with pytest.raises(BackupFailedError, match="does not exist"):
        back_up(clinic)
    assert not usb.exists()


def test_a_cancelled_backup_leaves_none(clinic):
    context = TaskContext()
    context.cancel()
    with pytest.raises(TaskCancelledError):
        back_up(clinic, context=context)
    assert backups_in(clinic[2]) == ()
    assert not list(clinic[2].glob("*/2*"))
    assert not list((clinic[0].place.folder / "backups").iterdir())


def test_one_backup_at_a_time(clinic):
    made = back_up(clinic)
    series = BackupSeries(clinic[2], made.manifest.series)
    with series.alone(), pytest.raises(RecordsLockedError):
        back_up(clinic, DAY)


def test_a_damaged_file_is_found_and_a_whole_check_replaces_it(clinic):
    back_up(clinic)
    (path,) = stored_images(clinic[2])
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    assert check(clinic).problems == (f"File {path.name} is damaged.",)
    back_up(clinic, DAY, whole_check=True)
    assert check(clinic).intact


def test_records_with_a_missing_photograph_are_backed_up_all_the_same(clinic):
    (file,) = clinic[1].images.files()
    file.path.unlink()
    made = back_up(clinic)
    assert made.without_file == (file.sha256,)
    assert (made.manifest.files, made.manifest.without_file) == (0, 1)


@pytest.mark.parametrize("name", ["records.db", "keys.json", "files.txt", "manifest.json"])
def test_an_altered_part_is_found(clinic, name):
    made = back_up(clinic)
    path = made.folder / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    assert not check(clinic, made.manifest.id).intact
    with pytest.raises(RecordNotFoundError):
        check(clinic, "20000101T000000Z")


def test_a_restore_brings_everything_back_and_says_so(clinic, tmp_path):
    back_up(clinic)
    restored = restore(clinic, tmp_path / "fresh")
    assert restored.problems == ()
    backend = replace(clinic[0], place=RecordsPlace(restored.folder))
    records = backend.open(100)
    assert records.reconciliation.clean
    assert records.audit.verify().intact
    assert list(records.audit.entries())[-1].event.action == "restored"
    (file,) = records.images.files()
    assert records.images.read(file.sha256) == b"photograph 1" * 99
    records.close()


def test_a_restore_never_writes_over_records(clinic, tmp_path):
    back_up(clinic)
    restore(clinic, tmp_path / "fresh")
    with pytest.raises(RecordsUnavailableError, match="already"):
        restore(clinic, tmp_path / "fresh")
    again = restore(clinic, tmp_path / "fresh", move_aside=True)
    assert again.moved_to is not None
    assert (again.moved_to / "records.db").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows itself keeps open files in place")
def test_records_that_another_program_has_open_are_told(clinic):
    def in_use_elsewhere():
        code = (
            "import sys; from pathlib import Path;"
            "from retina_desktop.persistence.restoring import in_use;"
            "print(in_use(Path(sys.argv[1])))"
        )
        database = str(clinic[0].place.database_file)
        command = [sys.executable, "-c", code, database]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert in_use_elsewhere() == "True\n"
    clinic[1].close()
    assert in_use_elsewhere() == "False\n"


def test_what_fails_or_is_cancelled_leaves_the_old_state(clinic, tmp_path):
    back_up(clinic)
    fresh = tmp_path / "fresh"
    with pytest.raises(WrongPasswordError):
        restore(clinic, fresh, "not the password")
    late = TaskContext(lambda share, _words: late.cancel() if share > 0.5 else None)
    with pytest.raises(TaskCancelledError):
        restore(clinic, fresh, context=late)
    assert {path.name for path in fresh.iterdir()} <= {".restore.lock"}


def test_a_damaged_backup_is_restored_in_part_only_when_asked(clinic, tmp_path):
    visit(clinic[1], 2)
    back_up(clinic)
    stored_images(clinic[2])[0].write_bytes(b"rust")
    with pytest.raises(BackupFailedError, match="1 photographs or reports"):
        restore(clinic, tmp_path / "fresh")
    restored = restore(clinic, tmp_path / "fresh", accept_losses=True)
    assert len(restored.lost) == 1
    assert restored.problems


def test_a_restore_cut_off_between_its_last_steps_is_ended_at_start_up(clinic, tmp_path):
    back_up(clinic)
    fresh = tmp_path / "fresh"
    restored = restore(clinic, fresh)
    restored.folder.rename(fresh / FINISHED)
    assert finish_restore(fresh)
    assert not finish_restore(fresh)
    assert (fresh / RECORDS / "records.db").exists()


def test_unencrypted_records_give_plain_backups(sqlite_backend, sqlite_records, tmp_path):
    visit(sqlite_records, 1)
    made = back_up((sqlite_backend, sqlite_records, tmp_path))
    assert not made.manifest.encrypted
    assert check((sqlite_backend, sqlite_records, tmp_path)).intact


def test_a_server_is_dumped_encrypted(postgres, tmp_path):
    if shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")
    backend = new_clinic(tmp_path / RECORDS)
    place = replace(backend.place, url=postgres.new_database())
    backend = replace(backend, place=place)
    records = backend.open()
    visit(records, 1)
    (tmp_path / "usb").mkdir()
    made = back_up((backend, records, tmp_path / "usb"))
    assert (made.manifest.patients, made.manifest.files) == (1, 1)
    dump = made.folder / "records.pgdump"
    key = backend.secret.derive("backups")
    with dump.open("rb") as file:
        assert b"".join(decrypt_stream(file, key)).startswith(b"PGDMP")
    assert b"PGDMP" not in dump.read_bytes()
    assert check((backend, records, tmp_path / "usb")).intact
    records.close()


@pytest.mark.parametrize("size", [0, 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_a_stream_is_decrypted_whole_or_not_at_all(tmp_path, size):
    content, key = b"x" * size, bytes(32)
    path = tmp_path / "stream"
    path.write_bytes(b"".join(encrypt_stream([content[:7], content[7:]], key)))
    with path.open("rb") as file:
        assert b"".join(decrypt_stream(file, key)) == content
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole + b"x", whole[:-17], whole[:38], b""):
        path.write_bytes(damaged)
        with path.open("rb") as file, pytest.raises(CipherFileError):
            list(decrypt_stream(file, key))
