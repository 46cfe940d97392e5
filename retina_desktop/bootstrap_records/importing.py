"""The use cases of an import, over open records."""

from typing import TYPE_CHECKING

from retina_desktop.bootstrap import photograph_reader
from retina_desktop.services.importing import CarryOutImport
from retina_desktop.services.importing_plan import PlanImport

if TYPE_CHECKING:
    from retina_desktop.bootstrap_records.opened import OpenedRecords
    from retina_desktop.persistence.imported_visits import SqlImportedVisits


def plan_import(opened: "OpenedRecords") -> PlanImport:
    """Return what finds out what an import would do."""
    return PlanImport(opened.records.patients, _visits(opened), photograph_reader())


def carry_out_import(opened: "OpenedRecords") -> CarryOutImport:
    """Return what does it."""
    records = opened.records
    return CarryOutImport(
        records.patients, _visits(opened), opened.keep_photograph, records.audit
    )


def _visits(opened: "OpenedRecords") -> "SqlImportedVisits":
    from retina_desktop.persistence.imported_visits import SqlImportedVisits

    return SqlImportedVisits(opened.records.audited, opened.records.examinations)
