"""The Patients page: the search on the left; a record, or the form, on the right."""

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QHBoxLayout, QSplitter, QStackedWidget

from retina_desktop.domain.examinations import ExaminationState
from retina_desktop.domain.patients import Patient
from retina_desktop.gui.page_keys import PATIENTS_KEYS, bind_keys
from retina_desktop.gui.pages import Page, PageId, PageTools, Place
from retina_desktop.gui.patients.deletion_dialog import DeletionDialog
from retina_desktop.gui.patients.export_dialog import ExportDialog
from retina_desktop.gui.patients.form_view import PatientForm
from retina_desktop.gui.patients.form_view_model import PatientFormViewModel
from retina_desktop.gui.patients.import_dialog import ImportDialog
from retina_desktop.gui.patients.merge_dialog import MergeDialog
from retina_desktop.gui.patients.record_view import RecordView
from retina_desktop.gui.patients.record_view_model import RecordViewModel
from retina_desktop.gui.patients.records_dialog import Cover
from retina_desktop.gui.patients.search_view import SearchPanel
from retina_desktop.gui.patients.search_view_model import SearchViewModel
from retina_desktop.gui.patients.thumbnails import Thumbnails
from retina_desktop.gui.patients.words import date_order, today, tr
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.report_preview.dialog import ReportDialog
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext

_LEFT, _RIGHT = 340, 720  # first widths, logical pixels


