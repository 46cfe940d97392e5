"""Searches as one types: workers answer, late answers are dropped, pages follow scrolling."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.patient_search import LARGEST_PAGE, PatientPage, PatientQuery
from retina_desktop.domain.record_errors import InvalidEntryError
from retina_desktop.gui.patients.asking import LatestQuestion
from retina_desktop.gui.patients.search_state import PAGE, SearchFilters, SearchState
from retina_desktop.gui.patients.search_tasks import search_patients
from retina_desktop.gui.patients.words import tr
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.sentences import sentence_of

REST_MS = 160  # of typing, before a question is asked


class SearchViewModel(QObject):
    """Owns the one `SearchState`."""

    state_changed = Signal(object)  # SearchState
    failed = Signal(object)  # Exception that is a bug

    def __init__(self, session: RecordsSession, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self.state = SearchState()
        self._first = LatestQuestion(self)
        self._first.answered.connect(self._on_first_page)
        self._first.failed.connect(self._on_failed)
        self._next = LatestQuestion(self)
        self._next.answered.connect(self._on_next_page)
        self._next.failed.connect(self._on_failed)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self.ask)

    def type_words(self, words: str) -> None:
        """Take what stands in the field; the question follows when typing rests."""
        if words != self.state.words:
            self._set(replace(self.state, words=words))
            self._rest.start()

    def set_filters(self, filters: SearchFilters) -> None:
        """Narrow the list."""
        if filters != self.state.filters:
            self._set(replace(self.state, filters=filters))
            self._rest.start()

    def select(self, patient_id: int | None) -> None:
        """Mark a patient in the list."""
        self._set(replace(self.state, selected_id=patient_id))

    @Slot()
    def ask(self) -> None:
        """Ask now; answers to older questions are not wanted any more."""
        self._ask(PAGE)

    @Slot()
    def refresh(self) -> None:
        """Ask the same again, for as many lines as are shown: after a change in the records."""
        self._ask(min(LARGEST_PAGE, max(PAGE, len(self.state.hits))))

    @Slot()
    def ask_more(self) -> None:
        """Ask for the next page, once."""
        if self.state.more and not self.state.searching and not self._next.waiting:
            query = self.state.query(offset=len(self.state.hits))
            self._next.ask(self._session.read(search_patients(query)))

    def forget(self) -> None:
        """Drop everything of every patient."""
        self._rest.stop()
        self._first.forget()
        self._next.forget()
        self._set(SearchState())

    def _ask(self, limit: int) -> None:
        self._rest.stop()
        if not self._session.is_open:
            return
        self._next.forget()
        try:
            query: PatientQuery = self.state.query(limit=limit)
        except InvalidEntryError as error:
            self._first.forget()
            self._set(replace(self.state, searching=False, error=sentence_of(error)))
            return
        self._set(replace(self.state, searching=True, error=""))
        self._first.ask(self._session.read(search_patients(query)))

    @Slot(object)
    def _on_first_page(self, page: PatientPage) -> None:
        self._set(self.state.with_page(page, begins=True))

    @Slot(object)
    def _on_next_page(self, page: PatientPage) -> None:
        self._set(self.state.with_page(page, begins=False))

    @Slot(object)
    def _on_failed(self, error: Exception) -> None:
        if isinstance(error, RetinaError):
            sentence = sentence_of(error)
        else:
            sentence = tr("Internal error: the search could not be carried out.")
            self.failed.emit(error)
        self._set(replace(self.state, searching=False, error=sentence))

    def _set(self, state: SearchState) -> None:
        if state != self.state:
            self.state = state
            self.state_changed.emit(state)
