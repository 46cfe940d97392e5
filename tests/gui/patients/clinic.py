"""A small clinic in real records: invented people, visits with photographs and readings."""

from dataclasses import replace
from datetime import date
from hashlib import sha256
from pathlib import Path

import numpy as np

from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.examinations import ExaminationDetails
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.imaging.encode import encode_jpeg
from retina_desktop.services.examination_records import IncomingPhotograph
from retina_desktop.services.tasks import TaskContext
from tests.helpers.analyses import make_analysis
from tests.helpers.records import make_manifest

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


def write_photograph(path: Path, shade: int = 0) -> Path:
    """Write a small orange disc; another `shade` is another photograph."""
    rows, columns = np.mgrid[0:96, 0:128]
    inside = (rows - 48) ** 2 + (columns - 64) ** 2 < 46**2
    colour = np.uint8([190, 60 + 5 * (shade % 30), 40 + 7 * (shade // 30 % 30)])
    pixels = np.where(inside[..., None], colour, np.uint8(0)).astype(np.uint8)
    path.write_bytes(encode_jpeg(pixels))
    return path


class Clinic:
    """Enters people and visits through the use cases of whoever is logged in."""

    def __init__(self, services, folder: Path) -> None:
        self.services = services
        self.folder = folder
        self._made = 0

    def patient(self, number="P-1", name="Asha Rao", **details):
        return self.services.add_patient(
            self.services.acting, PatientDetails(number, name, **details)
        )

    def photograph(self, name=None) -> Path:
        self._made += 1
        return write_photograph(self.folder / (name or f"made-{self._made}.jpg"), self._made)

    def visit(self, patient, day: date, *, dr=None, eyes=(RIGHT, LEFT), analysed=True) -> int:
        """Keep a visit; ``dr`` is the probability of diabetic retinopathy by eye."""
        photographs = [self._incoming(eye, (dr or {}).get(eye, 0.1), analysed) for eye in eyes]
        visit = self.services.begin_examination(
            TaskContext(),
            self.services.acting,
            patient_id=patient.id,
            details=ExaminationDetails(day),
            photographs=photographs,
        )
        return visit.id

    def sign(self, visit_id: int, *, grade=Grade.PRESENT, tier=ReferralTier.SOON) -> None:
        """Decide on both eyes alike, and sign."""
        services = self.services
        decisions = tuple(Decision(eye, "DR", grade) for eye in (RIGHT, LEFT))
        reading = Reading(decisions, referral=tier)
        stored = services.save_reading(services.acting, visit_id, reading, expected_version=0)
        services.sign_examination(services.acting, visit_id, expected_version=stored.version)

    def _incoming(self, eye, probability: float, analysed: bool) -> IncomingPhotograph:
        path = self.photograph()
        if not analysed:
            return IncomingPhotograph(path, eye)
        analysis = make_analysis(sha256=sha256(path.read_bytes()).hexdigest(), dr=probability)
        analysis = replace(
            analysis, laterality=replace(analysis.laterality, value=eye, warning="")
        )
        return IncomingPhotograph(path, eye, analysis, make_manifest())
