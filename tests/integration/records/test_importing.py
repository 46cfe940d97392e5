"""Photographs brought into real records, planned first."""

from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from skimage.data import retina

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.decisions import Reading
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.record_errors import PermissionDeniedError
from retina_desktop.domain.users import Role
from retina_desktop.persistence.patient_merging import SqlPatientMerging
from retina_desktop.services.importing_claims import Claim, claims_by_name, claims_by_tags
from retina_desktop.services.importing_names import NamePattern
from retina_desktop.services.tasks import TaskContext
from tests.helpers.clinics import Importer, acting, fundus_jpeg, outcomes
from tests.helpers.dicom_files import dicom_bytes
from tests.helpers.records import make_details, stamp

DAY = date(2024, 3, 2)


@pytest.fixture
def folder(tmp_path):
    """Three photographs of two visits of one patient, and one of another."""
    place = tmp_path / "photographs"
    place.mkdir()
    for seed, name in enumerate(
        ("P-1_OD_2024-03-02", "P-1_OD_2025-03-02", "P-1_OS_2024-03-02", "P-2_OD_2024-03-02")
    ):
        (place / f"{name}.jpg").write_bytes(fundus_jpeg(seed))
    return place


def claims_in(folder):
    pattern = NamePattern("{record_number}_{eye}_{date}")
    return claims_by_name(sorted(folder.iterdir()), pattern, below=folder)


def visits_of(records, number):
    patient = records.patients.find_by_record_number(number)
    return records.examinations.of_patient(patient.id)


def test_a_folder_comes_in_once_however_often_it_is_imported(records, folder):
    importer = Importer(records)
    plan = importer.plan(claims_in(folder))
    assert outcomes(plan) == ["new patient", "new visit", "added to a visit", "new patient"]
    assert records.patients.find_by_record_number("P-1") is None  # a plan changes nothing
    assert outcomes(importer.carry_out(plan)) == outcomes(plan)
    assert [(v.visit_date, v.images) for v in visits_of(records, "P-1")] == [
        (date(2025, 3, 2), 1),
        (DAY, 2),
    ]
    # The old plan, a new plan, and a plan's doing: nothing comes in twice.
    assert set(outcomes(importer.carry_out(plan))) == {"already in the records"}
    assert set(outcomes(importer.run(claims_in(folder)))) == {"already in the records"}
    assert [v.images for v in visits_of(records, "P-1")] == [1, 2]
    assert records.audit.verify().intact


def test_an_import_is_told_in_the_trail_by_counts(sqlite_records, folder):
    Importer(sqlite_records).run(claims_in(folder))
    (entry,) = [
        entry.event
        for entry in sqlite_records.audit.entries()
        if entry.event.action == AuditAction.IMPORTED
    ]
    assert entry.details == {
        "source": "test",
        "new patient": "2",
        "new visit": "1",
        "added to a visit": "1",
    }


def test_a_stopped_import_keeps_whole_visits_and_goes_on(sqlite_records, folder):
    importer = Importer(sqlite_records)
    plan = importer.plan(claims_in(folder))
    context = TaskContext()
    seen = []

    def stop_at_the_second(_fraction, _words):
        seen.append(1)
        if len(seen) == 2:
            context.cancel()

    context.on_progress = stop_at_the_second
    report = importer.carry_out(plan, context=context)
    assert report.stopped
    assert outcomes(report) == ["new patient", "not reached", "added to a visit", "not reached"]
    again = importer.run(claims_in(folder))
    assert outcomes(again) == [
        "already in the records",
        "new visit",
        "already in the records",
        "new patient",
    ]


def test_what_an_examination_of_the_day_lacks_is_added_to_it(sqlite_records, folder):
    importer = Importer(sqlite_records)
    claims = list(claims_in(folder))
    importer.run(claims[:1])
    report = importer.run(claims)
    assert outcomes(report)[2] == "added to a visit"
    assert [v.images for v in visits_of(sqlite_records, "P-1")] == [1, 2]


def test_a_signed_day_takes_nothing_more_but_lets_others_in(sqlite_records, folder):
    importer, claims = Importer(sqlite_records), list(claims_in(folder))
    (first, *_) = importer.run(claims[:1]).files
    plan = importer.plan(claims)
    readings = sqlite_records.readings
    readings.save(first.examination_id, Reading(), expected_version=0, by=stamp(1))
    readings.sign(first.examination_id, shown_name="Anna", expected_version=1, by=stamp(2))
    meanwhile = importer.carry_out(plan)  # signed after it was planned
    assert outcomes(meanwhile)[2] == "refused"
    assert meanwhile.files[2].error == "already_signed"
    assert outcomes(meanwhile)[3] == "new patient"
    planned = importer.plan(claims)
    assert outcomes(planned)[0] == "already in the records"
    assert "signed and locked" in planned.files[2].sentence


def refusals(records, claims, **wishes):
    report = Importer(records).plan(claims, **wishes)
    return [(file.outcome.value, file.sentence) for file in report.files]


def test_every_refusal_has_its_sentence(sqlite_records, folder, tmp_path):
    first = folder / "P-1_OD_2024-03-02.jpg"
    spoilt = tmp_path / "spoilt.jpg"
    spoilt.write_bytes(first.read_bytes()[:900])
    good = Claim(first, "P-1", visit_date=DAY, birth_date=date(1961, 5, 4))
    cases = [
        (replace(good, path=tmp_path / "none.jpg"), "no such file"),
        (replace(good, path=spoilt), "ends before"),
        (replace(good, record_number=" "), "whose eye this is"),
        (replace(good, visit_date=None), "--visit-date"),
        (replace(good, visit_date=date(2027, 1, 1)), "future"),
        (replace(good, birth_date=date(2025, 1, 1)), "before the patient's birth"),
        (replace(good, name="a\u202eb"), "control character"),
        (replace(good, problem="The row is odd."), "The row is odd."),
    ]
    for claim, words in cases:
        ((outcome, sentence),) = refusals(sqlite_records, [claim])
        assert (outcome, sentence[-1:]) == ("refused", "."), words
        assert words in sentence
    ((_, sentence),) = refusals(sqlite_records, [good], new_patients=False)
    assert "No patient has this record number" in sentence


