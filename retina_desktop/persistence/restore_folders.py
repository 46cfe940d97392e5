"""Where a restore works beside the records, and the end of one that was cut off.

Light at import: it is asked at every start, before the database's libraries are loaded.
"""

from pathlib import Path

from retina_desktop.persistence.durable_files import sync_folder, told_as_sentence

SERVER_FILE = "server.json"  # in place of the database, where its rows are on a server
RECORDS = "records"
UNFINISHED = "records.restoring"  # being copied and checked; worth nothing
FINISHED = "records.restored"  # whole; takes the records' place by a renaming
ASIDE = "records.before-restore"  # and a number: the records that were there


def finish_restore(data: Path) -> bool:
    """End a restore that was cut off between its last two renamings; whether there was one.

    Raises
    ------
    RecordsUnavailableError
    """
    finished, records = data / FINISHED, data / RECORDS
    if records.exists() or not finished.is_dir():
        return False
    with told_as_sentence("the records"):
        finished.replace(records)
        sync_folder(data)
    return True
