from datetime import date

import numpy as np
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.eye_measurements import (
    Correction,
    EyeMeasurements,
    IntraocularPressure,
    Tonometry,
    VisualAcuity,
)
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.record_errors import (
    AlreadySignedError,
    ConflictError,
    RecordNotFoundError,
    StoredImageMissingError,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from tests.helpers.analyses import make_analysis
from tests.helpers.records import (
    THUMBNAIL,
    VISIT,
    keep_photograph,
    make_details,
    make_new_analysis,
    make_visit,
    stamp,
)

MEASURED = make_visit(
    operator="T. Echnician",
    reason="Yearly check,\nblurred on the left",
    right=EyeMeasurements(
        VisualAcuity("6/9", Correction.PINHOLE), IntraocularPressure(17, Tonometry.REBOUND)
    ),
    left=EyeMeasurements(VisualAcuity("cf")),
)


def test_a_visit_comes_back_as_entered(records, patient):
    added = records.examinations.add(patient.id, MEASURED, by=stamp(2))

    assert records.examinations.get(added.id) == added
    assert added.details == MEASURED
    assert records.examinations.images(added.id) == ()


def test_a_visit_is_stored_whole_with_photographs_and_analyses(records, examination):
    (image,) = records.examinations.images(examination.id)
    (analysis,) = records.analyses.of_examination(examination.id)
    original = make_analysis(sha256=image.sha256)

    assert (image.laterality, image.laterality_source) == (Laterality.RIGHT, "user")
    assert records.examinations.image(image.id) == image
    assert records.examinations.thumbnails([image.id, 999]) == {image.id: THUMBNAIL}
    assert analysis == records.analyses.get(analysis.id)
    assert analysis.image_id == image.id
    assert analysis.content.findings == original.findings
    assert analysis.content.quality == original.quality
    assert analysis.content.laterality == original.laterality
    assert analysis.content.referral == original.referral
    assert analysis.content.field_of_view == original.field_of_view
    maps = records.analyses.maps(analysis.id)
    assert maps is not None
    assert maps.codes == original.maps.codes
    assert np.allclose(maps.values, original.maps.values, atol=3.0 / 254)


def test_nothing_is_stored_when_one_photograph_has_no_file(records, patient):
    good = keep_photograph(records)
    lost = keep_photograph(records, b"other bytes", analysed=False)
    records.images.remove(lost.image.sha256)

    with pytest.raises(StoredImageMissingError):
        records.examinations.add(
            patient.id, make_visit(), photographs=[good, lost], by=stamp(2)
        )

    assert records.examinations.of_patient(patient.id) == ()
    assert records.audit.verify().intact


def test_an_analysis_of_other_bytes_is_refused(records, examination):
    (image,) = records.examinations.images(examination.id)
    with pytest.raises(ValueError, match="another photograph"):
        records.analyses.add(image.id, make_new_analysis("cd" * 32), by=stamp(3))
    with pytest.raises(RecordNotFoundError):
        records.analyses.add(999, make_new_analysis("cd" * 32), by=stamp(3))


def test_a_rerun_adds_beside_and_never_over(records, examination):
    (image,) = records.examinations.images(examination.id)
    first = records.analyses.of_examination(examination.id)[0]

    second = records.analyses.add(
        image.id, make_new_analysis(image.sha256, dr=0.1), by=stamp(4)
    )

    assert records.analyses.of_examination(examination.id) == (first, second)
    (line,) = records.examinations.of_patient(examination.patient_id)
    assert line.model_tier is second.content.referral.tier


def test_two_writers_of_a_visit(records, examination):
    records.examinations.update(
        examination.id, MEASURED, expected_version=1, by=stamp(3, user="ben")
    )
    with pytest.raises(ConflictError) as caught:
        records.examinations.update(
            examination.id, make_visit(reason="mine"), expected_version=1, by=stamp(4)
        )
    assert {change.field for change in caught.value.changes} == {
        "operator",
        "reason",
        "right",
        "left",
    }
    assert records.examinations.get(examination.id).details == MEASURED


def test_the_state_follows_what_was_done(records, patient):
    store = records.examinations
    added = store.add(patient.id, make_visit(), by=stamp(2))

    def state():
        return store.of_patient(patient.id)[0].state

    assert state() is ExaminationState.CAPTURED
    image = store.add_photograph(
        added.id, keep_photograph(records, analysed=False), by=stamp(3)
    )
    assert state() is ExaminationState.CAPTURED
    records.analyses.add(image.id, make_new_analysis(image.sha256), by=stamp(4))
    assert state() is ExaminationState.ANALYSED
    second = store.add_photograph(
        added.id, keep_photograph(records, b"left eye", analysed=False), by=stamp(5)
    )
    assert state() is ExaminationState.CAPTURED
    store.set_withdrawn(second.id, withdrawn=True, by=stamp(6))
    assert state() is ExaminationState.ANALYSED
    assert store.set_handed_over(added.id, handed_over=True, by=stamp(7)).handed_over
    assert state() is ExaminationState.TO_BE_READ
    store.set_handed_over(added.id, handed_over=False, by=stamp(8))
    assert state() is ExaminationState.ANALYSED


def test_a_withdrawn_photograph_can_be_brought_back(records, examination):
    (image,) = records.examinations.images(examination.id)

    withdrawn = records.examinations.set_withdrawn(image.id, withdrawn=True, by=stamp(3))

    assert records.examinations.images(examination.id) == ()
    assert records.examinations.images(examination.id, withdrawn=True) == (withdrawn,)
    assert records.analyses.of_examination(examination.id) == ()
    back = records.examinations.set_withdrawn(image.id, withdrawn=False, by=stamp(4))
    assert records.examinations.images(examination.id) == (back,)
    assert back.version == 3


def test_the_eye_can_be_corrected(records, examination):
    (image,) = records.examinations.images(examination.id)

    left = records.examinations.set_laterality(image.id, Laterality.LEFT, by=stamp(3))
    unknown = records.examinations.set_laterality(image.id, None, by=stamp(4))

    assert (left.laterality, left.laterality_source) == (Laterality.LEFT, "user")
    assert (unknown.laterality, unknown.laterality_source) == (None, LateralitySource.NONE)


def test_the_worklist_has_the_urgent_first(records):
    tiers = {}
    for number, dr in enumerate((0.1, 0.9, None)):
        patient = records.patients.add(make_details(f"W-{number}"), by=stamp(1))
        photographs = [] if dr is None else [keep_photograph(records, bytes([number]), dr=dr)]
        visit = records.examinations.add(
            patient.id, make_visit(), photographs=photographs, by=stamp(2)
        )
        tiers[visit.id] = dr
    other = make_visit(visit_date=date(2026, 3, 3))
    records.examinations.add(patient.id, other, by=stamp(3))

    lines = records.examinations.worklist(VISIT)

    assert [line.model_tier for line in lines] == [ReferralTier.SOON, ReferralTier.NONE, None]
    assert [tiers[line.id] for line in lines] == [0.9, 0.1, None]
    assert records.examinations.worklist(date(2020, 1, 1)) == ()


def test_the_timeline_has_the_newest_first(records, patient):
    days = [date(2024, 5, 1), date(2026, 1, 1), date(2025, 3, 1)]
    for day in days:
        records.examinations.add(patient.id, make_visit(visit_date=day), by=stamp(2))

    timeline = records.examinations.of_patient(patient.id)

    assert [line.visit_date for line in timeline] == sorted(days, reverse=True)


def test_unknown_examinations_and_images(records, patient):
    with pytest.raises(RecordNotFoundError):
        records.examinations.add(99, make_visit(), by=stamp())
    for lookup in (
        lambda: records.examinations.get(99),
        lambda: records.examinations.images(99),
        lambda: records.examinations.image(99),
        lambda: records.analyses.get(99),
        lambda: records.examinations.set_handed_over(99, handed_over=True, by=stamp()),
        lambda: records.examinations.set_withdrawn(99, withdrawn=True, by=stamp()),
    ):
        with pytest.raises(RecordNotFoundError):
            lookup()
    assert records.analyses.maps(99) is None
    assert records.examinations.of_patient(99) == ()


def test_the_same_photograph_in_two_visits_is_one_file(records, patient):
    for _ in range(2):
        photograph = keep_photograph(records)
        records.examinations.add(
            patient.id, make_visit(), photographs=[photograph], by=stamp(2)
        )

    assert len(list(records.images.files())) == 1
    assert records.audit.verify().intact


KEPT_STATEMENTS = (
    "UPDATE analysis SET tier = 'none'",
    "DELETE FROM analysis",
    "UPDATE heatmap SET packed = packed",
    "DELETE FROM heatmap",
    "DELETE FROM present_finding",
    "UPDATE thumbnail SET jpeg = jpeg",
    "DELETE FROM thumbnail",
    "UPDATE audit_entry SET action = 'nothing'",
    "DELETE FROM audit_entry",
    "DELETE FROM audit_head",
    "UPDATE audit_head SET sequence = sequence - 1",
    "UPDATE audit_head SET hash = hash",
)


def test_the_database_itself_refuses_to_change_what_is_kept(records, examination):
    for statement in KEPT_STATEMENTS:
        with (
            pytest.raises(DBAPIError, match="guard"),
            records.database.write() as session,
        ):
            session.execute(text(statement))


def test_a_signed_visit_takes_nothing_more(records, examination):
    (image,) = records.examinations.images(examination.id)
    records.readings.save(examination.id, Reading(), expected_version=0, by=stamp(3))
    records.readings.sign(examination.id, shown_name="Dr A", expected_version=1, by=stamp(4))

    for change in (
        lambda: records.examinations.update(
            examination.id, MEASURED, expected_version=1, by=stamp(5)
        ),
        lambda: records.examinations.set_handed_over(
            examination.id, handed_over=True, by=stamp(5)
        ),
        lambda: records.examinations.add_photograph(
            examination.id, keep_photograph(records, b"late"), by=stamp(5)
        ),
        lambda: records.examinations.set_laterality(image.id, Laterality.LEFT, by=stamp(5)),
        lambda: records.examinations.set_withdrawn(image.id, withdrawn=True, by=stamp(5)),
    ):
        with pytest.raises(AlreadySignedError):
            change()
    newer = records.analyses.add(image.id, make_new_analysis(image.sha256, dr=0.2), by=stamp(6))
    assert newer in records.analyses.of_examination(examination.id)
    assert records.audit.verify().intact
