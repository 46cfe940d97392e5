"""The use cases of the examination page, over open records."""

from typing import TYPE_CHECKING

from retina_desktop import __version__
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.services.examination_records import KeepAnalysis
from retina_desktop.services.visit_changes import (
    AddPhotograph,
    KeepAnswer,
    OpenVisit,
    SaveVisit,
)
from retina_desktop.services.waiting_photographs import FindWaitingPhotographs

if TYPE_CHECKING:
    from retina_desktop.domain.images import RgbImage
    from retina_desktop.gui.records.examination_port import ExaminationServices


def examination_services(opened: OpenedRecords) -> "ExaminationServices":
    """Return what the examination page works with."""
    from retina_desktop.gui.records.examination_port import ExaminationServices
    from retina_desktop.persistence.form_draft_store import SqlFormDraftStore

    records = opened.records

    def pixels(sha256: str) -> "RgbImage":
        return decode_bytes(records.images.read(sha256)).pixels

    keep = KeepAnalysis(records.analyses, __version__)
    return ExaminationServices(
        open_visit=OpenVisit(opened.open_examination, records.patients, records.examinations),
        add_photograph=AddPhotograph(records.examinations, opened.keep_photograph),
        keep_answer=KeepAnswer(keep, records.examinations),
        find_waiting=FindWaitingPhotographs(records.examinations, records.analyses),
        save_visit=SaveVisit(records.examinations, records.readings, records.analyses),
        photograph=records.images.read,
        pixels=pixels,
        maps=records.analyses.maps,
        drafts=SqlFormDraftStore(records.audited),
    )
