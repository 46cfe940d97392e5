"""Every record against the last thing the audit trail says of it: edited rows are found."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from retina_desktop.domain.audit import ChainFault, ChainProblem, RecordKind
from retina_desktop.domain.canonical_json import digest_of
from retina_desktop.domain.errors import RetinaError
from retina_desktop.persistence.columns import Base
from retina_desktop.persistence.report_store import report_digest
from retina_desktop.persistence.rows_to_records import (
    addendum_of,
    analysis_columns,
    analysis_of,
    decision_columns,
    examination_columns,
    examination_of,
    image_of,
    own_finding_columns,
    patient_columns,
    patient_of,
    reading_columns,
    reading_of,
)
from retina_desktop.persistence.setting_store import setting_of
from retina_desktop.persistence.tables import (
    AddendumRow,
    AnalysisRow,
    AuditEntryRow,
    DecisionRow,
    ExaminationRow,
    HeatmapRow,
    ImageRow,
    OwnFindingRow,
    PatientRow,
    PresentFindingRow,
    ReadingRow,
    ReportRow,
    SettingRow,
    ThumbnailRow,
    UserRow,
)
from retina_desktop.persistence.user_store import account_of, user_columns

DELETED = "deleted"  # the digest in the entry of a lawful deletion

_PAGE = 500  # rows read at once
# What a row raises that holds no moment, no number, or (LookupError) a foreign enum's value.
_UNREADABLE = (ValueError, LookupError, TypeError)


@dataclass(frozen=True, slots=True)
class _Kind:
    """How one kind of record is walked through and hashed."""

    kind: RecordKind
    row: type[Base]
    key: InstrumentedAttribute[int]
    digest: Callable[[Session, Any], str]


def verify_records(
    session: Session, tell: Callable[[float], None] = lambda _share: None
) -> Iterator[ChainProblem]:
    """Yield every record that is not as its last audit entry left it.

    Altered rows, rows nobody wrote through the program, and rows that vanished. `tell` hears
    the share done, at every page, and may raise to stop.
    """
    for number, kind in enumerate(_KINDS):
        yield from _verify_kind(session, kind, partial(tell, number / len(_KINDS)))


def _verify_kind(
    session: Session, kind: _Kind, tell: Callable[[], None]
) -> Iterator[ChainProblem]:
    for window in _windows(session, kind):
        tell()
        known = _last_digests(session, kind.kind, window)
        for record_id, row in _rows(session, kind, window):
            sequence, digest = known.pop(record_id, (0, ""))
            fault = _compare(session, kind, row, digest)
            if fault is not None:
                yield ChainProblem(fault, sequence, f"{kind.kind}:{record_id}")
        for record_id, (sequence, digest) in sorted(known.items()):
            if digest != DELETED:
                missing = f"{kind.kind}:{record_id}"
                yield ChainProblem(ChainFault.RECORD_MISSING, sequence, missing)
        session.expunge_all()


@dataclass(frozen=True, slots=True)
class _Window:
    """Some records in a row: those with a number above ``after``, up to ``end``."""

    after: int | None  # None: also what somebody numbered below 1
    end: int
    keys: tuple[int, ...]  # of the rows that are there


def _windows(session: Session, kind: _Kind) -> Iterator[_Window]:
    """Yield all numbers that a row or an audit entry names, a bounded piece at a time."""
    named = select(AuditEntryRow.record_id).where(AuditEntryRow.record_kind == kind.kind.value)
    after: int | None = None
    while True:
        keys = _page(session, select(kind.key), kind.key, after)
        told = _page(session, named.distinct(), AuditEntryRow.record_id, after)
        if not keys and not told:
            return
        cut = [page[-1] for page in (keys, told) if len(page) == _PAGE]
        end = min(cut) if cut else max(keys[-1:] + told[-1:])
        yield _Window(after, end, tuple(key for key in keys if key <= end))
        after = end


def _page(
    session: Session,
    numbers: Select[int],
    column: InstrumentedAttribute[int],
    after: int | None,
) -> list[int]:
    statement = numbers.order_by(column).limit(_PAGE)
    return list(
        session.scalars(statement if after is None else statement.where(column > after))
    )


def _rows(session: Session, kind: _Kind, window: _Window) -> Iterator[tuple[int, Base | None]]:
    """Yield every row by its key, None for one that cannot be loaded."""
    keys = window.keys
    if not keys:
        return
    try:
        between = kind.key.between(keys[0], keys[-1])
        loaded = session.scalars(select(kind.row).where(between)).all()
        rows = {int(getattr(row, kind.key.key)): row for row in loaded}
    except _UNREADABLE:
        rows = {key: row for key in keys if (row := _load(session, kind, key))}
    yield from ((key, rows.get(key)) for key in keys)


def _load(session: Session, kind: _Kind, key: int) -> Base | None:
    try:
        return session.scalar(select(kind.row).where(kind.key == key))
    except _UNREADABLE:
        return None


def _compare(session: Session, kind: _Kind, row: Base | None, digest: str) -> ChainFault | None:
    if not digest or digest == DELETED:
        return ChainFault.RECORD_UNKNOWN
    if row is None:
        return ChainFault.RECORD_ALTERED
    try:
        found = kind.digest(session, row)
    except (RetinaError, *_UNREADABLE):
        return ChainFault.RECORD_ALTERED
    return None if found == digest else ChainFault.RECORD_ALTERED


def _last_digests(
    session: Session, kind: RecordKind, window: _Window
) -> dict[int, tuple[int, str]]:
    """Return, by record, the number and digest of the last entry that changed it."""
    last = (
        select(func.max(AuditEntryRow.sequence))
        .where(
            AuditEntryRow.record_kind == kind.value,
            AuditEntryRow.record_digest != "",
            AuditEntryRow.record_id <= window.end,
        )
        .group_by(AuditEntryRow.record_id)
    )
    if window.after is not None:
        last = last.where(AuditEntryRow.record_id > window.after)
    found = session.execute(
        select(
            AuditEntryRow.record_id, AuditEntryRow.sequence, AuditEntryRow.record_digest
        ).where(AuditEntryRow.sequence.in_(last))
    )
    return {record_id: (sequence, digest) for record_id, sequence, digest in found}


def _patient_digest(_session: Session, row: PatientRow) -> str:
    patient = patient_of(row)
    _require_columns(row, patient_columns(patient.details))
    return digest_of(patient)


def _examination_digest(_session: Session, row: ExaminationRow) -> str:
    examination = examination_of(row)
    _require_columns(row, examination_columns(examination.details))
    return digest_of(examination)


def _image_digest(session: Session, row: ImageRow) -> str:
    thumbnail = session.get(ThumbnailRow, row.id)
    if thumbnail is None or sha256(thumbnail.jpeg).hexdigest() != row.thumbnail_sha256:
        raise ValueError("the thumbnail is not the image's")
    return digest_of(image_of(row))


def _analysis_digest(session: Session, row: AnalysisRow) -> str:
    analysis = analysis_of(row)
    content = analysis.content
    heatmap = session.get(HeatmapRow, row.id)
    if (sha256(heatmap.packed).hexdigest() if heatmap else "") != content.maps_sha256:
        raise ValueError("the heatmaps are not the analysis'")
    present = session.scalars(
        select(PresentFindingRow.label).where(PresentFindingRow.analysis_id == row.id)
    )
    if sorted(present) != sorted(finding.label for finding in content.positives):
        raise ValueError("the present findings are not the analysis'")
    _require_columns(row, analysis_columns(content))
    return digest_of(analysis)


def _reading_digest(session: Session, row: ReadingRow) -> str:
    decisions, own_findings = reading_parts(session, row.examination_id)
    stored = reading_of(row, decisions, own_findings)
    _require_columns(row, reading_columns(stored.reading))
    for decision, said in zip(decisions, stored.reading.decisions, strict=True):
        _require_columns(decision, decision_columns(said))
    for own, found in zip(own_findings, stored.reading.own_findings, strict=True):
        _require_columns(own, own_finding_columns(found))
    for parts in (decisions, own_findings):
        if [part.position for part in parts] != list(range(len(parts))):
            raise ValueError("a part of the reading was moved or removed")
    return digest_of(stored)


def _user_digest(_session: Session, row: UserRow) -> str:
    account = account_of(row)
    _require_columns(row, user_columns(account.user))
    return digest_of(account)


def _require_columns(row: Base, expected: dict[str, Any]) -> None:
    """Refuse a row that only *reads* as the record: blanks added, a neighbour column set."""
    for name, value in expected.items():
        if getattr(row, name) != value:
            raise ValueError(f"column {name} is not as it was written")


def reading_parts(
    session: Session, examination_id: int
) -> tuple[list[DecisionRow], list[OwnFindingRow]]:
    """Return the decisions and own findings of a reading, each by position."""
    decisions = session.scalars(
        select(DecisionRow)
        .where(DecisionRow.examination_id == examination_id)
        .order_by(DecisionRow.position)
    )
    own_findings = session.scalars(
        select(OwnFindingRow)
        .where(OwnFindingRow.examination_id == examination_id)
        .order_by(OwnFindingRow.position)
    )
    return list(decisions), list(own_findings)


_KINDS = (
    _Kind(RecordKind.PATIENT, PatientRow, PatientRow.id, _patient_digest),
    _Kind(RecordKind.EXAMINATION, ExaminationRow, ExaminationRow.id, _examination_digest),
    _Kind(RecordKind.IMAGE, ImageRow, ImageRow.id, _image_digest),
    _Kind(RecordKind.ANALYSIS, AnalysisRow, AnalysisRow.id, _analysis_digest),
    _Kind(RecordKind.READING, ReadingRow, ReadingRow.examination_id, _reading_digest),
    _Kind(
        RecordKind.ADDENDUM,
        AddendumRow,
        AddendumRow.id,
        lambda _session, row: digest_of(addendum_of(row)),
    ),
    _Kind(RecordKind.REPORT, ReportRow, ReportRow.id, report_digest),
    _Kind(RecordKind.USER, UserRow, UserRow.id, _user_digest),
    _Kind(
        RecordKind.SETTING,
        SettingRow,
        SettingRow.id,
        lambda _session, row: digest_of(setting_of(row)),
    ),
)