def test_contradictions_between_records_and_files_are_refused(sqlite_records, folder):
    records = sqlite_records
    first, second = sorted(folder.iterdir())[:2]
    good = Claim(first, "P-1", visit_date=DAY)
    records.patients.add(make_details("P-1", birth_date=date(1961, 5, 4)), by=stamp(1))
    Importer(records).run([good])
    other_birth = Claim(second, "P-1", visit_date=DAY, birth_date=date(1970, 1, 1))
    twice = [Claim(second, "P-7", visit_date=DAY), Claim(second, "P-8", visit_date=DAY)]
    checks = [
        ([other_birth], "birth date"),
        ([replace(good, record_number="P-9")], "another patient's record"),
        ([replace(good, visit_date=date(2023, 1, 1))], "another day"),
        (twice, "another patient or day in this import"),
    ]
    for claims, words in checks:
        outcome, sentence = refusals(records, claims)[-1]
        assert outcome == "refused"
        assert words in sentence


def test_new_patients_without_a_name_are_told_of(sqlite_records, folder):
    path = next(folder.iterdir())
    nameless, named = (Claim(path, "P-1", name, visit_date=DAY) for name in ("", "Asha Rao"))
    assert "No name was given" in Importer(sqlite_records).plan([nameless]).files[0].remark
    assert Importer(sqlite_records).plan([named]).files[0].remark == ""
    sqlite_records.patients.add(PatientDetails("P-1", "Mina Okafor"), by=stamp(1))
    assert "differently" in Importer(sqlite_records).plan([named]).files[0].remark


def test_a_file_that_vanishes_after_the_plan_stops_no_other(sqlite_records, folder):
    importer = Importer(sqlite_records)
    plan = importer.plan(claims_in(folder))
    plan.files[0].claim.path.unlink()
    report = importer.carry_out(plan)
    assert outcomes(report) == ["refused", "new visit", "added to a visit", "new patient"]
    assert report.files[0].error == "image_missing"


def test_merged_patients_are_one(records, folder):
    importer = Importer(records)
    claims = list(claims_in(folder))
    importer.run(claims)
    kept = records.patients.find_by_record_number("P-2")
    double = records.patients.find_by_record_number("P-1")
    SqlPatientMerging(records.audited).merge(
        kept.id, double.id, expected_versions=(kept.version, double.version), by=stamp(9)
    )
    assert set(outcomes(importer.run(claims))) == {"already in the records"}


def test_who_may_not_may_not(sqlite_records, folder):
    importer = Importer(sqlite_records)
    plan = importer.plan(claims_in(folder), who=acting(Role.TECHNICIAN))
    with pytest.raises(PermissionDeniedError):
        importer.carry_out(plan, who=_nobody())
    with pytest.raises(PermissionDeniedError):
        importer.plan([], who=_nobody())


def _nobody():
    gone = acting(Role.TECHNICIAN)
    return replace(gone, user=replace(gone.user, active=False))


def dicom(path, **tags):
    pixels = np.ascontiguousarray(retina()[::4, ::4])
    path.write_bytes(dicom_bytes(pixels, photometric="RGB", **tags))
    return path


TAGS = {
    "PatientID": "P-5",
    "PatientName": "Yamada^Taro=山田^太郎=やまだ^たろう",
    "PatientBirthDate": "19610504",
    "PatientSex": "M",
    "ImageLaterality": "L",
    "StudyDate": "20240302",
}


def test_dicom_headers_say_who_and_when(sqlite_records, tmp_path):
    path = dicom(tmp_path / "1", SpecificCharacterSet="ISO_IR 192", **TAGS)
    (file,) = Importer(sqlite_records).run(claims_by_tags([path])).files
    assert file.outcome == "new patient"
    patient = sqlite_records.patients.find_by_record_number("P-5").details
    assert patient.name == "山田 太郎 (Yamada, Taro)"
    assert (patient.birth_date, patient.sex) == (date(1961, 5, 4), "M")
    (image,) = sqlite_records.examinations.images(file.examination_id)
    assert (image.laterality, image.laterality_source) == (Laterality.LEFT, "dicom")
    assert visits_of(sqlite_records, "P-5")[0].visit_date == DAY


def test_a_name_or_table_that_contradicts_the_header_is_refused(sqlite_records, tmp_path):
    path = dicom(tmp_path / "1", **(TAGS | {"PatientName": "Yamada^Taro"}))
    for claim, words in [
        (Claim(path, "P-6"), "names another patient"),
        (Claim(path, "p-5 ", eye=Laterality.RIGHT), "the other eye"),
        (Claim(path, birth_date=date(1990, 1, 1)), "another birth date"),
    ]:
        ((outcome, sentence),) = refusals(sqlite_records, [claim])
        assert outcome == "refused"
        assert words in sentence
    assert refusals(sqlite_records, [Claim(path, "p-5")])[0][0] == "new patient"


def test_without_a_header_nobody_knows_whose_eye_it_is(sqlite_records, folder):
    ((outcome, sentence), *_) = refusals(sqlite_records, claims_by_tags(folder.iterdir()))
    assert outcome == "refused"
    assert "whose eye this is" in sentence
