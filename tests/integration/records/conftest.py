from tests.helpers.record_fixtures import (
    backend,
    examination,
    new_records,
    patient,
    postgres,
    records,
    sqlite_backend,
    sqlite_records,
)

__all__ = [
    "backend",
    "examination",
    "new_records",
    "patient",
    "postgres",
    "records",
    "sqlite_backend",
    "sqlite_records",
]
