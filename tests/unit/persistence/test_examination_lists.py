from dataclasses import replace
from datetime import date, timedelta

import pytest

from retina_desktop.domain.decisions import (
    Decision,
    Grade,
    OwnFinding,
    Reading,
    UngradableReason,
)
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.referral import Referral
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.persistence import examination_lists
from retina_desktop.persistence.examination_lists import SqlExaminationLists
from retina_desktop.persistence.patient_merging import SqlPatientMerging
from tests.helpers.records import VISIT, keep_photograph, make_details, make_visit, stamp

RIGHT, LEFT = Laterality.RIGHT, Laterality.LEFT


@pytest.fixture
def lists(records):
    return SqlExaminationLists(records.audited)


def add_visit(records, patient, day=VISIT, *photographs):
    return records.examinations.add(
        patient.id, make_visit(visit_date=day), photographs=photographs, by=stamp(2)
    )


def test_the_readers_word_stands_before_the_models(lists, records, patient):
    photographs = [
        keep_photograph(records, b"right", dr=0.9),
        keep_photograph(records, b"left", eye=LEFT, dr=0.9),
        keep_photograph(records, b"neither", eye=None, dr=0.1),
    ]
    visit = add_visit(records, patient, VISIT, *photographs)
    (listed,) = lists.between(VISIT, VISIT)
    assert listed.right == listed.left == ("Diabetic retinopathy (not read)",)
    assert (listed.unstated, listed.reader, listed.signed_at) == ((), "", None)

    said = Reading(
        decisions=(
            Decision(RIGHT, "DR", Grade.ABSENT),
            Decision(RIGHT, "ARMD", Grade.QUESTIONABLE),
            Decision(LEFT, "DR", Grade.PRESENT),
            Decision(LEFT, "ODC", Grade.CANNOT_GRADE, ungradable=UngradableReason.SMALL_PUPIL),
        ),
        own_findings=(OwnFinding(None, "naevus"),),
        referral=ReferralTier.ROUTINE,
    )
    records.readings.save(visit.id, said, expected_version=0, by=stamp(3))
    records.readings.sign(visit.id, shown_name="Dr Anna", expected_version=1, by=stamp(4))
    (listed,) = lists.between(VISIT, VISIT)
    assert listed.right == ("Age-related macular degeneration (questionable)",)
    assert set(listed.left) == {
        "Diabetic retinopathy",
        "Optic disc cupping (cannot be graded)",
    }
    assert listed.unstated == ("naevus",)
    assert (listed.reader, listed.signed_at) == ("Dr Anna", stamp(4).at)
    assert listed.visit.state is ExaminationState.SIGNED
    assert listed.visit.tier is ReferralTier.ROUTINE
    assert listed.patient == patient.details


def test_a_withdrawn_photograph_shows_no_finding(lists, records, patient):
    visit = add_visit(records, patient, VISIT, keep_photograph(records, dr=0.9))
    (image,) = records.examinations.images(visit.id)
    records.examinations.set_withdrawn(image.id, withdrawn=True, by=stamp(3))
    (listed,) = lists.between(VISIT, VISIT)
    assert (listed.right, listed.visit.images) == ((), 0)


def test_pages_follow_each_other_without_a_gap(lists, records, patient, monkeypatch):
    monkeypatch.setattr(examination_lists, "_PAGE", 2)
    days = [VISIT + timedelta(days=shift) for shift in (3, 0, 1, 1, 1, 2)]
    keys = [(day, add_visit(records, patient, day).id) for day in days]
    found = [(listed.visit.visit_date, listed.visit.id) for listed in lists.between(*LONG)]
    assert found == sorted(keys)
    some = lists.between(VISIT + timedelta(days=1), VISIT + timedelta(days=2))
    assert [listed.visit.id for listed in some] == [key for _, key in sorted(keys)[1:5]]


LONG = (date(2000, 1, 1), date(2100, 1, 1))


def test_no_examination_no_rows(lists):
    assert list(lists.between(*LONG)) == []


def test_a_merged_patients_visits_show_under_who_is_kept(lists, records, patient):
    double = records.patients.add(make_details("P-2", name="Rao A"), by=stamp(1))
    add_visit(records, double)
    merging = SqlPatientMerging(records.audited)
    merging.merge(
        patient.id,
        double.id,
        expected_versions=(patient.version, double.version),
        by=stamp(2),
    )
    (listed,) = lists.between(VISIT, VISIT)
    assert listed.patient == patient.details


def test_a_demonstration_s_finding_is_called_one(lists, records, patient):
    kept = keep_photograph(records, b"right")
    content = replace(
        kept.analysis.content,
        findings=(Finding("RB", 0.9, 0.5, LabelStatus.DEMONSTRATION),),
        referral=Referral(ReferralTier.SOON, "Found."),
    )
    photograph = replace(kept, analysis=replace(kept.analysis, content=content))
    add_visit(records, patient, VISIT, photograph)

    (listed,) = lists.between(VISIT, VISIT)

    assert listed.right == ("Retinoblastoma (demonstration, not read)",)
