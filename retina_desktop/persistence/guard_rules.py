"""What the database itself refuses, whoever asks: changes to what is signed, kept or audited.

The conditions are SQL that both databases read; `guards_sqlite` and `guards_postgresql` put
triggers around them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

SIGNED, KEPT, CHAINED = "guard: signed", "guard: kept for good", "guard: audit trail"

_SIGNED_EXAMINATION = (
    "EXISTS (SELECT 1 FROM reading WHERE reading.examination_id = {row}.{column}"
    " AND reading.signed_at IS NOT NULL)"
)


@dataclass(frozen=True, slots=True)
class Guard:
    """One refusal: `operation` on `table` where `condition` holds (always when empty)."""

    table: str
    operation: str  # INSERT, UPDATE or DELETE
    condition: str
    message: str

    @property
    def name(self) -> str:
        """The trigger's name."""
        return f"guard_{self.table}_{self.operation.lower()}"


def all_guards() -> tuple[Guard, ...]:
    """Return every refusal of the newest schema."""
    return (*_kept_for_good(), *_locked_by_signature(), *_audit_trail())


def _kept_for_good() -> Iterable[Guard]:
    for table in ("analysis", "present_finding", "heatmap", "thumbnail", "addendum", "report"):
        for operation in ("UPDATE", "DELETE"):
            yield Guard(table, operation, "", KEPT)


def _locked_by_signature() -> Iterable[Guard]:
    for operation in ("UPDATE", "DELETE"):
        yield Guard("reading", operation, "OLD.signed_at IS NOT NULL", SIGNED)
        condition = _SIGNED_EXAMINATION.format(row="OLD", column="id")
        yield Guard("examination", operation, condition, SIGNED)
    for table in ("image", "decision", "own_finding"):
        old = _SIGNED_EXAMINATION.format(row="OLD", column="examination_id")
        new = _SIGNED_EXAMINATION.format(row="NEW", column="examination_id")
        yield Guard(table, "INSERT", new, SIGNED)
        yield Guard(table, "UPDATE", f"{old} OR {new}", SIGNED)
        yield Guard(table, "DELETE", old, SIGNED)


def _audit_trail() -> Iterable[Guard]:
    yield Guard("audit_entry", "UPDATE", "", CHAINED)
    yield Guard("audit_entry", "DELETE", "", CHAINED)
    yield Guard("audit_head", "UPDATE", "NEW.sequence <= OLD.sequence", CHAINED)
    yield Guard("audit_head", "DELETE", "", CHAINED)
