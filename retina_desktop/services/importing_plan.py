"""What an import would do with each file; nothing is changed by finding it out."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date

from retina_desktop.domain.errors import ImageUnreadableError
from retina_desktop.domain.images import DicomFacts, FundusImage
from retina_desktop.domain.patients import Patient, PatientDetails, Sex
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.domain.transfer_errors import ImportRefusedError
from retina_desktop.domain.users import Permission
from retina_desktop.imaging.thumbnails import THUMBNAIL_SIDE
from retina_desktop.services.acting import Acting
from retina_desktop.services.identity_checks import same_number
from retina_desktop.services.importing import FileOutcome, ImportedFile, ImportReport
from retina_desktop.services.importing_claims import Claim
from retina_desktop.services.importing_ports import ImportedVisits
from retina_desktop.services.ports import PhotographReader
from retina_desktop.services.records_ports import PatientStore
from retina_desktop.services.tasks import TaskContext

_NO_NAME = "No name was given: the record number stands in its place; correct it later."


@dataclass(frozen=True, slots=True)
class ImportWishes:
    """What is said of a whole import.

    ``visit_date`` is for files nothing else dates. Without ``new_patients`` files of unknown
    record numbers are refused.
    """

    visit_date: date | None = None
    new_patients: bool = True


@dataclass(frozen=True, slots=True)
class PlanImport:
    """Look at every file, and say what would become of it."""

    patients: PatientStore
    visits: ImportedVisits
    read: PhotographReader

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        claims: Iterable[Claim],
        wishes: ImportWishes,
    ) -> ImportReport:
        """Return every claim's file with its outcome; progress counts nothing beforehand.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError, TaskCancelledError
        """
        acting.allowed(Permission.EXAMINE)
        today = acting.now().astimezone().date()
        judge = _Judge(self, wishes, today)
        named = list(claims)
        files = []
        for done, claim in enumerate(named):
            context.progress(done / len(named), claim.path.name)
            files.append(judge.judged(claim))
        context.progress(1.0)
        return ImportReport(tuple(files))


@dataclass(slots=True)
class _Judge:
    """Decides file by file, and remembers what the files before would bring in."""

    parts: PlanImport
    wishes: ImportWishes
    today: date
    known: dict[str, Patient | None] = field(default_factory=dict)
    new: dict[str, PatientDetails] = field(default_factory=dict)
    seen: dict[str, tuple[str, date]] = field(default_factory=dict)  # by hash
    days: set[tuple[str, date]] = field(default_factory=set)

    def judged(self, claim: Claim) -> ImportedFile:
        file = ImportedFile(claim, FileOutcome.REFUSED)
        try:
            if claim.problem:
                raise ImportRefusedError(claim.problem)
            picture = self.parts.read(claim.path, min_side=THUMBNAIL_SIDE)
            claim = completed(claim, picture.dicom, self.wishes)
            details = self._patient(claim)
            day = self._day(claim)
            eye = claim.eye or (picture.dicom.laterality if picture.dicom else None)
            named = replace(file, claim=claim, sha256=picture.sha256, eye=eye, patient=details)
            return self._placed(named, details, day, picture)
        except (ImageUnreadableError, InvalidEntryError, ImportRefusedError) as error:
            return replace(file, claim=claim).refused(error)

    def _day(self, claim: Claim) -> date:
        day = claim.visit_date
        if day is None:
            raise ImportRefusedError(
                "Nothing says when this photograph was taken; name the day with --visit-date."
            )
        if day > self.today:
            raise ImportRefusedError("The photograph's day lies in the future; check the date.")
        if claim.birth_date is not None and claim.birth_date > day:
            raise ImportRefusedError("The photograph's day lies before the patient's birth.")
        return day

    def _patient(self, claim: Claim) -> PatientDetails:
        """Return the patient's details as they are, or as they would be entered."""
        number = claim.record_number.strip()
        if not number:
            raise ImportRefusedError(
                "Nothing says whose eye this is; a record number comes from the name, the "
                "table or the DICOM header."
            )
        details = PatientDetails(
            record_number=number,
            name=claim.name or number,
            birth_date=claim.birth_date,
            sex=claim.sex,
            notes=claim.notes,
        )
        number = details.record_number
        if number not in self.known:
            self.known[number] = self.parts.patients.find_by_record_number(number)
        stored = self.known[number]
        if stored is None and not self.wishes.new_patients:
            raise ImportRefusedError("No patient has this record number; enter the patient.")
        if stored is not None:
            self.known[stored.details.record_number] = stored  # another number after a merger
        there = stored.details if stored else self.new.get(number)
        if there is None:
            details.check_born_by(self.today)
            return details
        births = (there.birth_date, details.birth_date)
        if None not in births and births[0] != births[1]:
            raise ImportRefusedError(
                "The birth date is not that of the patient with this record number; check "
                "whose eye it is."
            )
        return there

    def _placed(
        self, file: ImportedFile, details: PatientDetails, day: date, picture: FundusImage
    ) -> ImportedFile:
        number = details.record_number
        stored = self.known[number]
        place = (number, day)
        earlier = self.seen.get(picture.sha256)
        if earlier is not None and earlier != place:
            raise ImportRefusedError(
                "The very same photograph is named for another patient or day in this import; "
                "check whose it is."
            )
        if earlier is not None or self._is_there(picture.sha256, stored, day):
            return replace(file, outcome=FileOutcome.ALREADY_THERE)
        if stored and self.parts.visits.day_is_locked(stored.id, day):
            raise ImportRefusedError(
                "That day's examination is signed and locked; its photographs stay as they "
                "were signed."
            )
        outcome = self._outcome(stored, number, day)
        self.seen[picture.sha256] = place
        self.days.add(place)
        if stored is None:
            self.new.setdefault(number, details)
        return replace(file, outcome=outcome, remark=self._remark(file.claim, stored, outcome))

    def _is_there(self, sha256: str, stored: Patient | None, day: date) -> bool:
        found = self.parts.visits.known([sha256])
        patient_id = stored.id if stored else None
        if any(place.patient_id != patient_id for place in found):
            raise ImportRefusedError(
                "The very same photograph is in another patient's record; check whose it is."
            )
        if found and all(place.visit_date != day for place in found):
            raise ImportRefusedError(
                "The very same photograph is in the patient's record, on another day; check "
                "the date."
            )
        return bool(found)

    def _outcome(self, stored: Patient | None, number: str, day: date) -> FileOutcome:
        if stored is None and number not in self.new:
            return FileOutcome.NEW_PATIENT
        if (number, day) in self.days:
            return FileOutcome.ADDED
        if stored is not None and self.parts.visits.has_visit(stored.id, day):
            return FileOutcome.ADDED
        return FileOutcome.NEW_VISIT

    def _remark(self, claim: Claim, stored: Patient | None, outcome: FileOutcome) -> str:
        if stored is None:
            nameless = outcome is FileOutcome.NEW_PATIENT and not claim.name
            return _NO_NAME if nameless else ""
        if claim.name and not _same_name(claim.name, stored.details.name):
            return "The records spell the patient's name differently; check whose eye it is."
        return ""


