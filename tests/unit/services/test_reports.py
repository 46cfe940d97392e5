"""Reports of real records, printed by the real press."""

import io
import re
from dataclasses import dataclass, replace
from datetime import date

import cv2
import pypdf
import pytest
import skimage.data

from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.config.folders import Folders
from retina_desktop.domain.audit import AuditAction
from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.decisions import Decision, Grade, Reading
from retina_desktop.domain.errors import ImageUnreadableError, TaskCancelledError
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.record_errors import (
    ConflictError,
    PermissionDeniedError,
    RecordNotFoundError,
    RecordsDamagedError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.report_content import Language, Paper, ReportContent, Template
from retina_desktop.domain.users import Role, User
from retina_desktop.imaging.marks import mark_as_png
from retina_desktop.persistence.opening import Records
from retina_desktop.services.acting import Acting
from retina_desktop.services.clinic_profile import SaveClinicProfile
from retina_desktop.services.report_settings import ReportDefaults
from retina_desktop.services.reports import PrintedReport, ReportDesk
from retina_desktop.services.tasks import TaskContext
from tests.helpers.record_fixtures import new_records, sqlite_backend, sqlite_records
from tests.helpers.records import (
    MORNING,
    VISIT,
    keep_photograph,
    make_details,
    make_visit,
    stamp,
)

__all__ = ["new_records", "sqlite_backend", "sqlite_records"]

JPEG = cv2.imencode(".jpg", skimage.data.retina()[::4, ::4, ::-1])[1].tobytes()
SUMMARY = (Template.SUMMARY, Paper.A4, Language.ENGLISH)


def acting(*roles: Role) -> Acting:
    return Acting(User("anna", "Dr Anna", frozenset(roles)), "desk-1", lambda: MORNING)


READER = acting(Role.READER)
TECHNICIAN = acting(Role.TECHNICIAN)
ADMINISTRATOR = acting(Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Clinic:
    """One patient with a signed visit, and one with a visit nobody has read."""

    records: Records
    desk: ReportDesk
    signed: int
    unread: int

    def actions(self) -> list[str]:
        return [entry.event.action for entry in self.records.audit.entries()]


@pytest.fixture
def clinic(sqlite_records):
    records = sqlite_records
    visits = []
    for number, content in (("P-1", JPEG), ("P-2", JPEG + b" ")):
        patient = records.patients.add(make_details(number, name=f"Asha {number}"), by=stamp())
        photographs = [keep_photograph(records, content, dr=0.9)]
        visit = records.examinations.add(
            patient.id, make_visit(), photographs=photographs, by=stamp()
        )
        visits.append(visit.id)
    said = Reading(
        decisions=(Decision(Laterality.RIGHT, "DR", Grade.PRESENT),),
        referral=ReferralTier.SOON,
    )
    records.readings.save(visits[0], said, expected_version=0, by=stamp())
    records.readings.sign(visits[0], shown_name="Dr Anna", expected_version=1, by=stamp())
    return Clinic(records, report_desk(records, Folders.find({})), *visits)


def text_of(pdf: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(pdf)).pages
    return re.sub(r"\s+", " ", " ".join(page.extract_text() for page in pages))


def test_a_preview_keeps_nothing_and_says_so(clinic):
    before = clinic.records.audit.head().sequence
    text = text_of(clinic.desk.preview(TECHNICIAN, clinic.signed, *SUMMARY))
    assert "Preview, not kept in the records" in text
    assert "Asha P-1" in text
    assert clinic.desk.listed.newest(TECHNICIAN, 10) == ()
    assert clinic.actions()[before:] == [AuditAction.EXAMINATION_SEEN]


def test_a_report_is_kept_and_given_out_again_byte_for_byte(clinic):
    made = clinic.desk.make(READER, clinic.signed, *SUMMARY)
    assert made.number in text_of(made.pdf)
    assert not made.report.draft
    clinic.records.readings.add_addendum(
        clinic.signed, "OCT was done.", shown_name="Dr Anna", by=stamp(60)
    )
    again = clinic.desk.reprint(READER, f" {made.number} ")
    assert again == made
    assert clinic.actions()[-1] == AuditAction.REPORT_REPRINTED
    assert clinic.records.audit.verify().intact
    fresh = clinic.desk.make(READER, clinic.signed, *SUMMARY)
    assert "OCT was done." in text_of(fresh.pdf)
    assert "OCT was done." not in text_of(again.pdf)
    listed = clinic.desk.listed.of_examination(TECHNICIAN, clinic.signed)
    assert [report.number for report in listed] == [fresh.number, made.number]


def test_before_signing_a_report_is_a_draft(clinic):
    made = clinic.desk.make(READER, clinic.unread, *SUMMARY)
    assert made.report.draft
    assert "DRAFT" in text_of(made.pdf)


def test_the_head_on_the_pages_is_the_one_in_the_record(clinic):
    made = clinic.desk.make(READER, clinic.signed, Template.FULL, *SUMMARY[1:])
    assert f"entry {made.report.audit_sequence}, {made.report.audit_hash}" in text_of(made.pdf)


def test_a_technician_gives_no_report_out(clinic):
    made = clinic.desk.make(READER, clinic.signed, *SUMMARY)
    with pytest.raises(PermissionDeniedError):
        clinic.desk.make(TECHNICIAN, clinic.signed, *SUMMARY)
    with pytest.raises(PermissionDeniedError):
        clinic.desk.reprint(TECHNICIAN, made.number)


def test_a_report_whose_file_is_gone_or_damaged_is_told_in_one_sentence(clinic):
    made = clinic.desk.make(READER, clinic.signed, *SUMMARY)
    (file,) = (f for f in clinic.records.images.files() if f.sha256 == made.report.pdf_sha256)
    file.path.write_bytes(file.path.read_bytes()[:-7] + b"altered")
    with pytest.raises(StoredImageDamagedError, match=r"^This report's file .* is damaged;"):
        clinic.desk.reprint(READER, made.number)
    file.path.unlink()
    with pytest.raises(StoredImageMissingError, match=r"^This report's file is missing"):
        clinic.desk.reprint(READER, made.number)
    with pytest.raises(RecordNotFoundError):
        clinic.desk.reprint(READER, "E9-NONE")


def test_the_clinic_and_its_choice_of_paper_and_language_are_printed(clinic):
    profile = ClinicProfile("Aravali Eye Clinic", "14 Lake Road")
    SaveClinicProfile(clinic.records.settings, mark_as_png)(
        ADMINISTRATOR, profile, expected_version=0
    )
    desk = clinic.desk
    assert desk.defaults(READER) == ReportDefaults()
    chosen = replace(desk.defaults(READER), language=Language.FRENCH, paper=Paper.LETTER)
    stored = desk.save_defaults(ADMINISTRATOR, chosen)
    assert desk.defaults(READER) == stored
    with pytest.raises(ConflictError):
        desk.save_defaults(ADMINISTRATOR, replace(chosen, paper=Paper.A4))
    with pytest.raises(PermissionDeniedError):
        desk.save_defaults(READER, stored)
    pdf = desk.make(READER, clinic.signed, Template.SUMMARY, stored.paper, stored.language).pdf
    assert "Aravali Eye Clinic" in text_of(pdf)
    assert "Signé par Dr Anna" in text_of(pdf)


@pytest.mark.parametrize(
    "value", ["letter", {"paper": "a4"}, {"paper": "a0", "language": "en"}]
)
def test_damaged_defaults_are_told_in_one_sentence(clinic, value):
    clinic.records.settings.put("report.defaults", value, expected_version=0, by=stamp())
    with pytest.raises(RecordsDamagedError, match="choose them again"):
        clinic.desk.defaults(READER)


class _PressThatFails:
    """A press that cannot print one patient's report."""

    def __init__(self, press, name: str) -> None:
        self._press, self._name = press, name

    def __call__(self, content: ReportContent, **form) -> bytes:
        if content.patient.name == self._name:
            raise ImageUnreadableError("The logo cannot be read.")
        return self._press(content, **form)


def make_day(clinic: Clinic, given: list[PrintedReport], *, desk=None, **options):
    day = options.pop("day", VISIT)
    context = options.pop("context", TaskContext())
    return (desk or clinic.desk).make_days(
        context, READER, day, *SUMMARY, give_out=given.append, **options
    )


def test_a_days_reports_leave_out_what_is_not_signed_unless_asked(clinic):
    given = []
    outcomes = {o.examination_id: o for o in make_day(clinic, given)}
    assert outcomes[clinic.unread].unsigned
    assert outcomes[clinic.signed].report == given[0].report
    assert len(given) == 1
    drafts = make_day(clinic, given, drafts=True)
    assert [outcome.report.draft for outcome in drafts].count(True) == 1
    assert make_day(clinic, given, day=date(2020, 1, 1)) == ()


def test_a_report_that_fails_stops_no_other(clinic):
    make = replace(clinic.desk.make, press=_PressThatFails(clinic.desk.make.press, "Asha P-1"))
    desk = replace(clinic.desk, make_days=replace(clinic.desk.make_days, make=make))
    given = []
    outcomes = {o.examination_id: o for o in make_day(clinic, given, desk=desk, drafts=True)}
    assert str(outcomes[clinic.signed].error) == "The logo cannot be read."
    assert outcomes[clinic.unread].report == given[0].report
    assert len(clinic.desk.listed.newest(READER, 10)) == 1


def test_a_days_reports_can_be_cancelled(clinic):
    context = TaskContext()
    context.cancel()
    with pytest.raises(TaskCancelledError):
        make_day(clinic, [], context=context)
    assert clinic.desk.listed.newest(READER, 10) == ()


class _StoreThatLosesTheFileOnce:
    """A start-up elsewhere sets the file aside right before the row is written."""

    def __init__(self, store, files) -> None:
        self._store, self._files, self._lost = store, files, False

    def add(self, report, *, by):
        if not self._lost:
            self._lost = True
            self._files.set_aside(report.pdf_sha256)
        return self._store.add(report, by=by)


def test_a_file_set_aside_meanwhile_is_kept_again(clinic):
    files = clinic.records.images
    store = _StoreThatLosesTheFileOnce(clinic.desk.make.reports, files)
    made = replace(clinic.desk.make, reports=store)(READER, clinic.signed, *SUMMARY)
    assert files.read(made.report.pdf_sha256) == made.pdf
