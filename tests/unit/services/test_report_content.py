"""A report's content, gathered from records of two visits."""

from datetime import date

import cv2
import pytest
import skimage.data

from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.config.folders import Folders
from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import OpenExamination
from retina_desktop.services.report_content import ReportFrame
from tests.helpers.record_fixtures import new_records, sqlite_backend, sqlite_records
from tests.helpers.records import MORNING, keep_photograph, make_details, make_visit, stamp

__all__ = ["new_records", "sqlite_backend", "sqlite_records"]

READER = Acting(User("anna", "Dr Anna", frozenset({Role.READER})), "desk-1", lambda: MORNING)
FRAME = ReportFrame("E1", MORNING)
JPEG = cv2.imencode(".jpg", skimage.data.retina()[..., ::-1])[1].tobytes()


@pytest.fixture
def visits(sqlite_records):
    """Two visits: DR of the right eye falls from 0.9 to 0.2; the first is signed."""
    records = sqlite_records
    patient = records.patients.add(make_details(), by=stamp())
    made = []
    for day, dr in ((date(2026, 1, 5), 0.9), (date(2026, 3, 2), 0.2)):
        photographs = [keep_photograph(records, JPEG + bytes([len(made)]), dr=dr)]
        visit = make_visit(visit_date=day)
        made.append(
            records.examinations.add(patient.id, visit, photographs=photographs, by=stamp())
        )
    decisions = (Decision(Laterality.RIGHT, "DR", Grade.ABSENT, reason="a reflex"),)
    reading = Reading(decisions=decisions, referral=ReferralTier.SOON)
    records.readings.save(made[0].id, reading, expected_version=0, by=stamp())
    records.readings.sign(made[0].id, shown_name="Dr Anna", expected_version=1, by=stamp())
    return made


def content_of(records, examination):
    opened = OpenExamination(
        records.examinations, records.analyses, records.readings, records.audit
    )
    desk = report_desk(records, Folders.find({}))
    return desk.make.gather(READER, opened(READER, examination.id), FRAME)


def test_the_first_visit_has_no_past(sqlite_records, visits):
    content = content_of(sqlite_records, visits[0])
    assert (content.previous, content.trends) == (None, ())
    assert content.is_signed
    assert content.reader_name == "Dr Anna"
    assert content.audit_head == sqlite_records.audit.head()


def test_the_second_visit_is_compared_with_the_first(sqlite_records, visits):
    content = content_of(sqlite_records, visits[1])
    assert not content.is_signed
    assert content.reading == Reading()
    previous = content.previous
    assert (previous.visit_date, previous.model) == (date(2026, 1, 5), "test-model 1.0.0")
    (then,) = [item for item in previous.findings if item.finding.label == "DR"]
    assert (then.eye, then.finding.probability) == (Laterality.RIGHT, 0.9)
    assert then.grade is Grade.ABSENT
    (trend,) = content.trends
    assert (trend.eye, trend.label) == (Laterality.RIGHT, "DR")
    assert [point.probability for point in trend.points] == [0.9, 0.2]


def test_photographs_come_with_pixels_and_maps_unless_their_file_is_gone(
    sqlite_records, sqlite_backend, visits
):
    (photo,) = content_of(sqlite_records, visits[0]).photographs
    assert photo.photograph.ndim == 3
    assert photo.maps is not None
    sha256 = photo.analysis.image_sha256
    (sqlite_backend.place.images / sha256[:2] / sha256).unlink()
    (photo,) = content_of(sqlite_records, visits[0]).photographs
    assert photo.photograph is None
    assert photo.analysis is not None
