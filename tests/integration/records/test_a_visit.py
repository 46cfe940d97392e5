"""A visit through the use cases, with a real photograph, on every kind of database."""

from dataclasses import replace
from hashlib import sha256

import cv2
import numpy as np
import pytest
from PIL import Image
from skimage import data

from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.decisions import Decision, Grade, Reading, agreement_with
from retina_desktop.domain.errors import ImageUnreadableError, TaskCancelledError
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import (
    InvalidEntryError,
    NotReadyToSignError,
    PermissionDeniedError,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import (
    BeginExamination,
    IncomingPhotograph,
    KeepAnalysis,
    KeepPhotograph,
    OpenExamination,
)
from retina_desktop.services.patient_records import AddPatient, ChangePatient, OpenPatient
from retina_desktop.services.signing import AddAddendum, SaveReading, SignExamination
from retina_desktop.services.tasks import TaskContext
from tests.helpers.analyses import make_analysis
from tests.helpers.records import MORNING, make_details, make_manifest, make_visit


@pytest.fixture(scope="module")
def photograph(tmp_path_factory):
    path = tmp_path_factory.mktemp("camera") / "Rao Asha OD\u2028.png"
    Image.fromarray(data.retina()).save(path)
    return path


def acting(*roles, name="anna"):
    return Acting(User(name, f"Dr {name.title()}", frozenset(roles)), "desk-1", lambda: MORNING)


READER, TECHNICIAN = acting(Role.READER), acting(Role.TECHNICIAN, name="tom")


@pytest.fixture
def begin(records):
    return BeginExamination(
        records.examinations, KeepPhotograph(records.images, decode_photograph, "0.1.0")
    )


def test_a_whole_visit(records, begin, photograph):
    bytes_of_camera = photograph.read_bytes()
    patient = AddPatient(records.patients)(TECHNICIAN, make_details())
    analysis = make_analysis(sha256=sha256(bytes_of_camera).hexdigest())
    incoming = IncomingPhotograph(photograph, None, analysis, make_manifest())
    visit = begin(
        TaskContext(), TECHNICIAN, patient_id=patient.id, details=make_visit(),
        photographs=[incoming, replace(incoming, laterality=Laterality.LEFT)],
    )  # fmt: skip

    opened = OpenExamination(
        records.examinations, records.analyses, records.readings, records.audit
    )
    shown = opened(READER, visit.id)
    assert [(i.laterality, i.laterality_source) for i in shown.images] == [
        (Laterality.RIGHT, "image"),
        (Laterality.LEFT, "user"),
    ]
    assert (shown.images[0].width, shown.images[0].height) == (1411, 1411)
    assert shown.images[0].original_name == "Rao Asha OD\ufffd.png"
    assert records.images.read(shown.images[0].sha256) == bytes_of_camera
    thumbnail = records.examinations.thumbnails([shown.images[0].id])[shown.images[0].id]
    small = cv2.imdecode(np.frombuffer(thumbnail, np.uint8), cv2.IMREAD_COLOR)
    assert small.shape == (160, 160, 3)
    assert abs(float(small.mean()) - float(data.retina().mean())) < 3

    sign = SignExamination(records.examinations, records.analyses, records.readings)
    assert sign.missing(visit.id) == (
        "Decide on DR (OD).",
        "Decide on DR (OS).",
        "Choose the referral.",
    )
    with pytest.raises(NotReadyToSignError):
        sign(READER, visit.id, expected_version=0)
    finding = shown.newest_analysis(shown.images[0].id).content.finding("DR")
    decisions = tuple(
        Decision(eye, "DR", Grade.PRESENT, agreement_with(finding, Grade.PRESENT))
        for eye in Laterality
    )
    reading = Reading(decisions=decisions, referral=ReferralTier.SOON)
    save = SaveReading(records.readings)
    saved = save(READER, visit.id, reading, expected_version=0)
    signed = sign(READER, visit.id, expected_version=saved.version)
    assert signed.signature.shown_name == "Dr Anna"
    assert sign.missing(visit.id) == ()
    AddAddendum(records.readings)(READER, visit.id, "Called the patient.")

    newer = make_analysis(sha256=shown.images[0].sha256, dr=0.1)
    KeepAnalysis(records.analyses, "0.2.0")(
        TECHNICIAN, shown.images[0].id, newer, make_manifest()
    )
    after = opened(READER, visit.id)
    assert len(after.analyses) == 3
    assert after.newest_analysis(shown.images[0].id).content.software_version == "0.2.0"
    assert after.reading == signed
    assert [addendum.text for addendum in after.addenda] == ["Called the patient."]

    record = OpenPatient(records.patients, records.examinations, records.audit)(
        READER, patient.id
    )
    assert record.visits[0].tier is ReferralTier.SOON
    actions = [entry.event.action for entry in records.audit.entries()]
    assert actions.count(AuditAction.EXAMINATION_SEEN) == 2
    assert actions[-1] == AuditAction.PATIENT_SEEN
    assert records.audit.verify().intact


def test_who_may_do_what(records):
    with pytest.raises(PermissionDeniedError):
        SaveReading(records.readings)(TECHNICIAN, 1, Reading(), expected_version=0)
    administrator = acting(Role.ADMINISTRATOR)
    sign = SignExamination(records.examinations, records.analyses, records.readings)
    with pytest.raises(PermissionDeniedError):
        sign(administrator, 1, expected_version=0)
    with pytest.raises(PermissionDeniedError):
        AddAddendum(records.readings)(TECHNICIAN, 1, "x")


def test_a_file_that_is_no_photograph_leaves_no_visit(records, begin, photograph, tmp_path):
    patient = AddPatient(records.patients)(TECHNICIAN, make_details())
    bad = tmp_path / "notes.txt"
    bad.write_text("not a photograph")
    cancelled = TaskContext()
    cancelled.cancel()

    for context, path, error in (
        (TaskContext(), bad, ImageUnreadableError),
        (TaskContext(), tmp_path / "gone.png", ImageUnreadableError),
        (cancelled, photograph, TaskCancelledError),
    ):
        with pytest.raises(error):
            begin(
                context,
                TECHNICIAN,
                patient_id=patient.id,
                details=make_visit(),
                photographs=[IncomingPhotograph(photograph), IncomingPhotograph(path)],
            )

    assert records.examinations.of_patient(patient.id) == ()


def test_a_birth_in_the_future_is_refused(records):
    born = make_details(birth_date=MORNING.date().replace(year=2027))
    with pytest.raises(InvalidEntryError):
        AddPatient(records.patients)(TECHNICIAN, born)
    patient = AddPatient(records.patients)(TECHNICIAN, make_details())
    with pytest.raises(InvalidEntryError):
        ChangePatient(records.patients)(TECHNICIAN, patient.id, born, expected_version=1)
    changed = ChangePatient(records.patients)(
        TECHNICIAN, patient.id, make_details(notes="x"), expected_version=1
    )
    assert changed.version == 2


def test_an_analysis_of_another_file_is_refused(records, begin, photograph):
    patient = AddPatient(records.patients)(TECHNICIAN, make_details())
    other = IncomingPhotograph(photograph, None, make_analysis(), make_manifest())
    with pytest.raises(ImageUnreadableError, match="changed"):
        begin(
            TaskContext(), TECHNICIAN, patient_id=patient.id, details=make_visit(),
            photographs=[other],
        )  # fmt: skip
    with pytest.raises(ValueError, match="manifest"):
        IncomingPhotograph(photograph, None, make_analysis())
