"""A visit is saved part by part: what is refused loses none of the rest."""

from dataclasses import replace

import pytest

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    ConflictError,
    PermissionDeniedError,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.domain.visit_drafts import PhotographDraft
from retina_desktop.services.acting import Acting
from retina_desktop.services.visit_changes import SaveVisit, StoredVisit, WantedVisit
from tests.helpers.record_fixtures import new_records, sqlite_backend, sqlite_records  # noqa: F401
from tests.helpers.records import MORNING, keep_photograph, make_details, make_visit, stamp


def acting_as(*roles):
    return Acting(User("anna", "Anna", frozenset(roles)), "desk-1", lambda: MORNING)


READER, ADMINISTRATOR = acting_as(Role.READER), acting_as(Role.ADMINISTRATOR)


@pytest.fixture
def records(sqlite_records):  # noqa: F811
    return sqlite_records


@pytest.fixture
def save(records):
    return SaveVisit(records.examinations, records.readings, records.analyses)


@pytest.fixture
def visit(records):
    patient = records.patients.add(make_details(), by=stamp(1))
    examination = records.examinations.add(
        patient.id, make_visit(), photographs=[keep_photograph(records)], by=stamp(2)
    )
    images = records.examinations.images(examination.id)
    return StoredVisit(
        examination, images, None, records.analyses.of_examination(examination.id)
    )


def wanted(visit, **changes):
    details = replace(visit.examination.details, operator="K. Iyer")
    photographs = tuple(PhotographDraft(i.id, Laterality.LEFT) for i in visit.images)
    whole = WantedVisit(details, photographs, True, Reading(referral=ReferralTier.SOON))
    return replace(whole, **changes)


def test_every_part_is_written_once(records, save, visit):
    saved = save(READER, visit, wanted(visit))

    assert saved.problem is None
    assert saved.visit.examination == records.examinations.get(visit.examination.id)
    assert saved.visit.examination.handed_over
    assert saved.visit.images[0].laterality is Laterality.LEFT
    assert saved.visit.reading.reading.referral is ReferralTier.SOON
    assert save(READER, saved.visit, wanted(visit)).visit == saved.visit


def test_a_conflict_in_the_details_keeps_the_reading(records, save, visit):
    other = replace(visit.examination.details, operator="somebody else")
    records.examinations.update(visit.examination.id, other, expected_version=1, by=stamp(3))

    saved = save(READER, visit, wanted(visit, handed_over=False))

    assert isinstance(saved.problem, ConflictError)
    assert [c.field for c in saved.problem.changes] == ["operator"]
    assert records.readings.get(visit.examination.id).reading.referral is ReferralTier.SOON
    again = save(READER, save.renewed(READER, saved.visit), wanted(visit))
    assert again.problem is None
    assert again.visit.examination.details.operator == "K. Iyer"


def test_the_same_change_at_two_workstations_is_no_conflict(save, visit):
    first = save(READER, visit, wanted(visit))

    second = save(READER, visit, wanted(visit))

    assert second.problem is None
    assert second.visit.reading == first.visit.reading


def test_who_may_not_read_still_saves_the_details(save, visit):
    saved = save(ADMINISTRATOR, visit, wanted(visit))

    assert isinstance(saved.problem, PermissionDeniedError)
    assert saved.visit.examination.details.operator == "K. Iyer"
    assert saved.visit.reading is None


def test_a_signed_visit_changes_no_more(records, save, visit):
    done = save(READER, visit, wanted(visit)).visit
    records.readings.sign(
        visit.examination.id, shown_name="Anna", expected_version=1, by=stamp(5)
    )

    reading = Reading(referral=ReferralTier.NONE)
    saved = save(READER, done, wanted(visit, reading=reading, handed_over=False))

    assert isinstance(saved.problem, AlreadySignedError)
    assert saved.visit == done
