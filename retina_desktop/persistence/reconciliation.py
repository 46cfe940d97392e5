"""At start-up: image files and image records brought to agree, both ways, nothing deleted."""

import logging
from dataclasses import dataclass

from sqlalchemy import select

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.durable_files import remove_abandoned_draft, told_as_sentence
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.tables import ImageRow

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

    Safe while others import: what looks like an orphan is looked at again inside a write
    transaction, and importers look for their file inside theirs.
    """
    with told_as_sentence("the image store"):
        drafts = sum(remove_abandoned_draft(draft) for draft in list(images.drafts()))
        files = {file.sha256 for file in images.files()}
    with database.read() as session:
        records = set(session.scalars(select(ImageRow.sha256).distinct()))
    suspects = sorted(files - records)
    without_file = sorted(records - files)
    set_aside: tuple[str, ...] = ()
    brought_back = tuple(name for name in without_file if images.bring_back(name))
    with database.write(by) as work:
        work.hold()
        if suspects:
            set_aside = tuple(
                name
                for name in suspects
                if work.session.scalar(
                    select(ImageRow.id).where(ImageRow.sha256 == name).limit(1)
                )
                is None
            )
            for name in set_aside:
                images.set_aside(name)
        missing = tuple(name for name in without_file if not images.has(name))
        found = Reconciliation(
            len(records), len(files), set_aside, brought_back, missing, drafts
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
