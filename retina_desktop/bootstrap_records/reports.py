"""The reports' wiring: the press with its fonts and words, the records, the clinic."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap import model_library
from retina_desktop.config.folders import Folders
from retina_desktop.domain.clinic import ClinicProfile
from retina_desktop.domain.errors import BundleRefusedError, ModelNotFoundError
from retina_desktop.domain.report_content import (
    Language,
    ModelProfile,
    Paper,
    ReportContent,
    Template,
)
from retina_desktop.domain.stored_analyses import ModelProvenance
from retina_desktop.services.acting import Acting
from retina_desktop.services.clinic_profile import OpenClinicProfile
from retina_desktop.services.examination_records import OpenExamination
from retina_desktop.services.report_content import GatherReportContent
from retina_desktop.services.report_history import ReportHistory
from retina_desktop.services.report_settings import OpenReportDefaults, SaveReportDefaults
from retina_desktop.services.reports import (
    ListReports,
    MakeDaysReports,
    MakeReport,
    PreviewReport,
    ReportDesk,
    ReprintReport,
)

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage
    from retina_desktop.persistence.opening import Records
    from retina_desktop.reporting.examination_report import ReportAssets

_NO_CLINIC = "Retina Desktop"  # at the top until a clinic has entered its name


def report_desk(records: "Records", folders: Folders) -> ReportDesk:
    """Return the use cases on reports over the open records.

    Parameters
    ----------
    records : Records
        Open; the desk is of no use once they are closed.
    folders : Folders
        Where fonts, words and model bundles are.
    """
    from retina_desktop.persistence.report_store import SqlReportStore

    store = SqlReportStore(records.audited, records.images)
    opened = OpenExamination(
        records.examinations, records.analyses, records.readings, records.audit
    )
    gather = GatherReportContent(
        patients=records.patients,
        analyses=records.analyses,
        images=records.images,
        audit=records.audit,
        history=ReportHistory(records.examinations, records.analyses, records.readings),
        surroundings=_Surroundings(records, folders),
        decode=_decoded,
        software_version=__version__,
    )
    press = _Press(folders)
    make = MakeReport(opened, gather, press, store, records.images)
    return ReportDesk(
        preview=PreviewReport(opened, gather, press),
        make=make,
        reprint=ReprintReport(store, records.images, records.audit),
        listed=ListReports(store, records.audit),
        make_days=MakeDaysReports(records.examinations, make),
        defaults=OpenReportDefaults(records.settings),
        save_defaults=SaveReportDefaults(records.settings),
    )


def _decoded(original: bytes, *, min_side: int) -> "RgbImage":
    from retina_desktop.imaging.decode import decode_bytes

    return decode_bytes(original, min_side=min_side).pixels


class _Press:
    """Implements `services.report_ports.ReportPress`; loads ReportLab with the first print."""

    def __init__(self, folders: Folders) -> None:
        self._resources = folders.resources
        self._assets: ReportAssets | None = None

    def __call__(
        self, content: ReportContent, *, template: Template, paper: Paper, language: Language
    ) -> bytes:
        from retina_desktop.reporting.examination_report import ReportAssets, render_report

        if self._assets is None:
            self._assets = ReportAssets(self._resources)
        return render_report(
            content, template=template, paper=paper, language=language, assets=self._assets
        )


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """Implements `services.report_ports.ReportSurroundings`."""

    records: "Records"
    folders: Folders

    def clinic(self, acting: Acting) -> ClinicProfile:
        profile = OpenClinicProfile(self.records.settings)(acting).profile
        return profile or ClinicProfile(_NO_CLINIC)

    def local_time(self, moment: datetime) -> datetime:
        return moment.astimezone()

    def signature_picture(self, user: str) -> bytes:
        from retina_desktop.persistence.report_store import signature_picture

        return signature_picture(self.records.audited, user)

    def model_profile(self, model: ModelProvenance) -> ModelProfile:
        try:
            manifest = model_library(self.folders).find(model.id).manifest
        except (ModelNotFoundError, BundleRefusedError):
            return ModelProfile(model.id)
        if manifest.version != model.version:
            return ModelProfile(model.id)
        return ModelProfile(manifest.name, manifest.intended_use, manifest.limits)
