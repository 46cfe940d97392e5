"""The records' soundness: everything read and checked, and a new recovery key."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QProgressBar, QWidget

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.recovery_key_form import RecoveryKeyForm, file_name
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.settings.tab import SettingsTab, keep_room
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext
from retina_desktop.services.whole_files import write_whole

if TYPE_CHECKING:
    from retina_desktop.gui.task_runner import TaskHandle
    from retina_desktop.services.verifying import CheckedRecords

_STEPS = 1000


class RecordsTab(SettingsTab):
    """For administrators."""

    def __init__(
        self, session: RecordsSession, dialogs: FileDialogs, parent: QWidget | None = None
    ) -> None:
        super().__init__(session, parent)
        self._dialogs = dialogs
        self._handle: TaskHandle | None = None
        words = WrappedLabel("muted")
        words.say(
            self.tr(
                "Reads the whole database, every entry of the audit trail, every photograph "
                "and report, and finds whatever was changed, removed or damaged behind the "
                "program's back. You can go on working meanwhile."
            )
        )
        self.check_button = named_button(self.tr("Check everything"), primary=True)
        self.cancel_button = named_button(self.tr("Cancel"))
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        keep_room(self.progress)
        self.progress.setAccessibleName(self.tr("Progress of the check"))
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self.check_button)
        row.addWidget(self.cancel_button)
        row.addWidget(self.progress, 1)
        self.problems = QPlainTextEdit()
        self.problems.setReadOnly(True)
        self.problems.setAccessibleName(self.tr("What the check found"))
        key_words = WrappedLabel("muted")
        key_words.say(
            self.tr(
                "A new recovery key is needed when the old one was lost, or seen by somebody; "
                "the old one opens nothing any more."
            )
        )
        self.key_button = named_button(self.tr("New recovery key…"))
        self.key = RecoveryKeyForm()
        key_row = QHBoxLayout()
        key_row.addWidget(self.key_button)
        key_row.addStretch(1)
        self.body.addWidget(words)
        self.body.addLayout(row)
        self.body.addWidget(self.problems)
        self.body.addWidget(key_words)
        self.body.addLayout(key_row)
        self.body.addWidget(self.key)
        for part in (self.problems, self.key):
            part.hide()
        self.check_button.clicked.connect(self.check)
        self.cancel_button.clicked.connect(self._cancel)
        self.key_button.clicked.connect(self.renew_key)
        self.key.kept.connect(self.key.hide)
        self.key.save_requested.connect(self._save_key)
        self._show_running()

    @Slot()
    def check(self) -> None:
        """Read everything, in the lane of what nobody waits for."""
        if self._handle is not None:
            return
        self.say()
        self.problems.hide()

        def verify(services: RecordsServices, context: TaskContext) -> "CheckedRecords":
            return services.house.verify(context, services.acting)

        self._handle = handle = self._session.keep_up(verify)
        handle.progressed.connect(self._on_progressed)
        handle.cancelled.connect(self._on_cancelled)
        handle.finished.connect(self._on_finished)
        self._show_running()
        self.start(handle, self._on_checked)

    @Slot()
    def renew_key(self) -> None:
        """Make a new recovery key, shown once."""
        self.start(self._session.write(_renew), self._on_key)

    @Slot(object)
    def _on_checked(self, found: "CheckedRecords") -> None:
        read = self.tr("{0} files and {1} entries of the audit trail were read.").format(
            found.files, found.audit_entries
        )
        if found.intact:
            self.say(f"{read} {self.tr('Everything is as it was written.')}")
            return
        count = self.tr("{0} problems were found; keep this list and call for help.").format(
            len(found.problems)
        )
        self.say(read, error=count)
        self.problems.setPlainText("\n".join(found.problems))
        self.problems.show()

    @Slot()
    def _on_cancelled(self) -> None:
        self.say(self.tr("The check was stopped; nothing can be said."))

    @Slot()
    def _on_finished(self) -> None:
        self._handle = None
        self._show_running()

    @Slot(float, str)
    def _on_progressed(self, fraction: float, _message: str) -> None:
        self.progress.setValue(round(_STEPS * fraction))

    @Slot()
    def _cancel(self) -> None:
        if self._handle is not None:
            self._handle.cancel()

    def _show_running(self) -> None:
        running = self._handle is not None
        self.check_button.setEnabled(not running)
        self.cancel_button.setVisible(running)
        self.progress.setVisible(running)
        self.progress.setValue(0)

    @Slot(object)
    def _on_key(self, key: str) -> None:
        self.key.show_key(key)
        self.key.show()

    @Slot(str)
    def _save_key(self, text: str) -> None:
        target = self._dialogs.text_target(self, file_name())
        if target is not None:
            work = self._session.aside(lambda _: write_whole(target, text.encode()))
            self.start(work, self._on_key_saved)

    @Slot(object)
    def _on_key_saved(self, _nothing: object) -> None:
        self.say(self.tr("The recovery key is saved."))


def _renew(services: RecordsServices, _: TaskContext) -> str:
    return services.house.renew_recovery_key(services.acting)
