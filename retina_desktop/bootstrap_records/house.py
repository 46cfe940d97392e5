"""The use cases of the house, over open records: users, the clinic, backups, soundness."""

from typing import TYPE_CHECKING

from retina_desktop.bootstrap_records.backing_up import BackupDesk
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.services.report_settings import OpenReportDefaults, SaveReportDefaults

if TYPE_CHECKING:
    from retina_desktop.gui.records.house_port import HouseServices


def house_services(opened: OpenedRecords) -> "HouseServices":
    """Return what settings, lock and status bar work with."""
    from retina_desktop.gui.records.house_port import HouseServices

    records = opened.records
    desk = BackupDesk(records)
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
        report_defaults=OpenReportDefaults(records.settings),
        save_report_defaults=SaveReportDefaults(records.settings),
        backup_state=desk.show_state,
        back_up=desk.back_up,
        change_backup_plan=desk.change_plan,
        verify=desk.verify_records,
        drafts=records.form_drafts,
        own_account=lambda: records.users.get(opened.user_id),
        signature=records.users.signature,
    )
