"""The use cases of the examination page, over open records."""

from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.services.examination_records import KeepAnalysis
from retina_desktop.services.visit_changes import (
    AddPhotograph,
    KeepAnswer,
    OpenVisit,
    SaveVisit,
)

if TYPE_CHECKING:
    from retina_desktop.gui.records.examination_port import ExaminationServices


def examination_services(opened: OpenedRecords) -> "ExaminationServices":
    """Return what the examination page works with."""
    from retina_desktop.gui.records.examination_port import ExaminationServices
    from retina_desktop.persistence.form_draft_store import SqlFormDraftStore

    records = opened.records
    keep = KeepAnalysis(records.analyses, __version__)
    return ExaminationServices(
        open_visit=OpenVisit(opened.open_examination, records.patients, records.examinations),
        add_photograph=AddPhotograph(records.examinations, opened.keep_photograph),
        keep_answer=KeepAnswer(keep, records.examinations),
        save_visit=SaveVisit(records.examinations, records.readings, records.analyses),
        photograph=records.images.read,
        maps=records.analyses.maps,
        drafts=SqlFormDraftStore(records.audited),
    )
