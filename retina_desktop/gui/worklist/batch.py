"""What is done with a whole day's list: its reports into a folder, the list into a table."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from retina_desktop.domain.errors import OutputUnwritableError
from retina_desktop.domain.report_content import Template
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.sentences import sentence_of
from retina_desktop.services.reports import DayOutcome, PrintedReport
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import write_whole

_UNWRITABLE = "The reports cannot be written into this folder; choose another one."


@dataclass(frozen=True, slots=True)
class DaysReports:
    """What became of a day: the files written, and each examination's outcome."""

    files: tuple[Path, ...]
    outcomes: tuple[DayOutcome, ...]


def days_reports(
    day: date, folder: Path, *, drafts: bool
) -> Callable[[RecordsServices, TaskContext], DaysReports]:
    """Return the task that writes the day's reports, named by their numbers, into `folder`."""

    def run(services: RecordsServices, context: TaskContext) -> DaysReports:
        desk, files = services.patients.reports, []
        defaults = desk.defaults(services.acting)

        def write(printed: PrintedReport) -> None:
            target = folder / f"{printed.number}.pdf"
            try:
                target.write_bytes(printed.pdf)
            except OSError as error:
                raise OutputUnwritableError(tr(_UNWRITABLE)) from error
            files.append(target)

        outcomes = desk.make_days(
            context,
            services.acting,
            day,
            Template.FULL,
            defaults.paper,
            defaults.language,
            give_out=write,
            drafts=drafts,
        )
        return DaysReports(tuple(files), outcomes)

    return run


def days_list(day: date, target: Path) -> Callable[[RecordsServices, TaskContext], int]:
    """Return the task that writes the day's list as CSV or Excel, and tells its rows."""

    def run(services: RecordsServices, context: TaskContext) -> int:
        table = services.patients.list_examinations(services.acting, day, day)
        context.progress(0.5)
        write_whole(target, services.patients.list_file(table, target))
        return len(table.rows)

    return run


def told_outcomes(outcomes: Sequence[DayOutcome]) -> str:
    """Return in a sentence or two what became of the day's examinations."""
    made = sum(outcome.report is not None for outcome in outcomes)
    unsigned = sum(outcome.unsigned for outcome in outcomes)
    parts = [
        tr("1 report was made.") if made == 1 else tr("{0} reports were made.").format(made)
    ]
    if unsigned:
        parts.append(tr("{0} not signed yet, left out.").format(unsigned))
    errors = dict.fromkeys(sentence_of(o.error) for o in outcomes if o.error is not None)
    failed = sum(outcome.error is not None for outcome in outcomes)
    if failed:
        parts.append(tr("{0} could not be made:").format(failed) + " " + " ".join(errors))
    return " ".join(parts)
