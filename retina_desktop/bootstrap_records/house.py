"""The use cases of the house, over open records: users, the clinic, backups, soundness."""

from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.domain.audit import ChainReport
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.backups import (
    BackUp,
    ChangeBackupPlan,
    ReadBackupPlan,
    ShowBackupState,
)
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.gui.records.house_port import HouseServices


def house_services(opened: OpenedRecords) -> "HouseServices":
    """Return what settings, lock and status bar work with."""
    from retina_desktop.gui.records.house_port import HouseServices
    from retina_desktop.persistence.backup import FolderBackups
    from retina_desktop.persistence.backup_memory import FileBackupMemory

    records = opened.records
    plan = ReadBackupPlan(records.settings)
    memory = FileBackupMemory(records.place.folder)
    backups = FolderBackups(
        records.database,
        records.images,
        records=records.place.folder,
        master=records.master,
        software_version=__version__,
    )

    def verify(context: TaskContext, acting: Acting) -> ChainReport:
        acting.allowed(Permission.SEE_AUDIT)
        return records.audit.verify(tell=context.progress)

    return HouseServices(
        unlock=opened.unlock,
        password_reset=lambda: opened.password_reset,
        without_login=lambda: opened.opens_without_login,
        list_users=opened.list_users,
        add_user=opened.add_user,
        change_user=opened.change_user,
        deactivate_user=opened.deactivate_user,
        reactivate_user=opened.reactivate_user,
        change_own_password=opened.change_own_password,
        reset_password=opened.reset_password,
        set_signature=opened.set_signature,
        renew_recovery_key=opened.renew_recovery_key,
        stop_asking_for_password=opened.stop_asking_for_password,
        ask_for_password=opened.ask_for_password,
        clinic_profile=opened.open_clinic_profile,
        save_clinic_profile=opened.save_clinic_profile,
        lock_time=opened.open_lock_time,
        save_lock_time=opened.save_lock_time,
        backup_state=ShowBackupState(memory, plan),
        back_up=BackUp(backups, memory, plan, records.audit),
        change_backup_plan=ChangeBackupPlan(records.settings),
        verify=verify,
        drafts=records.form_drafts,
    )
