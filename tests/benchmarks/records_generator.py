"""A clinic's database of any size, written straight into the tables, its audit chain intact.

``python -m tests.benchmarks.records_generator FOLDER [--patients N] [--plain] [--files]``
makes N patients with 5 visits each (one in a thousand has 40), two analysed photographs a
visit, four visits in five signed. Names and findings are invented; there are no heatmaps, and
thumbnails are a few bytes. ``--files`` also puts a byte for each photograph into the image
store, for measuring a start-up; such files cannot be read.
"""

import argparse
import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any

from retina_desktop.domain.audit import (
    AuditEvent,
    AuditHead,
    RecordKind,
    RecordReference,
    seal_of,
)
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.decisions import Decision, Grade, Reading, Signature, StoredReading
from retina_desktop.domain.examinations import Examination, ExaminationDetails, StoredImage
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.labels import DISEASE_RISK, LABELS
from retina_desktop.domain.patients import Patient, PatientDetails, Sex
from retina_desktop.domain.referral import refer_photograph
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.stored_analyses import StoredAnalysis
from retina_desktop.persistence.analysis_documents import write_content
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.opening import Records, RecordsPlace
from retina_desktop.persistence.search_index import bring_index_in_step
from retina_desktop.persistence.sqlite_engine import Encryption
from tests.benchmarks.invented_names import invented_names
from tests.helpers.records import Backend, make_new_analysis, stamp

_THUMBNAIL = b"\xff\xd8\xff\xd9"
_THUMBNAIL_HASH = sha256(_THUMBNAIL).hexdigest()
_FIRST_DAY = date(2018, 1, 1)
_KINDS_OF_ANSWER = 256  # different analyses; each is given to many photographs
_CHUNK = 500  # patients whose rows go in together
_PRESENT = {"DR": 0.15, "ARMD": 0.05, "ODC": 0.08, "MH": 0.1, "DN": 0.07, "BRVO": 0.01}
_RARE = 0.002  # any other label

_TABLES = {
    "patient": "id,version,record_number,name,birth_date,sex,contact,notes,diabetes,"
    "hypertension,risk_factors,created_at,created_by,changed_at,changed_by,merged_into",
    "examination": "id,patient_id,version,visit_date,operator,reason,handed_over,created_at,"
    "created_by,changed_at,changed_by",
    "image": "id,examination_id,version,sha256,size_bytes,width,height,source_format,"
    "thumbnail_sha256,laterality,laterality_source,original_name,added_at,added_by,withdrawn",
    "thumbnail": "image_id,jpeg",
    "analysis": "id,image_id,model_id,model_version,tier,content,created_at,created_by",
    "present_finding": "analysis_id,label",
    "reading": "examination_id,version,comment,referral,referral_note,saved_at,saved_by,"
    "signed_at,signed_by,signed_name,signed_sha256",
    "decision": "examination_id,position,eye,label,grade,agreement,reason,ungradable,severity,"
    "analysis_id",
    "audit_entry": "sequence,made_at,made_by,workstation,action,record_kind,record_id,details,"
    "record_digest,previous_hash,hash",
}


class _Text:
    """Canonical JSON with places to fill in: the real function is too slow a million times."""

    def __init__(self, value: object, **places: object) -> None:
        text = canonical_json(value).replace("%", "%%")
        for name, sign in places.items():
            shown = sign.isoformat() if isinstance(sign, date) else str(sign)
            if isinstance(sign, datetime):
                shown = sign.astimezone(UTC).isoformat(timespec="microseconds")
            assert shown in text, name
            text = text.replace(shown, f"%({name})s")
        self._text = text

    def fill(self, **values: object) -> str:
        return self._text % values


_ID, _OTHER_ID, _VERSION = 7_000_000_000_001, 7_000_000_000_002, 7_000_000_000_003
_SHA, _SHA2 = "5" * 64, "6" * 64
_WHEN, _DAY = datetime(1999, 12, 31, 23, 59, 58, 7, tzinfo=UTC), date(1888, 8, 8)
_NAME, _NUMBER = "QQ-name-QQ", "QQ-number-QQ"


