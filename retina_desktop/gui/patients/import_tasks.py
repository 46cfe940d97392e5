"""An import's work in worker threads; nothing here touches Qt."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from retina_desktop.domain.transfer_errors import TableUnreadableError
from retina_desktop.gui.patients.import_state import ImportRequest, ImportSource
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.services_port import LoadedModel, WindowServices
from retina_desktop.services.importing import ImportReport
from retina_desktop.services.importing_claims import Claim, claims_by_name, claims_by_tags
from retina_desktop.services.importing_dates import DateFormat
from retina_desktop.services.importing_names import NamePattern
from retina_desktop.services.importing_plan import ImportWishes
from retina_desktop.services.importing_tables import TableWishes, claims_by_table
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.domain.images import Laterality
    from retina_desktop.services.screening import AnalysedPhotograph, AnalysePhotograph

Work = Callable[[RecordsServices, TaskContext], ImportReport]


def plan(request: ImportRequest, window: WindowServices) -> Work:
    """Return the task that looks at every file and changes nothing."""

    def run(services: RecordsServices, context: TaskContext) -> ImportReport:
        wishes = ImportWishes(request.visit_date, request.new_patients)
        claims = _claims(request, window, context)
        return services.patients.plan_import(context, services.acting, claims, wishes)

    return run


def carry_out(
    request: ImportRequest,
    planned: ImportReport,
    window: WindowServices,
    model: LoadedModel | None,
) -> Work:
    """Return the task that does what was planned; asks the model where there is one."""

    def run(services: RecordsServices, context: TaskContext) -> ImportReport:
        analyse = None
        if request.analyse and model is not None:
            # Has all that an import asks of the use case: the call, and whose answer it is.
            analyse = cast("AnalysePhotograph", _WindowModel(window, model))
        return services.patients.carry_out_import(
            context, services.acting, planned, source=request.source.value, analyse=analyse
        )

    return run


@dataclass(frozen=True, slots=True)
class _WindowModel:
    """The model that the window has loaded already, as an import asks it."""

    window: WindowServices
    classifier: LoadedModel

    def __call__(
        self, context: TaskContext, path: Path, *, laterality: "Laterality | None"
    ) -> "AnalysedPhotograph":
        return self.window.analyse(context, path, laterality=laterality)


def _claims(
    request: ImportRequest, window: WindowServices, context: TaskContext
) -> Iterable[Claim]:
    path = request.path
    if request.source is ImportSource.TABLE:
        try:
            data = path.read_bytes()
        except OSError as error:
            raise TableUnreadableError(tr("The table cannot be read.")) from error
        return claims_by_table(
            data, TableWishes({}, DateFormat(request.date_format)), below=path.parent
        )
    if request.source is ImportSource.DICOM:
        return claims_by_tags(window.find_photographs(context, [path]))
    pattern = NamePattern(request.pattern)
    return claims_by_name(window.find_photographs(context, [path]), pattern, below=path)