class PatientsPage(Page):
    """Wires search, record and form to the records, and leads to examinations."""

    id: ClassVar[PageId] = PageId.PATIENTS

    def __init__(self, tools: PageTools) -> None:
        super().__init__()
        self._tools = tools
        session, order = tools.session, date_order()
        self.search = SearchViewModel(session, self)
        self.record = RecordViewModel(session, tools.services, self)
        self.form = PatientFormViewModel(session, order=order, today=today, parent=self)
        self.thumbnails = Thumbnails(session, self)
        self.search_view = SearchPanel(tools.theme, order)
        self.record_view = RecordView(tools.theme, self.thumbnails)
        self.form_view = PatientForm(order)
        self.empty = WrappedLabel("muted")
        self.empty.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.empty.setContentsMargins(30, 30, 30, 30)
        self.right = QStackedWidget()
        for widget in (self.empty, self.record_view, self.form_view):
            self.right.addWidget(widget)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(self.search_view)
        self.splitter.addWidget(self.right)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([_LEFT, _RIGHT])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)
        self._connect_search()
        self._connect_record()
        self._connect_form()
        self._add_shortcuts()
        self.search_view.render_state(self.search.state)
        self.form_view.render_state(self.form.state)
        self._show_nobody(self._teaching())

    # -- the page --------------------------------------------------------------------------

    def activated(self) -> None:
        """Read what may be new: a visit may have been signed meanwhile."""
        self.search.refresh()
        if self.right.currentWidget() is self.record_view:
            self.record.reload()
        elif self.right.currentWidget() is self.empty:
            self.search_view.go_to_field()

    def leave(self) -> bool:
        """Keep what was typed; the form stays as it is."""
        self.form.keep_draft()
        return True

    def open_item(self, item_id: int) -> None:
        """Show a patient's record; what stands in the form is kept as a draft."""
        self.form.keep_draft()
        self.search.select(item_id)
        self.right.setCurrentWidget(self.record_view)
        self.record.open(item_id)
        self.place_changed.emit(Place(PageId.PATIENTS, item_id))

    def unsaved(self) -> str:
        """Return nothing: every field is on the disk as a draft."""
        return ""

    def forget(self) -> None:
        """Drop everything of every patient."""
        self.search.forget()
        self.record.forget()
        self.form.forget()
        self.thumbnails.forget()
        self._show_nobody(self._teaching())

    # -- wiring ----------------------------------------------------------------------------

    def _connect_search(self) -> None:
        model, view = self.search, self.search_view
        model.state_changed.connect(view.render_state)
        model.failed.connect(self._tools.notifications.report)
        view.words_typed.connect(model.type_words)
        view.filters_changed.connect(model.set_filters)
        view.more_wanted.connect(model.ask_more)
        view.patient_chosen.connect(self._open_patient)
        view.new_requested.connect(self.new_patient)
        view.import_requested.connect(self.import_photographs)

    def _connect_record(self) -> None:
        model, view, header = self.record, self.record_view, self.record_view.header
        model.state_changed.connect(view.render_state)
        model.examination_chosen.connect(self._open_examination)
        model.changed.connect(self.search.refresh)
        model.vanished.connect(self._on_vanished)
        model.failed.connect(self._tools.notifications.report)
        self.thumbnails.failed.connect(self._tools.notifications.report)
        view.visit_chosen.connect(self._open_examination)
        view.visit_marked.connect(model.select_visit)
        view.trend_chosen.connect(model.choose_trend)
        view.photographs_dropped.connect(self._on_dropped)
        view.cancel_requested.connect(model.cancel)
        header.new_requested.connect(model.new_examination)
        header.edit_requested.connect(self.edit_patient)
        header.report_requested.connect(self.show_report)
        header.export_requested.connect(self.export_record)
        header.merge_requested.connect(self.merge_patient)
        header.part_requested.connect(self.part_patient)
        header.delete_requested.connect(self.delete_patient)

    def _connect_form(self) -> None:
        model, view = self.form, self.form_view
        model.state_changed.connect(view.render_state)
        model.saved.connect(self._on_saved)
        model.refused.connect(view.fields.go_to)
        model.closed.connect(self._on_form_closed)
        model.failed.connect(self._tools.notifications.report)
        view.fields.edited.connect(model.edit)
        view.fields.left.connect(model.leave_field)
        view.fields.undo_requested.connect(model.undo)
        view.fields.redo_requested.connect(model.redo)
        view.save_requested.connect(model.save)
        view.cancel_requested.connect(model.close)
        view.conflict.chosen.connect(model.choose)
        view.merge_saved.connect(model.save_merged)
        view.back_requested.connect(model.back_to_form)
        view.draft_taken.connect(model.take_draft)
        view.draft_dropped.connect(model.drop_draft)
        view.patient_chosen.connect(self._open_patient)

    def _add_shortcuts(self) -> None:
        keys = {
            "search": self.search_view.go_to_field,
            "new": self.new_patient,
            "visit": self.record.new_examination,
            "edit": self.edit_patient,
        }
        bind_keys(self, PATIENTS_KEYS, keys)

    # -- intentions ------------------------------------------------------------------------

    @Slot()
    def new_patient(self) -> None:
        """Open the empty form; what was searched for in vain is put into its field."""
        words = self.search.state.words.strip()
        found = bool(self.search.state.hits)
        self.right.setCurrentWidget(self.form_view)
        self.form.open_new()
        if words and not found:
            number = any(character.isdecimal() for character in words)
            self.form.edit("record_number" if number else "name", words)
        self.form_view.begin()

    @Slot()
    def edit_patient(self) -> None:
        """Open the form of the patient shown."""
        patient = self.record.state.patient
        if patient is not None and self.right.currentWidget() is self.record_view:
            self.right.setCurrentWidget(self.form_view)
            self.form.open_patient(patient)
            self.form_view.begin()

    @Slot()
    def merge_patient(self) -> MergeDialog | None:
        """Open the dialog that makes two records one."""
        patient = self.record.state.patient
        if patient is None:
            return None
        dialog = MergeDialog(self._tools.session, patient, self)
        dialog.merged.connect(self._on_merged)
        dialog.open()
        return dialog

    @Slot(int)
    def part_patient(self, merged_id: int) -> None:
        """Undo a merge."""

        def run(services: RecordsServices, _context: TaskContext) -> int:
            return services.patients.undo_merge(services.acting, merged_id).id

        handle = self._tools.session.write(run)
        handle.succeeded.connect(self._on_parted)
        handle.failed.connect(self._tools.notifications.report)
        handle.start()

    @Slot()
    def delete_patient(self) -> DeletionDialog | None:
        """Open the dialog that deletes, or says why not."""
        patient = self.record.state.patient
        if patient is None:
            return None
        dialog = DeletionDialog(self._tools.session, patient.id, self)
        dialog.deleted.connect(self._on_deleted)
        dialog.open()
        return dialog

    @Slot()
    def show_report(self) -> ReportDialog | None:
        """Open the report of the marked visit, to be looked at, printed or saved."""
        state = self.record.state
        line = next((v for v in state.visits if v.summary.id == state.selected_visit), None)
        if line is None:
            return None
        signed = line.summary.state is ExaminationState.SIGNED
        dialog = ReportDialog(self._tools, line.summary.id, signed=signed, parent=self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        Cover(self._tools.session, dialog)
        dialog.open()
        return dialog

    @Slot()
    def export_record(self) -> ExportDialog | None:
        """Open the dialog that gives the whole record out."""
        patient = self.record.state.patient
        if patient is None:
            return None
        dialog = ExportDialog(self._tools, patient.id, self)
        dialog.open()
        return dialog

    @Slot()
    def import_photographs(self) -> ImportDialog:
        """Open the dialog that brings photographs in."""
        dialog = ImportDialog(self._tools, self)
        dialog.imported.connect(self._on_imported)
        dialog.open()
        return dialog

    # -- answers ---------------------------------------------------------------------------

    @Slot(int)
    def _open_patient(self, patient_id: int) -> None:
        self.open_item(patient_id)
        self.record_view.list.setFocus(Qt.FocusReason.OtherFocusReason)

    @Slot(int)
    def _open_examination(self, examination_id: int) -> None:
        self.place_requested.emit(Place(PageId.EXAMINATION, examination_id))

    @Slot(object)
    def _on_dropped(self, paths: Sequence[Path]) -> None:
        self.record.add_photographs(paths)

    @Slot(object)
    def _on_saved(self, patient: Patient) -> None:
        self.search.refresh()
        self._open_patient(patient.id)

    @Slot()
    def _on_form_closed(self) -> None:
        if self.record.state.patient is not None:
            self.right.setCurrentWidget(self.record_view)
            self.record_view.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self._show_nobody(self._teaching())
            self.search_view.go_to_field()

    @Slot(int)
    def _on_merged(self, kept_id: int) -> None:
        self.search.refresh()
        self.open_item(kept_id)

    @Slot(object)
    def _on_parted(self, _patient_id: int) -> None:
        self.search.refresh()
        self.record.reload()

    @Slot()
    def _on_deleted(self) -> None:
        self.record.forget()
        self.thumbnails.forget()
        self.search.refresh()
        self._show_nobody(tr("The record was deleted."))

    @Slot()
    def _on_imported(self) -> None:
        self.search.refresh()
        self.record.reload()

    @Slot(str)
    def _on_vanished(self, sentence: str) -> None:
        self.search.refresh()
        self._show_nobody(sentence)

    def _show_nobody(self, sentence: str) -> None:
        self.empty.setText(sentence)
        self.right.setCurrentWidget(self.empty)
        self.place_changed.emit(Place(PageId.PATIENTS))

    def _teaching(self) -> str:
        return self.tr(
            "Search a patient on the left and press Enter to open the record.\n"
            "Ctrl+N enters a new patient."
        )