class _Writer:
    """Collects rows and chained entries, and writes them in chunks."""

    def __init__(self, records: Records, patients: int, seed: int) -> None:
        self.rows: dict[str, list[tuple[Any, ...]]] = {name: [] for name in _TABLES}
        self.randomness = random.Random(seed)
        self.head = records.audit.head()
        self.next_id = dict.fromkeys(("examination", "image"), 1)
        self.names = invented_names(self.randomness, patients)
        self.answers = [self._answer() for _ in range(_KINDS_OF_ANSWER)]
        self._make_texts()

    def _make_texts(self) -> None:
        who = ("anna", _WHEN, "anna")
        details = PatientDetails(_NUMBER, _NAME, _DAY, Sex.FEMALE)
        self.patient_text = _Text(
            Patient(_ID, 1, details, _WHEN, "anna", *who[1:]),
            id=_ID, number=_NUMBER, name=_NAME, born=_DAY, at=_WHEN,
        )  # fmt: skip
        visit = ExaminationDetails(_DAY, operator="T. Osei", reason="diabetes check")
        self.visit_text = _Text(
            Examination(_ID, _OTHER_ID, 1, visit, _WHEN, "anna", *who[1:]),
            id=_ID, patient=_OTHER_ID, day=_DAY, at=_WHEN,
        )  # fmt: skip
        self.image_text = {
            eye: _Text(
                StoredImage(
                    _ID, _OTHER_ID, 1, _SHA, 1_500_000, 2144, 1424, "JPEG", _THUMBNAIL_HASH,
                    eye, LateralitySource.USER, "eye.jpg", _WHEN, "anna",
                ),
                id=_ID, visit=_OTHER_ID, sha=_SHA, at=_WHEN,
            )
            for eye in Laterality
        }  # fmt: skip
        event = AuditEvent("QQ-action", RecordReference(RecordKind.DATABASE, _ID), {}, _SHA)
        at = replace(stamp(), at=_WHEN, user="anna")
        self.entry_text = _Text(
            {"sequence": _OTHER_ID, "stamp": at, "event": event},
            sequence=_OTHER_ID, action="QQ-action", kind="database", id=_ID, digest=_SHA,
            at=_WHEN,
        )  # fmt: skip

    def _answer(self) -> tuple[str, tuple[str, ...], str, _Text]:
        """Return one kind of answer: tier, present labels, its document, and as a record."""
        findings = tuple(self._finding(code) for code in LABELS)
        content = make_new_analysis(_SHA).content
        content = replace(
            content,
            findings=findings,
            referral=refer_photograph(findings, content.quality),
            maps_sha256="",
            width=2144,
            height=1424,
        )
        document = write_content(content).replace(_SHA, "%s")
        assert "%s" in document
        assert document.count("%") == 1
        stored = StoredAnalysis(_ID, _OTHER_ID, content, _WHEN, "anna")
        text = _Text(stored, id=_ID, image=_OTHER_ID, sha=_SHA, at=_WHEN)
        present = tuple(finding.label for finding in content.positives)
        return content.referral.tier.value, present, document, text

    def _finding(self, code: str) -> Finding:
        present = self.randomness.random() < _PRESENT.get(code, _RARE)
        low, high = (0.55, 0.99) if present and code != DISEASE_RISK else (0.001, 0.45)
        probability = round(self.randomness.uniform(low, high), 6)
        return Finding(code, probability, 0.5, LabelStatus.EVALUATED)

    def patient(self, number: int, visits: int) -> None:
        at = datetime(2018, 1, 1, 8, tzinfo=UTC) + timedelta(minutes=number)
        born = date(1930, 1, 1) + timedelta(days=self.randomness.randrange(29_000))
        name, record_number = next(self.names), f"MRN-{2018 + number % 8}-{number:06d}"
        self.rows["patient"].append(
            (number, 1, record_number, name, born.isoformat(), "F", "", "", "unknown",
             "unknown", "[]", _sql(at), "anna", _sql(at), "anna", None)
        )  # fmt: skip
        text = self.patient_text.fill(
            id=number, number=record_number, name=name, born=born, at=_iso(at)
        )
        self.entry("patient added", "patient", number, text, at)
        days = sorted(self.randomness.sample(range(3000), visits))
        for place, day in enumerate(days):
            signed = self.randomness.random() < 0.8 if place < visits - 1 else number % 2 == 0
            self.visit(number, _FIRST_DAY + timedelta(days=day), signed=signed)

    def visit(self, patient: int, day: date, *, signed: bool) -> None:
        number = self.next_id["examination"]
        self.next_id["examination"] += 1
        at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC)
        self.rows["examination"].append(
            (number, patient, 1, day.isoformat(), "T. Osei", "diabetes check", 0, _sql(at),
             "anna", _sql(at), "anna")
        )  # fmt: skip
        text = self.visit_text.fill(id=number, patient=patient, day=day, at=_iso(at))
        self.entry("examination added", "examination", number, text, at)
        present: dict[str, tuple[Laterality, int]] = {}
        for eye in Laterality:
            for label, image in self.photograph(number, eye, at):
                present.setdefault(label, (eye, image))
        if signed:
            self.read(number, present, at)

    def photograph(
        self, visit: int, eye: Laterality, at: datetime
    ) -> Iterator[tuple[str, int]]:
        number = self.next_id["image"]
        self.next_id["image"] += 1
        sha = sha256(number.to_bytes(8, "big")).hexdigest()
        self.rows["image"].append(
            (number, visit, 1, sha, 1_500_000, 2144, 1424, "JPEG", _THUMBNAIL_HASH, eye.value,
             "user", "eye.jpg", _sql(at), "anna", 0)
        )  # fmt: skip
        self.rows["thumbnail"].append((number, _THUMBNAIL))
        text = self.image_text[eye].fill(id=number, visit=visit, sha=sha, at=_iso(at))
        self.entry("image added", "image", number, text, at)
        tier, present, document, record = self.randomness.choice(self.answers)
        self.rows["analysis"].append(
            (number, number, "test-model", "1.0.0", tier, document % sha, _sql(at), "anna")
        )
        self.rows["present_finding"].extend((number, label) for label in present)
        text = record.fill(id=number, image=number, sha=sha, at=_iso(at))
        self.entry("analysis added", "analysis", number, text, at)
        return ((label, number) for label in present)

    def read(
        self, visit: int, present: dict[str, tuple[Laterality, int]], at: datetime
    ) -> None:
        decisions = tuple(
            Decision(eye, label, Grade.PRESENT, analysis_id=image)
            for label, (eye, image) in present.items()
        )
        tier = ReferralTier.SOON if present else ReferralTier.NONE
        reading = Reading(decisions, (), "", tier, "")
        self.rows["decision"].extend(
            (visit, place, d.eye.value if d.eye else None, d.label, d.grade.value, None, "",
             None, d.severity.value, d.analysis_id)
            for place, d in enumerate(decisions)
        )  # fmt: skip
        signature = Signature("anna", "Dr Anna Ito", at, _SHA2)
        stored = StoredReading(visit, 2, reading, at, "anna", signature)
        self.rows["reading"].append(
            (visit, 2, "", tier.value, "", _sql(at), "anna", _sql(at), "anna", "Dr Anna Ito",
             _SHA2)
        )  # fmt: skip
        self.entry("signed", "reading", visit, canonical_json(stored), at)

    def entry(self, action: str, kind: str, record: int, text: str, at: datetime) -> None:
        digest = sha256(text.encode()).hexdigest()
        sequence = self.head.sequence + 1
        chained = self.entry_text.fill(
            sequence=sequence, action=action, kind=kind, id=record, digest=digest, at=_iso(at)
        )
        link = sha256(f"{self.head.hash}\n{chained}".encode()).hexdigest()
        self.rows["audit_entry"].append(
            (sequence, _sql(at), "anna", "desk-1", action, kind, record, "{}", digest,
             self.head.hash, link)
        )  # fmt: skip
        self.head = AuditHead(sequence, link)

    def flush(self, cursor: Any) -> None:
        for table, columns in _TABLES.items():
            marks = ",".join("?" * (columns.count(",") + 1))
            cursor.executemany(
                f"INSERT INTO {table} ({columns}) VALUES ({marks})",
                self.rows[table],
            )
            self.rows[table].clear()


