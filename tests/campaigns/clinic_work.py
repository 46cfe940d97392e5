"""What a clinic does all day, in small acknowledged steps, for campaigns to end anywhere."""

import io
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retina_desktop.domain.backups import Rotation
from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import NewReport
from retina_desktop.persistence.backup import FolderBackups
from retina_desktop.persistence.key_vault import Argon2Cost, KeyVault, MasterKey
from retina_desktop.persistence.opening import Records, RecordsPlace
from retina_desktop.persistence.report_store import SqlReportStore
from retina_desktop.services.tasks import TaskContext
from tests.helpers.records import (
    Backend,
    keep_photograph,
    make_details,
    make_new_analysis,
    make_visit,
    stamp,
)

DAY = 24 * 60  # minutes
PASSWORD = "a long enough password"  # of campaigns alone
ROTATION = Rotation(daily=3, weekly=0, monthly=0)
Acknowledge = Callable[[str, Any], None]


@dataclass
class ClinicWork:
    """Work on open records; every step is acknowledged when it has returned."""

    backend: Backend
    target: Path  # of the backups
    rng: random.Random
    acknowledge: Acknowledge
    minute: int = 0
    drafts: list[int] = field(default_factory=list)  # visits not signed
    signed: list[int] = field(default_factory=list)

    def run(self, steps: int) -> None:
        """Do `steps` of everything, each kind as often as a clinic does."""
        records = self._open()
        for _ in range(steps):
            step = self.rng.choices(
                (self.visit, self.analysis, self.reading, self.sign, self.addendum,
                 self.report, self.backup, None),
                weights=(5, 3, 3, 4, 1, 2, 2, 1),
            )[0]  # fmt: skip
            if step is None:
                records.close()
                records = self._open()
            else:
                step(records)
        records.close()

    def visit(self, records: Records) -> None:
        """A new patient with two photographs."""
        number = f"P-{self.rng.getrandbits(48):x}"
        patient = records.patients.add(make_details(number), by=self._stamp())
        self.acknowledge("patient", number)
        contents = [self.rng.randbytes(self.rng.choice((200, 5000, 90_000))) for _ in "RL"]
        kept = [keep_photograph(records, content) for content in contents]
        visit = records.examinations.add(
            patient.id, make_visit(), photographs=kept, by=self._stamp()
        )
        self.acknowledge("visit", [visit.id, [photo.image.sha256 for photo in kept]])
        self.drafts.append(visit.id)

    def analysis(self, records: Records) -> None:
        """Another model looks at a photograph."""
        if not self.drafts:
            return
        image = records.examinations.images(self.rng.choice(self.drafts))[0]
        stored = records.analyses.add(
            image.id, make_new_analysis(image.sha256), by=self._stamp()
        )
        self.acknowledge("analysis", stored.id)

    def reading(self, records: Records) -> None:
        """The reader types."""
        if self.drafts:
            self._save(records, self.rng.choice(self.drafts))

    def sign(self, records: Records) -> None:
        """The reader signs."""
        if not self.drafts:
            return
        visit = self.drafts.pop(self.rng.randrange(len(self.drafts)))
        version = self._save(records, visit)
        records.readings.sign(
            visit, shown_name="Dr A", expected_version=version, by=self._stamp()
        )
        self.acknowledge("signed", visit)
        self.signed.append(visit)

    def addendum(self, records: Records) -> None:
        """The reader remembers something."""
        if not self.signed:
            return
        visit = self.rng.choice(self.signed)
        added = records.readings.add_addendum(
            visit, "more", shown_name="Dr A", by=self._stamp()
        )
        self.acknowledge("addendum", [visit, added.id])

    def report(self, records: Records) -> None:
        """A report is printed: its bytes are kept."""
        if not self.signed:
            return
        kept = records.images.add(io.BytesIO(b"%PDF-" + self.rng.randbytes(3000)))
        head = records.audit.head()
        number = f"R-{self.rng.getrandbits(48):x}"
        new = NewReport(
            number=number,
            examination_id=self.rng.choice(self.signed),
            template=next(iter(Template)),
            paper=next(iter(Paper)),
            language=next(iter(Language)),
            draft=False,
            audit_sequence=head.sequence,
            audit_hash=head.hash,
            pdf_sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            shown_name="Dr A",
        )
        SqlReportStore(records.audited, records.images).add(new, by=self._stamp())
        self.acknowledge("report", [number, kept.sha256])

    def backup(self, records: Records) -> None:
        """A backup on another day than the last, so that rotation has something to do."""
        self.minute += DAY
        made = backups_of(self.backend, records).make(
            TaskContext(),
            self.target,
            rotation=ROTATION,
            whole_check=False,
            expected=False,
            by=self._stamp(),
        )
        self.acknowledge("backup", made.manifest.id)

    def _save(self, records: Records, visit: int) -> int:
        before = records.readings.get(visit)
        said = f"seen {self.rng.getrandbits(32):x}"
        reading = Reading(comment=said, referral=ReferralTier.SOON)
        version = before.version if before else 0
        stored = records.readings.save(
            visit, reading, expected_version=version, by=self._stamp()
        )
        self.acknowledge("reading", [visit, stored.version])
        return stored.version

    def _open(self) -> Records:
        records = self.backend.open(self._next())
        self.acknowledge("opened", 0)
        return records

    def _stamp(self) -> Any:
        return stamp(self._next())

    def _next(self) -> int:
        self.minute += 1
        return self.minute


@dataclass(frozen=True)
class KeptBackend(Backend):
    """Records with a key vault of their own, as every clinic has."""

    secret: MasterKey | None = None

    @property
    def master(self) -> MasterKey | None:
        return self.secret


def new_clinic(folder: Path) -> KeptBackend:
    """Make records in `folder` with a vault that opens quickly; nothing is in them yet."""
    folder.mkdir(parents=True)
    vault = KeyVault(folder / "keys.json", cost=Argon2Cost(memory_kib=8, passes=1, lanes=1))
    master, _ = vault.create("anna", PASSWORD)
    backend = KeptBackend("sqlcipher", RecordsPlace(folder), master)
    backend.open().close()
    return backend


def backups_of(backend: Backend, records: Records) -> FolderBackups:
    """Return the backups of open records."""
    return FolderBackups(
        records.database,
        records.images,
        records=backend.place.folder,
        master=backend.master,
        software_version="0.1.0",
    )


def read_acknowledged(text: str) -> list[tuple[str, Any]]:
    """Return what was acknowledged, without a line that was cut off."""
    lines = text.split("\n")[:-1]
    return [(kind, value) for kind, value in map(json.loads, lines)]


def written(kind: str, value: object) -> bytes:
    """Return the line of an acknowledgement."""
    return json.dumps([kind, value]).encode() + b"\n"
