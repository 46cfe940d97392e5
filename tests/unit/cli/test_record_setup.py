"""Setting up records: once, and again after it was cut off."""

from pathlib import Path

import pytest

from retina_desktop.bootstrap_records.access import first_user, open_for, set_up_records
from retina_desktop.config.folders import Folders
from retina_desktop.domain.record_errors import RecordsUnavailableError
from retina_desktop.persistence.key_vault import KeyVault

PASSWORD = "a long enough password"  # of these tests alone
USER = first_user(administrator="anna", full_name="Dr Anna")


@pytest.fixture
def folders(tmp_path):
    return Folders(Path("program"), tmp_path)


def keys(folders):
    return KeyVault(folders.data / "records" / "keys.json")


def test_a_set_up_cut_off_after_the_keys_goes_on(folders):
    _, lost = keys(folders).create("anna", PASSWORD)
    with (
        pytest.raises(RecordsUnavailableError, match="setup again"),
        open_for(folders, user=None, password=PASSWORD),
    ):
        pass
    with pytest.raises(RecordsUnavailableError, match="same user and password"):
        set_up_records(folders, user=USER, password="not the password")
    printed = set_up_records(folders, user=USER, password=PASSWORD)
    assert printed != lost.printed
    with open_for(folders, user=None, password=PASSWORD) as session:
        assert session.acting.user == USER
    with pytest.raises(RecordsUnavailableError, match="already"):
        set_up_records(folders, user=USER, password=PASSWORD)


def test_lost_keys_or_a_lost_database_are_never_replaced_by_new_ones(folders):
    set_up_records(folders, user=USER, password=PASSWORD)
    records = folders.data / "records"
    vault = (records / "keys.json").read_bytes()
    (records / "keys.json").unlink()
    with pytest.raises(RecordsUnavailableError, match="keys"):
        set_up_records(folders, user=USER, password=PASSWORD)
    (records / "keys.json").write_bytes(vault)
    for path in records.glob("records.db*"):
        path.unlink()
    (records / "images" / "ab").mkdir(parents=True)
    with pytest.raises(RecordsUnavailableError, match="backup"):
        set_up_records(folders, user=USER, password=PASSWORD)
    assert not (records / "records.db").exists()