def fill_records(records: Records, *, patients: int, seed: int = 1) -> dict[str, float]:
    """Fill new SQLite records; return the seconds of the rows and of the search index."""
    began = time.perf_counter()
    writer = _Writer(records, patients, seed)
    with records.database.engine.connect() as connection:
        drop_guards(connection)
        cursor = connection.connection.cursor()
        visits = (40 if number % 1000 == 0 else 3 + number % 5 for number in range(patients))
        numbered = enumerate(visits, 1)
        while chunk := list(islice(numbered, _CHUNK)):
            for number, count in chunk:
                writer.patient(number, count)
            writer.flush(cursor)
        head = writer.head
        seal = seal_of(head.sequence, head.hash, records.audited.seal_key)
        cursor.execute(
            "UPDATE audit_head SET sequence = ?, hash = ?, seal = ?",
            (head.sequence, head.hash, seal),
        )
        cursor.close()
        install_guards(connection)
        connection.commit()
    rows_s = time.perf_counter() - began
    bring_index_in_step(records.database)
    return {"rows_s": rows_s, "index_s": time.perf_counter() - began - rows_s}


def make_files(records: Records) -> None:
    """Put a byte for each photograph where the image store looks for it."""
    with records.database.engine.connect() as connection:
        hashes = connection.exec_driver_sql("SELECT sha256 FROM image").scalars()
        for sha in hashes:
            path = records.images.path_of(sha)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"x")


def new_backend(folder: Path, *, encrypted: bool) -> Backend:
    """Return new records in `folder`, not open."""
    kind = Encryption.SQLCIPHER if encrypted else Encryption.NONE
    return Backend(kind.value, RecordsPlace(folder, kind))


def _sql(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S.%f")


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="microseconds")


def main(say: Callable[[str], object] = print) -> None:
    """Make the database and print what it took."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--plain", action="store_true")
    parser.add_argument("--files", action="store_true")
    options = parser.parse_args()
    backend = new_backend(options.folder, encrypted=not options.plain)
    records = backend.open()
    took = fill_records(records, patients=options.patients)
    if options.files:
        make_files(records)
    records.close()
    size = backend.place.database_file.stat().st_size
    say(json.dumps({**{k: round(v, 1) for k, v in took.items()}, "mb": size // 2**20}))


if __name__ == "__main__":
    main()
