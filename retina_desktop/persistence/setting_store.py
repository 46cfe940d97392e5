"""The clinic's settings in the database."""

import json

from sqlalchemy import select

from retina_desktop.domain.audit import AuditAction, RecordKind
from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.clinic_settings import (
    SettingValue,
    StoredSetting,
    check_setting_name,
)
from retina_desktop.domain.json_values import JsonValue
from retina_desktop.domain.record_errors import ConflictError, FieldChange
from retina_desktop.domain.users import Stamp
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.tables import SettingRow


class SqlSettingStore:
    """Implements `services.settings_ports.SettingStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database

    def get(self, name: str) -> SettingValue | None:
        """Return the value and its version."""
        with self._database.read() as session:
            row = session.scalar(select(SettingRow).where(SettingRow.name == name))
            return SettingValue(json.loads(row.value), row.version) if row else None

    def put(
        self, name: str, value: JsonValue, *, expected_version: int, by: Stamp
    ) -> SettingValue:
        """Keep a value; an equal one changes nothing."""
        check_setting_name(name)
        text = canonical_json(value)
        with self._database.write(by) as work:
            row = work.session.scalar(select(SettingRow).where(SettingRow.name == name))
            if (row.version if row else 0) != expected_version:
                raise ConflictError(
                    record="setting",
                    stored_version=row.version if row else 0,
                    changed_by=row.changed_by if row else "somebody",
                    changes=(FieldChange(name, row.value if row else "", text),),
                )
            if row is None:
                row = SettingRow(name=name, version=0)
                work.session.add(row)
            elif row.value == text:
                return SettingValue(json.loads(text), row.version)
            row.value, row.version = text, row.version + 1
            row.changed_at, row.changed_by = by.at, by.user
            work.session.flush()
            stored = setting_of(row)
            work.note(
                AuditAction.SETTINGS_CHANGED,
                RecordKind.SETTING,
                row.id,
                record=stored,
                details={"setting": name},
            )
        return SettingValue(json.loads(text), stored.version)


def setting_of(row: SettingRow) -> StoredSetting:
    """Return the setting of a row."""
    return StoredSetting(
        id=row.id,
        version=row.version,
        name=row.name,
        value=row.value,
        changed_at=row.changed_at,
        changed_by=row.changed_by,
    )
