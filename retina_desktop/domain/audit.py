"""The audit trail: who did what and when, each entry chained to the one before by its hash.

An entry's hash is the SHA-256 of the previous hash and of the entry's canonical JSON. The
*head* (number and hash of the last entry, sealed with a key of the clinic where there is one)
is kept apart, so that a cut tail shows too; printed on reports it pins the chain from outside.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from hmac import compare_digest
from hmac import new as hmac

from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.users import Stamp

GENESIS = "0" * 64  # what the first entry follows


class AuditAction(StrEnum):
    """What was done; stored as text, so that a newer program may add some."""

    PATIENT_ADDED = "patient added"
    PATIENT_CHANGED = "patient changed"
    PATIENT_SEEN = "patient seen"
    PATIENTS_SEARCHED = "patients searched"
    PATIENT_MERGED = "patient merged"
    PATIENT_UNMERGED = "patient unmerged"
    PATIENT_DELETED = "patient deleted"
    RECORD_DELETED = "record deleted"  # a part of a deleted patient's record
    EXAMINATION_ADDED = "examination added"
    EXAMINATION_CHANGED = "examination changed"
    EXAMINATION_SEEN = "examination seen"
    EXAMINATION_HANDED_OVER = "examination handed over"
    IMAGE_ADDED = "image added"
    IMAGE_CHANGED = "image changed"
    IMAGE_WITHDRAWN = "image withdrawn"
    IMAGE_BROUGHT_BACK = "image brought back"
    IMAGE_SEEN = "image seen"
    ANALYSIS_ADDED = "analysis added"
    READING_SAVED = "reading saved"
    SIGNED = "signed"
    ADDENDUM_ADDED = "addendum added"
    REPORT_MADE = "report made"
    REPORT_REPRINTED = "report reprinted"
    EXPORTED = "exported"
    IMPORTED = "imported"
    OTHER_PATIENT_ACCEPTED = "other patient accepted"  # a photograph's header named another
    USER_ADDED = "user added"
    USER_CHANGED = "user changed"
    USER_DEACTIVATED = "user deactivated"
    USER_REACTIVATED = "user reactivated"
    LOGGED_IN = "logged in"
    LOGIN_REFUSED = "login refused"
    LOGGED_OUT = "logged out"
    UNLOCKED = "unlocked"
    PASSWORD_CHANGED = "password changed"
    PASSWORD_RESET = "password reset"  # by an administrator
    LOGIN_SWITCHED = "login switched"  # on or off, where one person works alone
    RECOVERY_KEY_USED = "recovery key used"
    RECOVERY_KEY_RENEWED = "recovery key renewed"
    DATABASE_CREATED = "database created"
    DATABASE_UPGRADED = "database upgraded"
    FILES_RECONCILED = "files reconciled"
    BACKUP_MADE = "backup made"
    RESTORED = "restored"
    SETTINGS_CHANGED = "settings changed"


class RecordKind(StrEnum):
    """What an entry is about."""

    PATIENT = "patient"
    EXAMINATION = "examination"
    IMAGE = "image"
    ANALYSIS = "analysis"
    READING = "reading"  # by the examination's id
    ADDENDUM = "addendum"
    REPORT = "report"
    USER = "user"
    SETTING = "setting"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class RecordReference:
    """One record by kind and id; id 0 stands for the whole kind."""

    kind: RecordKind
    id: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class AuditEvent:
    """What is about to be written down.

    ``details`` name fields, counts and hashes, never a patient's data: the trail outlives the
    record. ``record_digest`` is the digest of the record after the change (see
    `canonical_json.digest_of`), empty when the event changed nothing; by it an edited row is
    found.
    """

    action: str
    record: RecordReference
    details: Mapping[str, str] = field(default_factory=dict)
    record_digest: str = ""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One link of the chain; ``sequence`` counts from 1 without a gap."""

    sequence: int
    stamp: Stamp
    event: AuditEvent
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """Number and hash of the last entry; ``seal`` is empty where no key is kept."""

    sequence: int = 0
    hash: str = GENESIS
    seal: str = ""


class ChainFault(StrEnum):
    """What is wrong at a place of the chain."""

    ALTERED = "altered"
    MISSING = "missing"
    OUT_OF_ORDER = "out of order"
    TAIL_CUT = "tail cut"
    HEAD_FORGED = "head forged"
    RECORD_ALTERED = "record altered"
    RECORD_MISSING = "record missing"
    RECORD_UNKNOWN = "record unknown"
    GUARD_MISSING = "guard missing"


