"""Patients by a part of the name: every name is looked at, folded to its plain letters.

Until there is an index this takes time in proportion to the number of patients.
"""

import unicodedata

from sqlalchemy import select

from retina_desktop.domain.patients import Patient
from retina_desktop.persistence.audited_database import AuditedDatabase
from retina_desktop.persistence.rows_to_records import patient_of
from retina_desktop.persistence.tables import PatientRow

_PAGE = 5000  # names fetched at once
_ACCENTS = frozenset(map(chr, range(0x300, 0x370)))  # combining diacritical marks


def patients_named(database: AuditedDatabase, part: str, *, limit: int) -> tuple[Patient, ...]:
    """Return the patients whose name holds `part`, in the order they were entered.

    Case and accents do not matter; spelling does. At most `limit` patients.
    """
    wanted = fold_name(part)
    found: list[int] = []
    with database.read() as session:
        names = session.execute(
            select(PatientRow.id, PatientRow.name).order_by(PatientRow.id)
        ).yield_per(_PAGE)
        for patient_id, name in names:
            if wanted in fold_name(name):
                found.append(patient_id)
                if len(found) == limit:
                    break
        names.close()
        rows = session.scalars(
            select(PatientRow).where(PatientRow.id.in_(found)).order_by(PatientRow.id)
        )
        return tuple(patient_of(row) for row in rows)


def fold_name(name: str) -> str:
    """Return `name` without case and Latin, Greek or Cyrillic accents, blanks made single.

    Vowel signs of other scripts are letters, not accents, and stay.
    """
    parts = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(character for character in parts if character not in _ACCENTS)
    return " ".join(unicodedata.normalize("NFC", plain).split())