def completed(claim: Claim, facts: DicomFacts | None, wishes: ImportWishes) -> Claim:
    """Return the claim with what the file's own header adds.

    Raises
    ------
    ImportRefusedError
        If the header contradicts the claim.
    """
    facts = facts or DicomFacts()
    said = claim.record_number
    if said and facts.patient_id and not same_number(said, facts.patient_id):
        raise ImportRefusedError(
            "The photograph's DICOM header names another patient than its name or the table."
        )
    if claim.eye and facts.laterality and claim.eye is not facts.laterality:
        raise ImportRefusedError(
            "The photograph's DICOM header names the other eye than its name or the table."
        )
    if None not in (births := (claim.birth_date, facts.birth_date)) and births[0] != births[1]:
        raise ImportRefusedError(
            "The photograph's DICOM header has another birth date than the table."
        )
    return replace(
        claim,
        record_number=said or facts.patient_id,
        name=claim.name or shown_name(facts),
        birth_date=claim.birth_date or facts.birth_date,
        sex=Sex(facts.sex) if claim.sex is Sex.NOT_STATED and facts.sex else claim.sex,
        visit_date=claim.visit_date or facts.acquired_on or wishes.visit_date,
    )


def shown_name(facts: DicomFacts) -> str:
    """Return the name in the patient's own script, with the alphabetic one behind it."""
    native, alphabetic = facts.native_name, facts.patient_name
    if not native or native == alphabetic.replace(",", ""):
        return alphabetic
    return f"{native} ({alphabetic})" if alphabetic else native


def _same_name(one: str, other: str) -> bool:
    """Whether names consist of the same words, in any order; commas and brackets aside."""

    def words(name: str) -> set[str]:
        return {word.strip("(),.").casefold() for word in name.replace(",", " ").split()}

    return words(one) == words(other) or words(one) <= words(other)
