"""Taking files of deleted records out of the store for good, also over a power cut.

Before the rows go, the names of their files are written to an order in the store's folder;
once the rows are gone, each named file that no record names is removed, and then the order.
A start-up carries out what an interruption left. An order whose rows are still there (the
deletion itself was cut off) waits a while and is dropped.
"""

import json
import secrets
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.durable_files import (
    make_folder_durably,
    sync_folder,
    told_as_sentence,
    write_durably,
)
from retina_desktop.persistence.image_store import FileImageStore, is_file_name
from retina_desktop.persistence.kept_files import is_named

_ORDERS = "removals"
_PATIENCE = timedelta(days=1)
_PLACE = "the image store"


def order_removal(images: FileImageStore, names: Sequence[str], *, at: datetime) -> Path | None:
    """Write down durably which files are to go; None where there are none."""
    if not names:
        return None
    order = images.folder / _ORDERS / f"{secrets.token_hex(8)}.json"
    content = json.dumps({"at": at.isoformat(), "files": list(names)}).encode()
    with told_as_sentence(_PLACE):
        make_folder_durably(order.parent)
        write_durably(order, [content])
    return order


def drop_order(order: Path | None) -> None:
    """Take back an order, or note that it was carried out."""
    if order is None:
        return
    with told_as_sentence(_PLACE):
        order.unlink(missing_ok=True)
        sync_folder(order.parent)


def carry_out_removals(database: AuditedDatabase, images: FileImageStore, *, by: Stamp) -> int:
    """Carry out every order; return how many files were removed."""
    removed = 0
    for order, names, at in list(_orders(images)):
        waiting, gone = _carry_out(database, images, names, by=by)
        removed += gone
        if not waiting or by.at - at > _PATIENCE:
            drop_order(order)
    return removed


def _carry_out(
    database: AuditedDatabase, images: FileImageStore, names: Sequence[str], *, by: Stamp
) -> tuple[bool, int]:
    """Remove what no record names, while nobody can begin to name it."""
    with database.write(by) as work:
        free = [name for name in names if not is_named(work.session, name)]
        removed = sum(images.remove(name) for name in free)
    return len(free) < len(names), removed


def _orders(images: FileImageStore) -> Iterator[tuple[Path, list[str], datetime]]:
    for path in sorted((images.folder / _ORDERS).glob("*.json")):
        with suppress(OSError, ValueError, KeyError, TypeError):  # not one of ours
            order = json.loads(path.read_bytes())
            names = [name for name in order["files"] if is_file_name(name)]
            yield path, names, datetime.fromisoformat(order["at"])
