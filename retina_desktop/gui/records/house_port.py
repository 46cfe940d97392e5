"""What the settings, the lock and the status bar need of the records.

Everything here may be slow, and is called in worker threads only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retina_desktop.domain.users import PasswordReset, UserAccount
    from retina_desktop.services.backups import BackUp, ChangeBackupPlan, ShowBackupState
    from retina_desktop.services.clinic_profile import (
        OpenClinicProfile,
        OpenLockTime,
        SaveClinicProfile,
        SaveLockTime,
    )
    from retina_desktop.services.report_settings import OpenReportDefaults, SaveReportDefaults
    from retina_desktop.services.settings_ports import FormDraftStore
    from retina_desktop.services.user_accounts import (
        AddUser,
        AskForPassword,
        ChangeOwnPassword,
        ChangeUser,
        DeactivateUser,
        ListUsers,
        ReactivateUser,
        RenewRecoveryKey,
        ResetPassword,
        SetSignature,
        StopAskingForPassword,
    )
    from retina_desktop.services.verifying import VerifyRecords


@dataclass(frozen=True, slots=True, eq=False)
class HouseServices:
    """The use cases of the house: users, the clinic, backups, soundness.

    ``password_reset`` returns what the user is to be told after logging in. ``unlock`` raises
    a WrongPasswordError unless the password is the user's. ``verify`` reads all records.
    ``without_login`` tells whether the records open without a password here. ``own_account``
    is the user's as stored now, ``signature`` the PNG of a user's signature by number.
    """

    unlock: Callable[[str], None]
    password_reset: "Callable[[], PasswordReset | None]"
    without_login: Callable[[], bool]
    list_users: "ListUsers"
    add_user: "AddUser"
    change_user: "ChangeUser"
    deactivate_user: "DeactivateUser"
    reactivate_user: "ReactivateUser"
    change_own_password: "ChangeOwnPassword"
    reset_password: "ResetPassword"
    set_signature: "SetSignature"
    renew_recovery_key: "RenewRecoveryKey"
    stop_asking_for_password: "StopAskingForPassword"
    ask_for_password: "AskForPassword"
    clinic_profile: "OpenClinicProfile"
    save_clinic_profile: "SaveClinicProfile"
    lock_time: "OpenLockTime"
    save_lock_time: "SaveLockTime"
    report_defaults: "OpenReportDefaults"
    save_report_defaults: "SaveReportDefaults"
    backup_state: "ShowBackupState"
    back_up: "BackUp"
    change_backup_plan: "ChangeBackupPlan"
    verify: "VerifyRecords"
    drafts: "FormDraftStore"
    own_account: "Callable[[], UserAccount]"
    signature: Callable[[int], bytes | None]
