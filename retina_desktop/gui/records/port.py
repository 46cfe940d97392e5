"""What the pages of the records need from outside; the records' composition root fills it in.

Everything here may be slow, and is called in worker threads only (`RecordsSession.read` and
`write`). The use cases are those of `retina_desktop.services`; each is called with
`RecordsServices.acting` first.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # these modules import NumPy, which the first paint does not need
    from retina_desktop.domain.records_states import RecordsState
    from retina_desktop.domain.users import User
    from retina_desktop.gui.records.examination_port import ExaminationServices
    from retina_desktop.gui.records.house_port import HouseServices
    from retina_desktop.gui.records.patients_port import PatientServices
    from retina_desktop.services.acting import Acting
    from retina_desktop.services.examination_records import BeginExamination, OpenExamination
    from retina_desktop.services.patient_records import AddPatient, OpenPatient
    from retina_desktop.services.signing import AddAddendum, SaveReading, SignExamination


@dataclass(frozen=True, slots=True)
class NewRecords:
    """What the first run asked for; ``name`` is None for one person who works alone.

    ``password`` is None only together with ``name``: a single user may do without.
    """

    name: str | None
    full_name: str
    password: str | None


@dataclass(frozen=True, slots=True, eq=False)
class RecordsServices:
    """The open records for one user; called as ``services.use_case(services.acting, ...)``."""

    user: "User"
    acting: "Acting"
    house: "HouseServices"  # users, the clinic, backups, the lock
    close: Callable[[], None]
    # -- patients and examinations
    add_patient: "AddPatient"
    open_patient: "OpenPatient"
    begin_examination: "BeginExamination"
    open_examination: "OpenExamination"
    save_reading: "SaveReading"
    sign_examination: "SignExamination"
    add_addendum: "AddAddendum"
    examination: "ExaminationServices"
    patients: "PatientServices"


class RecordsGate(Protocol):
    """The way into the records of this data folder."""

    def state(self) -> "RecordsState":
        """Return what somebody meets who comes to the records."""
        ...

    def set_up(self, wanted: NewRecords) -> str:
        """Make the records; return the recovery key, which is shown once."""
        ...

    def open(self, name: str | None, password: str | None) -> RecordsServices:
        """Give the records to a user; None where the state asks for none.

        Raises
        ------
        RecordsUnavailableError, WrongPasswordError, KeyVaultError
        """
        ...

    def recover(self, recovery_key: str, new_password: str, name: str | None) -> str:
        """Give an administrator a new password by the recovery key; return the name.

        ``name`` may be None where there is one administrator.
        """
        ...