@dataclass(frozen=True, slots=True)
class ChainProblem:
    """One fault; ``sequence`` is the entry's number, ``record`` what it is about."""

    fault: ChainFault
    sequence: int
    record: str = ""

    @property
    def sentence(self) -> str:
        """The fault in words, without a patient's data."""
        about = f" ({self.record})" if self.record else ""
        return f"Entry {self.sequence}{about}: {self.fault}."


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of the whole chain found."""

    entries: int
    head: AuditHead
    problems: tuple[ChainProblem, ...]

    @property
    def intact(self) -> bool:
        """Whether nothing was found."""
        return not self.problems


def chain(previous: AuditHead, event: AuditEvent, stamp: Stamp) -> AuditEntry:
    """Return the entry of `event` that follows `previous`."""
    sequence = previous.sequence + 1
    digest = entry_hash(previous.hash, sequence, event, stamp)
    return AuditEntry(sequence, stamp, event, previous.hash, digest)


def head_after(entry: AuditEntry, seal_key: bytes | None) -> AuditHead:
    """Return the head that `entry` makes, sealed when there is a key."""
    seal = seal_of(entry.sequence, entry.hash, seal_key)
    return AuditHead(entry.sequence, entry.hash, seal)


def entry_hash(previous_hash: str, sequence: int, event: AuditEvent, stamp: Stamp) -> str:
    """Return the SHA-256 of the previous hash and the entry's canonical JSON."""
    text = canonical_json({"sequence": sequence, "stamp": stamp, "event": event})
    return sha256(f"{previous_hash}\n{text}".encode()).hexdigest()


def seal_of(sequence: int, head_hash: str, seal_key: bytes | None) -> str:
    """Return the HMAC-SHA-256 by which a forged head is told; empty without a key."""
    if seal_key is None:
        return ""
    return hmac(seal_key, f"{sequence}\n{head_hash}".encode(), "sha256").hexdigest()


def verify_chain(
    entries: Iterable[AuditEntry],
    head: AuditHead,
    *,
    seal_key: bytes | None = None,
    pinned: Mapping[int, str] | None = None,
) -> ChainReport:
    """Check every link, the head, and hashes known from outside.

    Parameters
    ----------
    entries : iterable of AuditEntry
        In the order stored; read once, so a generator will do.
    head : AuditHead
        The one stored.
    seal_key : bytes or None
        The key that seals heads; None where the records have none.
    pinned : mapping of sequence to hash, optional
        Heads printed on reports.
    """
    problems: list[ChainProblem] = []
    last = AuditHead()
    pins = dict(pinned or {})
    for entry in entries:
        problems.extend(_faults(last, entry))
        if pins.pop(entry.sequence, entry.hash) != entry.hash:
            problems.append(_problem(ChainFault.ALTERED, entry))
        last = AuditHead(entry.sequence, entry.hash)
    problems.extend(ChainProblem(ChainFault.MISSING, sequence) for sequence in sorted(pins))
    # The first entry is the database's own creation: an empty trail is a cut one.
    if (last.sequence, last.hash) != (head.sequence, head.hash) or not last.sequence:
        problems.append(ChainProblem(ChainFault.TAIL_CUT, last.sequence))
    expected = seal_of(head.sequence, head.hash, seal_key)
    if seal_key is not None and not compare_digest(head.seal, expected):
        problems.append(ChainProblem(ChainFault.HEAD_FORGED, head.sequence))
    return ChainReport(last.sequence, head, tuple(problems))


def _faults(last: AuditHead, entry: AuditEntry) -> list[ChainProblem]:
    faults: list[ChainProblem] = []
    if entry.sequence <= last.sequence:
        faults.append(_problem(ChainFault.OUT_OF_ORDER, entry))
    elif entry.sequence > last.sequence + 1:
        faults.append(ChainProblem(ChainFault.MISSING, last.sequence + 1))
    elif entry.previous_hash != last.hash:
        faults.append(_problem(ChainFault.OUT_OF_ORDER, entry))
    if entry.hash != entry_hash(entry.previous_hash, entry.sequence, entry.event, entry.stamp):
        faults.append(_problem(ChainFault.ALTERED, entry))
    return faults


def _problem(fault: ChainFault, entry: AuditEntry) -> ChainProblem:
    return ChainProblem(fault, entry.sequence, str(entry.event.record))
