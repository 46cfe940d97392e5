"""A small clinic for tests of what comes in, goes out and is deleted: invented people only."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import cv2
import numpy as np

from retina_desktop import __version__
from retina_desktop.domain.decisions import Decision, Grade, OwnFinding, Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import PatientDetails, Sex
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.persistence.imported_visits import SqlImportedVisits
from retina_desktop.persistence.opening import Records
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import KeepPhotograph
from retina_desktop.services.importing import CarryOutImport, ImportReport
from retina_desktop.services.importing_plan import ImportWishes, PlanImport
from retina_desktop.services.tasks import TaskContext
from tests.helpers.records import keep_photograph, make_visit, stamp
from tests.helpers.rendered_fundus import render_fundus

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NAME, NUMBER = "Zebulon Quillfeather", "QF-77123"
NOTES, CONTACT = "lives beside the lighthouse", "14 Gannet Row"
COMMENT, OWN_FINDING = "Zebulon asked for a copy", "a horseshoe-shaped scar"
DETAILS = PatientDetails(NUMBER, NAME, date(1931, 5, 4), Sex.MALE, contact=CONTACT, notes=NOTES)


def acting(*roles: Role, now: datetime = NOW) -> Acting:
    """Return somebody at work, by default reader and administrator."""
    of = frozenset(roles or (Role.READER, Role.ADMINISTRATOR))
    return Acting(User("anna", "Dr Anna Ito", of), "desk-1", lambda: now)


@cache
def fundus_jpeg(seed: int, *, eye: Laterality = Laterality.RIGHT) -> bytes:
    """Return a small rendered photograph; each seed other bytes."""
    picture = render_fundus(size=(360, 520), laterality=eye, seed=seed)
    return bytes(cv2.imencode(".jpg", np.ascontiguousarray(picture[..., ::-1]))[1].tobytes())


@dataclass(frozen=True)
class Importer:
    """Both steps of an import over real records."""

    records: Records

    @property
    def visits(self) -> SqlImportedVisits:
        return SqlImportedVisits(self.records.audited, self.records.examinations)

    def plan(self, claims, *, who=None, context=None, **wishes) -> ImportReport:
        plan = PlanImport(self.records.patients, self.visits, decode_photograph)
        return plan(
            context or TaskContext(), who or acting(), list(claims), ImportWishes(**wishes)
        )

    def carry_out(self, plan, *, who=None, context=None, analyse=None) -> ImportReport:
        records = self.records
        keep = KeepPhotograph(records.images, decode_photograph, __version__)
        act = CarryOutImport(records.patients, self.visits, keep, records.audit)
        return act(
            context or TaskContext(), who or acting(), plan, source="test", analyse=analyse
        )

    def run(self, claims, **wishes) -> ImportReport:
        return self.carry_out(self.plan(claims, **wishes))


def outcomes(report: ImportReport) -> list[str]:
    """Return every file's outcome."""
    return [file.outcome.value for file in report.files]


def files_of(records: Records) -> set[Path]:
    """Return every file in the image store, set aside ones too."""
    return {path for path in records.images.folder.rglob("*") if path.is_file()}


def fill_clinic(records: Records) -> tuple[int, int]:
    """Put two patients with signed visits into the records; return their ids.

    Both have one photograph in common, as when a wrong one was added to a record.
    """
    ids = []
    for number, details in enumerate((DETAILS, PatientDetails("OTHER-2", "Asha Rao"))):
        patient = records.patients.add(details, by=stamp(1))
        shared = keep_photograph(records, fundus_jpeg(1), eye=Laterality.RIGHT)
        own = keep_photograph(records, fundus_jpeg(10 + number), eye=Laterality.LEFT)
        visit = records.examinations.add(
            patient.id, make_visit(operator="Tom"), photographs=[shared, own], by=stamp(2)
        )
        decision = Decision(Laterality.RIGHT, "DR", Grade.PRESENT, reason=COMMENT)
        reading = Reading(
            decisions=(decision,),
            own_findings=(OwnFinding(Laterality.LEFT, OWN_FINDING),),
            comment=COMMENT,
            referral=ReferralTier.ROUTINE,
        )
        records.readings.save(visit.id, reading, expected_version=0, by=stamp(3))
        records.readings.sign(
            visit.id, shown_name="Dr Anna Ito", expected_version=1, by=stamp(4)
        )
        records.readings.add_addendum(visit.id, COMMENT, shown_name="Dr Anna Ito", by=stamp(5))
        ids.append(patient.id)
    return ids[0], ids[1]
