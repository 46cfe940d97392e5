"""Photographs of the screening page become a visit of a patient, their answers with them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QListWidget,
    QListWidgetItem,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from retina_desktop.domain.examinations import Examination, ExaminationDetails
from retina_desktop.domain.patients import PatientDetails
from retina_desktop.gui.pages import PageTools
from retina_desktop.gui.patients.date_field import DateField
from retina_desktop.gui.patients.hit_delegate import HitDelegate
from retina_desktop.gui.patients.hit_model import HitModel
from retina_desktop.gui.patients.search_state import SearchState
from retina_desktop.gui.patients.search_view_model import SearchViewModel
from retina_desktop.gui.patients.words import date_order, today
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.screening.state import Photograph, ScreeningState
from retina_desktop.gui.services_port import LoadedModel
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.services.examination_records import IncomingPhotograph

_SEARCH, _NEW = 0, 1


@dataclass(frozen=True, slots=True)
class Keepable:
    """An analysed photograph with the model that answered, where that is still known."""

    photograph: Photograph
    model: LoadedModel | None

    def incoming(self) -> "IncomingPhotograph":
        """Return it as the records take it; an answer of another model is made anew there."""
        from retina_desktop.services.examination_records import IncomingPhotograph

        photograph, model = self.photograph, self.model
        analysis = photograph.analysis
        same = (
            analysis is not None
            and model is not None
            and (analysis.model.id, analysis.model.version)
            == (model.manifest.id, model.manifest.version)
        )
        return IncomingPhotograph(
            photograph.path,
            photograph.laterality,
            analysis if same else None,
            model.manifest if same and model is not None else None,
        )


def keepable(state: ScreeningState) -> tuple[Keepable, ...]:
    """Return the photographs of the list that have an answer."""
    return tuple(
        Keepable(photograph, _who_answered(state, photograph))
        for photograph in state.photographs
        if photograph.analysis is not None
    )


def _who_answered(state: ScreeningState, photograph: Photograph) -> LoadedModel | None:
    answered = photograph.analysis.model.id if photograph.analysis else None
    known = (model for model in (state.model, state.other) if model is not None)
    return next((model for model in known if model.manifest.id == answered), state.model)


class KeepDialog(QDialog):
    """Which photographs, and whose; `kept` carries the new examination's number."""

    kept = Signal(int)

    def __init__(
        self, tools: PageTools, photographs: Sequence[Keepable], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Keep for a patient"))
        self._tools = tools
        self._photographs = tuple(photographs)
        self._busy = False
        self._born: date | None = None
        self._patient_id: int | None = None
        self.search = SearchViewModel(tools.session, self)
        self.photographs = QListWidget()
        self.photographs.setAccessibleName(self.tr("Photographs to keep"))
        for keep in self._photographs:
            item = QListWidgetItem(keep.photograph.path.name)
            item.setCheckState(Qt.CheckState.Checked)
            self.photographs.addItem(item)
        self.words = QLineEdit()
        self.words.setPlaceholderText(self.tr("Name, record number or birth date"))
        self.words.setAccessibleName(self.tr("Search patients"))
        self.hits = HitModel(self)
        self.list = QListView()
        self.list.setModel(self.hits)
        self.list.setItemDelegate(HitDelegate(tools.theme, self.list))
        self.list.setAccessibleName(self.tr("Patients found"))
        self.number, self.name = QLineEdit(), QLineEdit()
        self.born = DateField(self.tr("Birth date"), date_order())
        self.tabs = QTabWidget()
        self.note = WrappedLabel("muted", self)
        self.problem = WrappedLabel("errorText", self)
        self.buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.keep_button = self.buttons.addButton(
            self.tr("Keep"), QDialogButtonBox.ButtonRole.AcceptRole
        )
        self.keep_button.setObjectName("primary")
        self._lay_out()
        self._connect()
        self.resize(520, 560)
        self._refresh()
        self.words.setFocus()

    @Slot()
    def keep(self) -> None:
        """Keep the checked photographs for the patient chosen or newly entered."""
        if self._busy or not self.keep_button.isEnabled():
            return
        chosen = self._checked()
        new = self.tabs.currentIndex() == _NEW
        number, name, born = self.number.text(), self.name.text(), self._born
        patient_id = self._chosen_patient()
        known = self._patient_id  # entered by a try before, whose visit was refused

        def work(services: RecordsServices, context: TaskContext) -> Examination:
            whose = patient_id
            if new:
                whose = known
                if whose is None:
                    details = PatientDetails(number, name, born)
                    whose = services.add_patient(services.acting, details).id
                    self._patient_id = whose
            return services.begin_examination(
                context,
                services.acting,
                patient_id=whose or 0,
                details=ExaminationDetails(today()),
                photographs=[keep.incoming() for keep in chosen],
            )

        self._busy = True
        self._refresh()
        handle = self._tools.session.write(work)
        handle.succeeded.connect(self._on_kept)
        handle.failed.connect(self._on_failed)
        handle.start()

    @Slot(object)
    def render_search(self, state: SearchState) -> None:
        """Show who was found."""
        self.hits.show(state.hits, more=state.more, today=today())
        if state.error:
            self.problem.say(state.error)
        self._refresh()

    @Slot(object)
    def _on_kept(self, examination: Examination) -> None:
        self.kept.emit(examination.id)
        self.accept()

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        self._busy = False
        self.problem.say(self._tools.notifications.sentence_of(error))
        self._refresh()

    @Slot()
    def _refresh(self) -> None:
        chosen = self._checked()
        new = self.tabs.currentIndex() == _NEW
        named = bool(self.number.text().strip() and self.name.text().strip())
        ready = named if new else self._chosen_patient() is not None
        self.keep_button.setEnabled(bool(chosen) and ready and not self._busy)
        count = len(chosen)
        words = self.tr("{0} photographs are kept as one visit of today, with their answers.")
        if count == 1:
            words = self.tr("One photograph is kept as a visit of today, with its answer.")
        self.note.say(self.tr("Keeping…") if self._busy else words.format(count))

    def _checked(self) -> list[Keepable]:
        return [
            keep
            for row, keep in enumerate(self._photographs)
            if self.photographs.item(row).checkState() is Qt.CheckState.Checked
        ]

    def _chosen_patient(self) -> int | None:
        index = self.list.currentIndex()
        if not index.isValid() or index.row() >= self.hits.rowCount(QModelIndex()):
            return None
        return self.hits.hit(index.row()).patient.id

    @Slot(object)
    def _on_born(self, day: date | None) -> None:
        self._born = day

    def _connect(self) -> None:
        self.search.state_changed.connect(self.render_search)
        self.search.failed.connect(self._tools.notifications.report)
        self.words.textEdited.connect(self.search.type_words)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._refresh())
        self.list.doubleClicked.connect(lambda _: self.keep())
        self.photographs.itemChanged.connect(lambda _: self._refresh())
        self.tabs.currentChanged.connect(lambda _: self._refresh())
        for field in (self.number, self.name):
            field.textEdited.connect(lambda _: self._refresh())
        self.born.date_changed.connect(self._on_born)
        self.born.refused.connect(self.problem.say)
        self.buttons.accepted.connect(self.keep)
        self.buttons.rejected.connect(self.reject)

    def _lay_out(self) -> None:
        known = QWidget()
        column = QVBoxLayout(known)
        column.setContentsMargins(0, 8, 0, 0)
        column.addWidget(self.words)
        column.addWidget(self.list, 1)
        new = QWidget()
        form = QVBoxLayout(new)
        form.setContentsMargins(0, 8, 0, 0)
        for words, field in (
            (self.tr("Record number"), self.number),
            (self.tr("Name"), self.name),
            (self.tr("Birth date"), self.born),
        ):
            label = QLabel(words)
            label.setObjectName("fieldName")
            label.setBuddy(field)
            field.setAccessibleName(words)
            form.addWidget(label)
            form.addWidget(field)
        form.addStretch(1)
        self.tabs.setDocumentMode(True)
        self.tabs.addTab(known, self.tr("Known patient"))
        self.tabs.addTab(new, self.tr("New patient"))
        self.photographs.setMaximumHeight(96)
        line = QHBoxLayout()
        line.addWidget(self.photographs)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(8)
        layout.addLayout(line)
        layout.addWidget(self.tabs, 1)
        for part in (self.note, self.problem, self.buttons):
            layout.addWidget(part)
