"""The use cases of exports, over open records."""

from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap_records.reports import report_desk
from retina_desktop.config.folders import Folders
from retina_desktop.domain.images import RgbImage
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.services.patient_export import (
    ExportExamination,
    ExportPatient,
    ExportStores,
)

if TYPE_CHECKING:
    from retina_desktop.bootstrap_records.opened import OpenedRecords
    from retina_desktop.services.export_ports import VisitPdfs


def export_examination(opened: "OpenedRecords") -> ExportExamination:
    """Return what writes one examination as JSON."""
    return ExportExamination(_stores(opened))


def export_patient(
    opened: "OpenedRecords", folders: Folders, *, previews: bool
) -> ExportPatient:
    """Return what writes a whole record; with `previews`, unprinted visits are printed too."""
    from retina_desktop.persistence.archives import make_archive

    unprinted = _previews(opened, folders) if previews else None
    return ExportPatient(_stores(opened), make_archive, _pixels, unprinted)


def _previews(opened: "OpenedRecords", folders: Folders) -> "VisitPdfs":
    desk = report_desk(opened.records, folders)

    def previews(examination_id: int) -> list[tuple[str, str, bytes]]:
        pdf = desk.preview(
            opened.acting, examination_id, Template.FULL, Paper.A4, Language.ENGLISH
        )
        return [("preview.pdf", f"examination:{examination_id}", pdf)]

    return previews


def _stores(opened: "OpenedRecords") -> ExportStores:
    from retina_desktop.persistence.report_store import SqlReportStore
    from retina_desktop.persistence.whole_record import SqlWholeRecord

    records = opened.records
    return ExportStores(
        patients=records.patients,
        examinations=records.examinations,
        analyses=records.analyses,
        readings=records.readings,
        reports=SqlReportStore(records.audited, records.images),
        images=records.images,
        audit=records.audit,
        whole=SqlWholeRecord(records.audited),
        software_version=__version__,
    )


def _pixels(data: bytes) -> RgbImage:
    return decode_bytes(data).pixels
