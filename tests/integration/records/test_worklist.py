"""A day's list with its patients, on real records of each kind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.examinations import AdviceMark
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.referral import Referral, ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.services.acting import Acting
from retina_desktop.services.worklist import ShowWorklist
from tests.helpers.records import (
    MORNING,
    VISIT,
    keep_photograph,
    make_details,
    make_visit,
    stamp,
)

ANNA = Acting(User("anna", "Dr Anna", frozenset({Role.READER})), "desk-1", lambda: MORNING)


@pytest.fixture
def show(records):
    return ShowWorklist(records.patients, records.examinations, records.audit)


def visit_of(records, number, **analysis):
    patient = records.patients.add(make_details(number), by=stamp())
    photographs = [keep_photograph(records, number.encode(), **analysis)] if analysis else []
    return records.examinations.add(
        patient.id, make_visit(), photographs=photographs, by=stamp()
    )


def test_the_most_urgent_stands_first_with_its_patient(records, show):
    visit_of(records, "P-1")
    visit_of(records, "P-2", dr=0.01)
    visit_of(records, "P-3", dr=0.95)

    found = show(ANNA, VISIT)

    numbers = [line.patient.details.record_number for line in found.lines]
    assert numbers[0] == "P-3"
    assert numbers[-1] == "P-1"
    assert [e.event.action for e in records.audit.entries()][
        -1
    ] == AuditAction.PATIENTS_SEARCHED


def test_it_is_read_again_only_when_something_happened(records, show):
    visit_of(records, "P-1")
    show(ANNA, VISIT)
    shown = show(ANNA, VISIT)
    again = show.changed(ANNA, shown)  # the entry of the looking itself
    assert again is not None
    assert again.lines == shown.lines
    assert show.changed(ANNA, again) is None

    visit_of(records, "P-2")

    changed = show.changed(ANNA, again)
    assert changed is not None
    assert len(changed.lines) == 2


def test_refreshing_writes_nothing_into_the_trail(records, show):
    visit_of(records, "P-1")
    shown = show(ANNA, VISIT)
    head = records.audit.head()
    show.changed(ANNA, shown)
    assert records.audit.head() == head


def test_another_day_is_empty(records, show):
    visit_of(records, "P-1")
    assert show(ANNA, VISIT + timedelta(days=1)).lines == ()


def test_who_left_the_clinic_sees_nothing(records, show):
    gone = Acting(User("ben", "Ben", frozenset({Role.READER}), active=False), "d", ANNA.now)
    with pytest.raises(PermissionDeniedError):
        show(gone, VISIT)


def marked_visit(records, number, *marks):
    """Keep a visit with a photograph for each mark, every one of the same urgency."""
    patient = records.patients.add(make_details(number), by=stamp())
    photographs = []
    for place, mark in enumerate(marks):
        kept = keep_photograph(records, f"{number}-{place}".encode())
        demonstration = mark is AdviceMark.DEMONSTRATION
        status = LabelStatus.DEMONSTRATION if demonstration else LabelStatus.EVALUATED
        content = replace(
            kept.analysis.content,
            findings=(Finding("DR", 0.9, 0.5, status),),
            referral=Referral(ReferralTier.SOON, "Found."),
            range_check=RangeCheck(9.5, 4.0) if mark is AdviceMark.OUTSIDE_RANGE else None,
        )
        photographs.append(replace(kept, analysis=replace(kept.analysis, content=content)))
    return records.examinations.add(
        patient.id, make_visit(), photographs=photographs, by=stamp()
    )


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ([AdviceMark.NONE], AdviceMark.NONE),
        ([AdviceMark.DEMONSTRATION], AdviceMark.DEMONSTRATION),
        ([AdviceMark.OUTSIDE_RANGE], AdviceMark.OUTSIDE_RANGE),
        ([AdviceMark.OUTSIDE_RANGE, AdviceMark.DEMONSTRATION], AdviceMark.DEMONSTRATION),
        ([AdviceMark.DEMONSTRATION, AdviceMark.NONE], AdviceMark.NONE),
    ],
)
def test_a_line_says_on_what_frail_ground_its_urgency_rests(records, show, marks, shown):
    marked_visit(records, "P-1", *marks)

    [line] = show(ANNA, VISIT).lines

    assert (line.visit.tier, line.visit.mark) == (ReferralTier.SOON, shown)
