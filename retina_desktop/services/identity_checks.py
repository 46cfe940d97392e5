"""Whether a photograph's own header speaks of the patient it is about to be added to."""

from retina_desktop.domain.images import DicomFacts
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.domain.transfer_errors import OtherPatientError

OTHER_PATIENT = (
    "The photograph's DICOM header names another patient; choose that patient, or, if you are "
    "sure, add it with --accept-other-patient."
)


def same_number(one: str, other: str) -> bool:
    """Whether two record numbers are one: blanks around them and case do not count."""
    return one.strip().casefold() == other.strip().casefold()


def names_another(facts: DicomFacts | None, patient: PatientDetails) -> bool:
    """Whether the header's patient id or birth date contradicts `patient`.

    What either side leaves open contradicts nothing; names are spelt in too many ways to.
    """
    if facts is None:
        return False
    if facts.patient_id and not same_number(facts.patient_id, patient.record_number):
        return True
    births = (facts.birth_date, patient.birth_date)
    return None not in births and births[0] != births[1]


def check_same_patient(facts: DicomFacts | None, patient: PatientDetails) -> None:
    """Raise an OtherPatientError where `names_another`."""
    if names_another(facts, patient):
        raise OtherPatientError(OTHER_PATIENT)
