"""Where and how often backups are made, and making one now."""

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.backup_watch import BackupView, BackupWatch
from retina_desktop.gui.records.backup_words import words_of
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.settings.tab import SettingsTab, add_row, keep_room, rows_of
from retina_desktop.gui.wrapped_label import WrappedLabel
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from pathlib import Path

    from retina_desktop.domain.backups import BackupPlan

_LONGEST_H, _MOST_KEPT, _STEPS = 24 * 31, 1000, 1000


class BackupTab(SettingsTab):
    """The plan is an administrator's; anybody may make the planned backup."""

    def __init__(
        self,
        session: RecordsSession,
        dialogs: FileDialogs,
        watch: BackupWatch,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(session, parent)
        self._dialogs, self._watch = dialogs, watch
        self._plan: BackupPlan | None = None  # as shown, to leave alone what is being typed
        self.state = WrappedLabel("panelTitle")
        self.progress = QProgressBar()
        self.progress.setRange(0, _STEPS)
        self.progress.setTextVisible(False)
        keep_room(self.progress)
        self.progress.setAccessibleName(self.tr("Progress of the backup"))
        self.now_button = named_button(self.tr("Back up now"), primary=True)
        self.cancel_button = named_button(self.tr("Cancel"))
        now = QHBoxLayout()
        now.setSpacing(10)
        for part in (self.now_button, self.cancel_button):
            now.addWidget(part)
        now.addWidget(self.progress, 1)
        self.folder = QLineEdit()
        self.choose_button = named_button(self.tr("Choose…"))
        self.choose_button.setAccessibleName(self.tr("Choose the backups' folder"))
        self.hours = _number(1, _LONGEST_H, self.tr(" hours"))
        self.daily, self.weekly, self.monthly = (_number(0, _MOST_KEPT) for _ in range(3))
        self.save_button = named_button(self.tr("Save the plan"))
        self._lay_out(now)
        self.now_button.clicked.connect(watch.back_up_now)
        self.cancel_button.clicked.connect(watch.cancel)
        self.choose_button.clicked.connect(self._choose)
        self.save_button.clicked.connect(self.save)
        watch.changed.connect(self.render_view)
        watch.failed.connect(self.show_failure)
        self.render_view(watch.view)

    def activated(self) -> None:
        """Ask for the state anew."""
        self._watch.refresh()

    @Slot(object)
    def render_view(self, view: BackupView) -> None:
        """Show the state, and the plan unless somebody is changing it."""
        words = words_of(view)
        self.state.say(words.whole if words is not None else "")
        self.progress.setVisible(view.running)
        self.progress.setValue(round(_STEPS * view.progress))
        self.cancel_button.setVisible(view.running)
        known = view.known
        self.now_button.setEnabled(not view.running and known is not None and known.plan.is_set)
        if known is not None and known.plan != self._plan:
            self._show_plan(known.plan)
        self._allow()

    @Slot()
    def save(self) -> None:
        """Keep the plan for every workstation."""
        folder, hours = self.folder.text().strip(), self.hours.value()
        daily, weekly, monthly = (
            part.value() for part in (self.daily, self.weekly, self.monthly)
        )

        def write(services: RecordsServices, _: TaskContext) -> None:
            from retina_desktop.domain.backups import BackupPlan, Rotation

            rotation = Rotation(daily, weekly, monthly)
            plan = BackupPlan(folder, hours, rotation)
            services.house.change_backup_plan(services.acting, plan)

        self.start(self._session.write(write), self._on_saved)

    @Slot(object)
    def _on_saved(self, _nothing: object) -> None:
        self.say(self.tr("Saved."))
        self._watch.look()

    @Slot()
    def _choose(self) -> None:
        chosen: list[Path] = self._dialogs.folder(self)
        if chosen:
            self.folder.setText(str(chosen[0]))

    def _show_plan(self, plan: "BackupPlan") -> None:
        self._plan = plan
        self.folder.setText(plan.folder)
        self.hours.setValue(plan.every_hours)
        self.daily.setValue(plan.rotation.daily)
        self.weekly.setValue(plan.rotation.weekly)
        self.monthly.setValue(plan.rotation.monthly)

    def _allow(self) -> None:
        from retina_desktop.domain.users import Permission

        may = self._session.is_open and self._session.services.user.may(Permission.ADMINISTER)
        self.folder.setReadOnly(not may)
        for part in (
            *(self.choose_button, self.hours, self.daily, self.weekly, self.monthly),
            self.save_button,
        ):
            part.setEnabled(may)

    def _lay_out(self, now: QHBoxLayout) -> None:
        place = QWidget()
        beside = QHBoxLayout(place)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.folder, 1)
        beside.addWidget(self.choose_button)
        rows = rows_of()
        add_row(rows, self.tr("Folder"), place)
        self.folder.setAccessibleName(self.tr("Folder of the backups"))
        self.folder.setToolTip(self.tr("A second drive or a share of the network"))
        add_row(rows, self.tr("Every"), self.hours)
        add_row(rows, self.tr("Days kept"), self.daily)
        add_row(rows, self.tr("Weeks kept"), self.weekly)
        add_row(rows, self.tr("Months kept"), self.monthly)
        hint = WrappedLabel("muted")
        hint.say(
            self.tr(
                "Backups are encrypted and checked as they are made, while you work. They are "
                "restored with a password or the recovery key; keep the folder on another "
                "drive than the records."
            )
        )
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.save_button)
        self.body.addWidget(self.state)
        self.body.addLayout(now)
        self.body.addLayout(rows)
        self.body.addWidget(hint)
        self.body.addLayout(foot)


def _number(least: int, most: int, suffix: str = "") -> QSpinBox:
    field = QSpinBox()
    field.setRange(least, most)
    field.setSuffix(suffix)
    field.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
    return field
