"""Reports: look at one, make one that is kept, give out again what was kept, a whole day's."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from io import BytesIO

from retina_desktop.domain.audit import AuditAction, AuditEvent, RecordKind, RecordReference
from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.record_errors import (
    RecordsUnavailableError,
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import NewReport, StoredReport
from retina_desktop.domain.users import Permission
from retina_desktop.services.acting import Acting
from retina_desktop.services.examination_records import OpenExamination
from retina_desktop.services.records_ports import AuditTrail, ExaminationStore, ImageStore
from retina_desktop.services.report_content import GatherReportContent, ReportFrame
from retina_desktop.services.report_ports import ReportPress, ReportStore
from retina_desktop.services.report_settings import OpenReportDefaults, SaveReportDefaults
from retina_desktop.services.tasks import TaskContext

_PREVIEW = "preview"  # stands where a kept report has its number
_LONGEST_RECIPIENT = 600  # characters; an address, not a letter


@dataclass(frozen=True, slots=True)
class PrintedReport:
    """A report that was made and kept."""

    report: StoredReport
    pdf: bytes = field(repr=False)

    @property
    def number(self) -> str:
        """As printed on its pages."""
        return self.report.number


@dataclass(frozen=True, slots=True)
class PreviewReport:
    """Show how a report would look; nothing is kept, and its pages say so."""

    open_examination: OpenExamination
    gather: GatherReportContent
    press: ReportPress

    def __call__(
        self,
        acting: Acting,
        examination_id: int,
        template: Template,
        paper: Paper,
        language: Language,
        *,
        recipient: str = "",
    ) -> bytes:
        """Return the PDF; that the examination was seen is written down.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError, ImageUnreadableError,
        RecordsUnavailableError
        """
        record = self.open_examination(acting, examination_id)
        moment = acting.now().replace(microsecond=0)
        frame = ReportFrame(_PREVIEW, moment, _address(recipient), is_preview=True)
        content = self.gather(acting, record, frame)
        return self.press(content, template=template, paper=paper, language=language)


@dataclass(frozen=True, slots=True)
class MakeReport:
    """Print an examination and keep what was printed; until signed, it is a draft."""

    open_examination: OpenExamination
    gather: GatherReportContent
    press: ReportPress
    reports: ReportStore
    files: ImageStore

    def __call__(
        self,
        acting: Acting,
        examination_id: int,
        template: Template,
        paper: Paper,
        language: Language,
        *,
        recipient: str = "",
    ) -> PrintedReport:
        """Return the report as kept; its PDF is durable before its row is written.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError, ImageUnreadableError,
        RecordsUnavailableError
            Nothing is given out then.
        """
        by = acting.allowed(Permission.EXPORT)
        record = self.open_examination(acting, examination_id)
        number = _new_number(examination_id)
        moment = by.at.replace(microsecond=0)
        content = self.gather(acting, record, ReportFrame(number, moment, _address(recipient)))
        pdf = self.press(content, template=template, paper=paper, language=language)
        kept = self.files.add(BytesIO(pdf))
        new = NewReport(
            number=number,
            examination_id=examination_id,
            template=template,
            paper=paper,
            language=language,
            draft=not content.is_signed,
            audit_sequence=content.audit_head.sequence,
            audit_hash=content.audit_head.hash,
            pdf_sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            shown_name=acting.user.shown_name,
        )
        try:
            return PrintedReport(self.reports.add(new, by=by), pdf)
        except StoredImageMissingError:
            # A start-up elsewhere set the file aside before its row was there.
            self.files.add(BytesIO(pdf))
            return PrintedReport(self.reports.add(new, by=by), pdf)


@dataclass(frozen=True, slots=True)
class ReprintReport:
    """Give out a kept report again, byte for byte; written down before it leaves."""

    reports: ReportStore
    files: ImageStore
    audit: AuditTrail

    def __call__(self, acting: Acting, number: str) -> PrintedReport:
        """Return the report as it was first given out.

        Raises
        ------
        RecordNotFoundError, PermissionDeniedError, StoredImageMissingError,
        StoredImageDamagedError, RecordsUnavailableError
        """
        by = acting.allowed(Permission.EXPORT)
        report = self.reports.find(number.strip())
        pdf = self._read(report)
        event = AuditEvent(
            AuditAction.REPORT_REPRINTED,
            RecordReference(RecordKind.REPORT, report.id),
            {"report": report.number, "sha256": report.pdf_sha256},
        )
        self.audit.record(event, by=by)
        return PrintedReport(report, pdf)

    def _read(self, report: StoredReport) -> bytes:
        instead = "restore it from a backup, or make a new report of the examination."
        try:
            return self.files.read(report.pdf_sha256)
        except StoredImageMissingError as error:
            raise StoredImageMissingError(
                f"This report's file is missing from the store of files; {instead}"
            ) from error
        except StoredImageDamagedError as error:
            raise StoredImageDamagedError(
                f"This report's file in the store of files is damaged; {instead}"
            ) from error


@dataclass(frozen=True, slots=True)
class ListReports:
    """The reports made, newest first."""

    reports: ReportStore
    audit: AuditTrail

    def of_examination(self, acting: Acting, examination_id: int) -> tuple[StoredReport, ...]:
        """Return the reports of a visit.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        acting.allowed(Permission.SEE_RECORDS)
        return self.reports.of_examination(examination_id)

    def newest(self, acting: Acting, limit: int) -> tuple[StoredReport, ...]:
        """Return the last reports made.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        acting.allowed(Permission.SEE_RECORDS)
        return self.reports.newest(limit)


@dataclass(frozen=True, slots=True)
class DayOutcome:
    """What became of one examination of a day: its report, or why there is none."""

    examination_id: int
    report: StoredReport | None = None
    error: RetinaError | None = None

    @property
    def unsigned(self) -> bool:
        """Whether it was passed over because nobody has signed it."""
        return self.report is None and self.error is None


@dataclass(frozen=True, slots=True)
class MakeDaysReports:
    """Make the reports of a day's list; one that fails stops no other."""

    examinations: ExaminationStore
    make: MakeReport

    def __call__(
        self,
        context: TaskContext,
        acting: Acting,
        day: date,
        template: Template,
        paper: Paper,
        language: Language,
        *,
        give_out: Callable[[PrintedReport], None],
        drafts: bool = False,
    ) -> tuple[DayOutcome, ...]:
        """Return one outcome for each examination of `day`, in the list's order.

        Parameters
        ----------
        give_out : callable
            Takes each report as it is made (writes it to a folder, sends it to a printer).
        drafts : bool
            Whether examinations nobody has signed get a report too, marked as draft.

        Raises
        ------
        PermissionDeniedError, RecordsUnavailableError
        """
        acting.allowed(Permission.EXPORT)
        visits = self.examinations.worklist(day)
        outcomes = []
        for done, visit in enumerate(visits):
            context.progress(done / len(visits))
            if visit.state is not ExaminationState.SIGNED and not drafts:
                outcomes.append(DayOutcome(visit.id))
                continue
            try:
                printed = self.make(acting, visit.id, template, paper, language)
                give_out(printed)
                outcomes.append(DayOutcome(visit.id, printed.report))
            except RecordsUnavailableError:
                raise  # the next one would fail as well
            except RetinaError as error:
                outcomes.append(DayOutcome(visit.id, error=error))
        context.progress(1.0)
        return tuple(outcomes)


@dataclass(frozen=True, slots=True)
class ReportDesk:
    """Everything about reports, as the window and the command line hold it."""

    preview: PreviewReport
    make: MakeReport
    reprint: ReprintReport
    listed: ListReports
    make_days: MakeDaysReports
    defaults: OpenReportDefaults
    save_defaults: SaveReportDefaults


def _new_number(examination_id: int) -> str:
    return f"E{examination_id}-{secrets.token_hex(4).upper()}"


def _address(recipient: str) -> str:
    return recipient.strip()[:_LONGEST_RECIPIENT]
