"""What the report's dialog shows: a preview as chosen, or an earlier report as it was."""

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.report_content import Language, Paper, Template
from retina_desktop.domain.reports import StoredReport
from retina_desktop.domain.users import Permission
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.report_preview.pdf_pages import PageSize, page_sizes
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.gui.viewer.latest import LatestAnswer
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.gui.task_runner import TaskRunner
    from retina_desktop.services.report_settings import ReportDefaults
    from retina_desktop.services.reports import PrintedReport
    from retina_desktop.services.tasks import Task

_INTERNAL = "Internal error: the report could not be made (see the log)."


class Purpose(StrEnum):
    """What a report is made for."""

    SAVE = "save"
    PRINT = "print"


@dataclass(frozen=True, slots=True)
class ReportState:
    """``number`` is of the earlier report on the screen; empty while it is a preview."""

    template: Template = Template.FULL
    paper: Paper = Paper.A4
    language: Language = Language.ENGLISH
    pdf: bytes = b""
    sizes: tuple[PageSize, ...] = ()
    number: str = ""
    busy: bool = False
    problem: str = ""
    earlier: tuple[StoredReport, ...] = ()
    may_make: str = ""  # empty, or why no report may be made


@dataclass(frozen=True, slots=True)
class _Shown:
    pdf: bytes
    sizes: tuple[PageSize, ...]
    number: str = ""


class ReportViewModel(QObject):
    """Asks for previews, makes reports that are kept, and gives out earlier ones again."""

    state_changed = Signal(object)  # ReportState
    made = Signal(object, object)  # PrintedReport, Purpose
    failed = Signal(object)

    def __init__(
        self,
        session: RecordsSession,
        pages: "TaskRunner",
        examination_id: int,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._examination_id = examination_id
        self._purpose = Purpose.SAVE
        self._preview = LatestAnswer(pages, self)
        self._preview.answered.connect(self._on_shown)
        self._preview.failed.connect(self._on_failed)
        user = session.services.user
        why = (
            ""
            if user.may(Permission.EXPORT)
            else ("Your role does not include to print or save reports; ask a reader.")
        )
        self._stopped = False  # the dialog is closed, perhaps the records too
        self.state = ReportState(may_make=why)

    def begin(self) -> None:
        """Show the first preview, as the clinic prefers it, and list earlier reports."""

        def defaults(services: RecordsServices, _: TaskContext) -> "ReportDefaults":
            return services.patients.reports.defaults(services.acting)

        handle = self._session.read(defaults)
        handle.succeeded.connect(self._on_defaults)
        handle.failed.connect(self._on_failed)
        handle.start()
        self.list_earlier()

    def choose(
        self,
        *,
        template: Template | None = None,
        paper: Paper | None = None,
        language: Language | None = None,
    ) -> None:
        """Choose for whom, on which paper, in which language; the preview follows."""
        state = self.state
        self._set(
            replace(
                state,
                template=template or state.template,
                paper=paper or state.paper,
                language=language or state.language,
            )
        )
        self.preview()

    @Slot()
    def preview(self) -> None:
        """Show the report as it would be made now."""
        state, services, number = self.state, self._session.services, self._examination_id

        def show(context: TaskContext) -> _Shown:
            pdf = services.patients.reports.preview(
                services.acting, number, state.template, state.paper, state.language
            )
            context.progress(0.8)
            return _Shown(pdf, page_sizes(pdf))

        self._ask(show)

    def show_earlier(self, number: str) -> None:
        """Show a report as it was given out; written into the audit trail."""
        services = self._session.services

        def show(_context: TaskContext) -> _Shown:
            printed = services.patients.reports.reprint(services.acting, number)
            return _Shown(printed.pdf, page_sizes(printed.pdf), printed.number)

        self._ask(show)

    def make(self, purpose: Purpose) -> None:
        """Make the report and keep it; `made` follows. An earlier one is taken as it is."""
        state, number = self.state, self._examination_id
        if state.busy or state.may_make:
            return
        self._purpose = purpose
        self._set(replace(state, busy=True, problem=""))

        def make(services: RecordsServices, _: TaskContext) -> "PrintedReport":
            desk = services.patients.reports
            if state.number:
                return desk.reprint(services.acting, state.number)
            return desk.make(
                services.acting, number, state.template, state.paper, state.language
            )

        handle = self._session.write(make)
        handle.succeeded.connect(self._on_made)
        handle.failed.connect(self._on_failed)
        handle.start()

    def list_earlier(self) -> None:
        """List the reports made of this examination."""
        number = self._examination_id

        def listed(services: RecordsServices, _: TaskContext) -> tuple[StoredReport, ...]:
            return services.patients.reports.listed.of_examination(services.acting, number)

        handle = self._session.read(listed)
        handle.succeeded.connect(self._on_listed)
        handle.failed.connect(self._on_failed)
        handle.start()

    def stop(self) -> None:
        """Want no answers any more."""
        self._stopped = True
        self._preview.forget()

    # -- answers ---------------------------------------------------------------------------

    @Slot(object)
    def _on_defaults(self, defaults: "ReportDefaults") -> None:
        if not self._stopped:
            self.choose(paper=defaults.paper, language=defaults.language)

    @Slot(object)
    def _on_shown(self, shown: _Shown) -> None:
        self._set(
            replace(
                self.state,
                pdf=shown.pdf,
                sizes=shown.sizes,
                number=shown.number,
                busy=False,
                problem="",
            )
        )

    @Slot(object)
    def _on_listed(self, earlier: tuple[StoredReport, ...]) -> None:
        self._set(replace(self.state, earlier=earlier))

    @Slot(object)
    def _on_made(self, printed: "PrintedReport") -> None:
        self._set(replace(self.state, busy=False))
        self.made.emit(printed, self._purpose)
        if not self._stopped:
            self.list_earlier()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if not isinstance(error, RetinaError):
            self.failed.emit(error)
        sentence = sentence_of(error) if isinstance(error, RetinaError) else _INTERNAL
        self._set(replace(self.state, busy=False, problem=sentence))

    # -- private ---------------------------------------------------------------------------

    def _ask(self, task: "Task[_Shown]") -> None:
        self._set(replace(self.state, busy=True, problem=""))
        self._preview.ask(task)

    def _set(self, state: ReportState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
