"""The search's work in worker threads; nothing here touches Qt."""

from collections.abc import Callable

from retina_desktop.domain.patient_search import PatientPage, PatientQuery
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.services.tasks import TaskContext


def search_patients(
    query: PatientQuery,
) -> Callable[[RecordsServices, TaskContext], PatientPage]:
    """Return the task that answers `query`."""

    def run(services: RecordsServices, context: TaskContext) -> PatientPage:
        context.progress(0.0)  # not wanted any more while it waited in the lane
        return services.patients.search(services.acting, query)

    return run
