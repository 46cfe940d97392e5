"""The window's wiring: `bootstrap`'s services, with the clinic's records beside them."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from retina_desktop import bootstrap
from retina_desktop.config.folders import Folders

if TYPE_CHECKING:
    from retina_desktop.bootstrap_records.opened import OpenedRecords
    from retina_desktop.bootstrap_records.records_folder import Workstation
    from retina_desktop.domain.records_states import RecordsState
    from retina_desktop.gui.records.port import NewRecords, RecordsServices
    from retina_desktop.gui.services_port import WindowServices


def open_window(*, sample: bool = False, photographs: Sequence[Path] = ()) -> int:
    """Open the window and return the exit status once it is closed."""
    return bootstrap.open_window(
        sample=sample, photographs=photographs, services_of=window_services
    )


def window_services(folders: Folders, *, at: "Workstation | None" = None) -> "WindowServices":
    """Return what the window works with; nothing heavy is loaded yet."""
    return replace(bootstrap.window_services(folders), records=FolderGate(folders, at=at))


class FolderGate:
    """Implements `gui.records.port.RecordsGate` for a data folder; called in workers.

    ``at`` is where somebody sits; None is this computer.
    """

    def __init__(self, folders: Folders, *, at: "Workstation | None" = None) -> None:
        self._folders = folders
        self._at = at

    def state(self) -> "RecordsState":
        """Return what somebody meets who comes to the records."""
        from retina_desktop.bootstrap_records.records_folder import records_state

        return records_state(self._folders)

    def set_up(self, wanted: "NewRecords") -> str:
        """Make the records; return the recovery key, which is shown once."""
        from retina_desktop.bootstrap_records.set_up import first_user, set_up_records

        user = first_user(administrator=wanted.name, full_name=wanted.full_name)
        return set_up_records(self._folders, user=user, password=wanted.password, at=self._at)

    def open(self, name: str | None, password: str | None) -> "RecordsServices":
        """Give the records to a user; None where the state asks for none."""
        from retina_desktop.bootstrap_records.access import open_session

        opened = open_session(self._folders, user=name, password=password, at=self._at)
        try:
            return _services_of(opened, self._folders)
        except BaseException:
            opened.close()
            raise

    def recover(self, recovery_key: str, new_password: str, name: str | None) -> str:
        """Give an administrator a new password by the recovery key; return the name."""
        from retina_desktop.bootstrap_records.set_up import recover_records

        return recover_records(
            self._folders,
            recovery_key=recovery_key,
            new_password=new_password,
            user=name,
            at=self._at,
        )


def _services_of(opened: "OpenedRecords", folders: Folders) -> "RecordsServices":
    from retina_desktop.bootstrap_records.examination_page import examination_services
    from retina_desktop.bootstrap_records.house import house_services
    from retina_desktop.bootstrap_records.patients_page import patient_services
    from retina_desktop.gui.records.port import RecordsServices

    return RecordsServices(
        user=opened.acting.user,
        acting=opened.acting,
        close=opened.close,
        house=house_services(opened),
        add_patient=opened.add_patient,
        open_patient=opened.open_patient,
        begin_examination=opened.begin_examination,
        open_examination=opened.open_examination,
        save_reading=opened.save_reading,
        sign_examination=opened.sign_examination,
        add_addendum=opened.add_addendum,
        examination=examination_services(opened),
        patients=patient_services(opened, folders),
    )
