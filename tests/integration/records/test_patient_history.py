"""A patient's history over visits, re-runs, readings and merged doubles."""

from dataclasses import replace
from datetime import date

import pytest

from retina_desktop.bootstrap_records.patients import PatientUseCases
from retina_desktop.domain.analysis_changes import probability_difference
from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.stored_analyses import NewAnalysis
from retina_desktop.domain.users import Role, User
from retina_desktop.services.acting import Acting
from tests.helpers.records import (
    keep_photograph,
    make_details,
    make_new_analysis,
    make_visit,
    stamp,
)

RIGHT = Laterality.RIGHT


@pytest.fixture
def use(records):
    return PatientUseCases(records)


@pytest.fixture
def acting():
    user = User("anna", "Dr Anna Ito", frozenset({Role.READER}))
    return Acting(user, "desk-1", lambda: stamp(60).at)


def visit(records, patient, day, dr, content):
    kept = [keep_photograph(records, content * 50, dr=dr)]
    details = make_visit(visit_date=day)
    return records.examinations.add(patient.id, details, photographs=kept, by=stamp(2))


def rerun(records, examination):
    """Add what a newer model says: DR gone, ARMD no more assessed, RP assessed and present."""
    (image,) = records.examinations.images(examination.id)
    old = make_new_analysis(image.sha256, dr=0.2).content
    findings = (
        *old.findings[:2],
        Finding("ARMD", None, None, LabelStatus.NOT_ASSESSED),
        Finding("RP", 0.8, 0.5, LabelStatus.EVALUATED),
    )
    content = replace(
        old, findings=findings, maps_sha256="", model=replace(old.model, version="2.0.0")
    )
    return records.analyses.add(image.id, NewAnalysis(content), by=stamp(5))


@pytest.fixture
def two_visits(records):
    patient = records.patients.add(make_details(), by=stamp(1))
    early = visit(records, patient, date(2024, 1, 5), 0.9, b"early")
    late = visit(records, patient, date(2025, 1, 5), 0.4, b"late")
    said = Decision(RIGHT, "DR", Grade.PRESENT, reason="seen")
    records.readings.save(late.id, Reading((said,)), expected_version=0, by=stamp(3))
    return patient, early, late


def test_visits_trends_and_readings_are_put_side_by_side(records, use, acting, two_visits):
    patient, early, late = two_visits

    history = use.history(acting, patient.id)

    assert [v.summary.id for v in history.visits] == [early.id, late.id]
    (eye,) = history.visits[0].eyes
    assert (eye.eye, eye.models, eye.quality.gradable) == (RIGHT, ("test-model 1.0.0",), True)
    assert eye.label("DR").finding.probability == 0.9
    assert eye.label("RP").finding.status is LabelStatus.NOT_ASSESSED
    assert history.visits[1].eye(RIGHT).label("DR").decision.grade is Grade.PRESENT
    (trend,) = history.trends()  # neither what was never present nor the collective label
    assert (trend.eye, trend.label) == (RIGHT, "DR")
    points = [(p.visit_date.year, p.finding.probability, p.decision) for p in trend.points]
    assert [(year, p) for year, p, _ in points] == [(2024, 0.9), (2025, 0.4)]
    assert points[1][2].reason == "seen"
    assert len(history.trends(all_labels=True)) == 4
    assert history.before(late.id) == history.visits[0]
    assert history.before(early.id) is None
    last = list(records.audit.entries())[-1]
    assert last.event.action == AuditAction.PATIENT_SEEN


def test_a_rerun_is_newest_and_its_changes_are_named(records, use, acting, two_visits):
    patient, early, _ = two_visits
    older = records.analyses.of_examination(early.id)[0]
    newer = rerun(records, early)

    changes = use.compare_analyses(acting, older.id, newer.id)

    assert (changes.older_model.version, changes.newer_model.version) == ("1.0.0", "2.0.0")
    assert (changes.appeared, changes.vanished) == (("RP",), ("Disease_Risk", "DR"))
    assert (changes.no_longer_assessed, changes.newly_assessed) == (("ARMD",), ("RP",))
    assert not changes.nothing_crossed
    by_label = {change.label: probability_difference(change) for change in changes.changes}
    assert by_label["DR"] == pytest.approx(-0.7)
    assert by_label["ARMD"] is None
    eye = use.history(acting, patient.id).visits[0].eye(RIGHT)
    assert eye.models == ("test-model 2.0.0",)
    assert eye.label("DR").finding.probability == 0.2
    same = use.compare_analyses(acting, older.id, older.id)
    assert same.changes == ()
    assert same.nothing_crossed


def test_different_photographs_are_not_compared(records, use, acting, two_visits):
    _, early, late = two_visits
    (one,), (other,) = (records.analyses.of_examination(v.id) for v in (early, late))
    with pytest.raises(ValueError, match="different photographs"):
        use.compare_analyses(acting, one.id, other.id)


def test_a_doubles_visits_stand_in_the_kept_history(records, use, acting, two_visits):
    patient, _, _ = two_visits
    double = records.patients.add(make_details("P-2", name="Rao Asha"), by=stamp(6))
    visit(records, double, date(2024, 6, 1), 0.7, b"double")
    use.merge(acting, patient.id, double.id, (1, 1))

    for number in (patient.id, double.id):
        history = use.history(acting, number)
        assert history.patient == patient
        assert [v.summary.visit_date.year for v in history.visits] == [2024, 2024, 2025]
    assert len(use.undo_merge(acting, double.id).details.name) > 0
    assert len(use.history(acting, patient.id).visits) == 2


def test_the_use_cases_ask_for_permission_and_write_no_words_down(
    records, use, acting, two_visits
):
    use.search(acting, PatientQuery("Asha"))
    use.duplicates(acting)
    use.similar(acting, make_details("Z-9"))
    for entry in records.audit.entries():
        assert "Asha" not in str(entry.event.details)
    nobody = replace(acting, user=replace(acting.user, active=False))
    for ask in (
        lambda: use.search(nobody, PatientQuery("x")),
        lambda: use.duplicates(nobody),
        lambda: use.similar(nobody, make_details()),
        lambda: use.history(nobody, 1),
        lambda: use.compare_analyses(nobody, 1, 1),
        lambda: use.merge(nobody, 1, 2, (1, 1)),
        lambda: use.undo_merge(nobody, 1),
    ):
        with pytest.raises(PermissionDeniedError):
            ask()
