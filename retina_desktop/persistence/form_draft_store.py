"""Half-filled forms in the database, which is encrypted: they may hold a patient's data."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import delete, select

from retina_desktop.domain.canonical_json import canonical_json
from retina_desktop.domain.clinic_settings import FormDraft, check_setting_name
from retina_desktop.domain.json_values import JsonValue
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.tables import FormDraftRow


class SqlFormDraftStore:
    """Implements `services.settings_ports.FormDraftStore`."""

    def __init__(self, database: AuditedDatabase) -> None:
        self._database = database.database  # past the trail: drafts leave none

    def get(self, user: str, form: str) -> FormDraft | None:
        """Return what stands in a form."""
        with self._database.read() as session:
            row = session.get(FormDraftRow, (user, form))
            return _draft_of(row) if row else None

    def save(
        self, user: str, form: str, content: Mapping[str, JsonValue], *, at: datetime
    ) -> None:
        """Keep what stands in a form; of two writers the later one's stays."""
        check_setting_name(form)
        text = canonical_json(content)
        with self._database.write() as session:
            session.merge(FormDraftRow(user=user, form=form, content=text, saved_at=at))

    def discard(self, user: str, form: str) -> None:
        """Forget a form's draft."""
        with self._database.write() as session:
            session.execute(
                delete(FormDraftRow).where(FormDraftRow.user == user, FormDraftRow.form == form)
            )

    def all(self, user: str) -> tuple[FormDraft, ...]:
        """Return every draft of a user, newest first."""
        with self._database.read() as session:
            rows = session.scalars(
                select(FormDraftRow)
                .where(FormDraftRow.user == user)
                .order_by(FormDraftRow.saved_at.desc(), FormDraftRow.form)
            )
            return tuple(_draft_of(row) for row in rows)


def _draft_of(row: FormDraftRow) -> FormDraft:
    return FormDraft(row.form, json.loads(row.content), row.saved_at)
