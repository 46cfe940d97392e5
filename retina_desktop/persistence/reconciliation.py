"""At start-up: stored files and records brought to agree, both ways, nothing deleted."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass, field

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.durable_files import remove_abandoned_draft, told_as_sentence
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.kept_files import is_named, named_files

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """What was found; hashes name images.

    ``set_aside`` are files without a record (an import that was cut off): moved to a folder
    of their own. ``brought_back`` are records whose file was found there. ``missing`` are
    records without a file: restore a backup. ``drafts_removed`` counts half-written files.
    """

    records: int
    files: int
    set_aside: tuple[str, ...]
    brought_back: tuple[str, ...]
    missing: tuple[str, ...]
    drafts_removed: int

    @property
    def clean(self) -> bool:
        """Whether there was nothing to do and nothing is missing."""
        return not (self.set_aside or self.brought_back or self.missing or self.drafts_removed)


def reconcile_images(
    database: AuditedDatabase, images: FileImageStore, *, by: Stamp
) -> Reconciliation:
    """Compare the image store with the records and put right what can be.

    Safe while others import or start: files are moved, and what looks like an orphan is looked
    at again, inside a write transaction, and importers look for their file inside theirs. Both
    sides are read in the order of their names, so memory holds the differences alone.
    """
    with told_as_sentence("the image store"):
        drafts = sum(remove_abandoned_draft(draft) for draft in images.drafts())
        with database.read() as session:
            compared = _compare(images, named_files(session))
    if not (compared.suspects or compared.without_file or drafts):
        return Reconciliation(compared.records, compared.files, (), (), (), 0)
    with database.write(by) as work:
        orphans = (name for name in compared.suspects if not is_named(work.session, name))
        set_aside = tuple(name for name in orphans if images.set_aside(name))
        brought_back = tuple(name for name in compared.without_file if images.bring_back(name))
        missing = tuple(name for name in compared.without_file if not images.has(name))
        found = Reconciliation(
            compared.records, compared.files, set_aside, brought_back, missing, drafts
        )
        if not found.clean:
            details = {
                "set aside": str(len(set_aside)),
                "brought back": str(len(brought_back)),
                "missing": str(len(missing)),
                "drafts removed": str(drafts),
            }
            work.note(AuditAction.FILES_RECONCILED, RecordKind.DATABASE, 0, details=details)
    if not found.clean:
        log.warning(
            "image store: %d set aside, %d brought back, %d missing, %d drafts removed",
            len(set_aside),
            len(brought_back),
            len(missing),
            drafts,
        )
    return found


@dataclass(slots=True)
class _Compared:
    records: int = 0  # different files that records name
    files: int = 0
    suspects: list[str] = field(default_factory=list)  # files that no record names, so far
    without_file: list[str] = field(default_factory=list)


def _compare(images: FileImageStore, named: Iterator[str]) -> _Compared:
    """Walk along both sorted sides at once."""
    found = _Compared()
    record = next(named, None)
    for file in images.files():
        found.files += 1
        while record is not None and record < file.sha256:
            found.records += 1
            found.without_file.append(record)
            record = next(named, None)
        if record == file.sha256:
            found.records += 1
            record = next(named, None)
        else:
            found.suspects.append(file.sha256)
    while record is not None:
        found.records += 1
        found.without_file.append(record)
        record = next(named, None)
    return found
