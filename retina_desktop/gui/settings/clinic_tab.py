"""The clinic's name, address and logo, its reports' paper and language, the lock."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QWidget,
)

from retina_desktop.gui.file_dialogs import FileDialogs
from retina_desktop.gui.records.forms import named_button
from retina_desktop.gui.records.port import RecordsServices
from retina_desktop.gui.records.session import RecordsSession
from retina_desktop.gui.settings.picture_field import PictureField, read_picture
from retina_desktop.gui.settings.tab import SettingsTab, add_row, rows_of
from retina_desktop.services.tasks import TaskContext

if TYPE_CHECKING:
    from retina_desktop.services.clinic_profile import VersionedMinutes, VersionedProfile
    from retina_desktop.services.report_settings import ReportDefaults

_LONGEST_MINUTES = 480  # domain.clinic.LONGEST_LOCK_MINUTES
_TEXT_HEIGHT = 76


@dataclass(frozen=True, slots=True)
class ClinicSettings:
    """What the tab shows, each part with the version that a change expects."""

    profile: "VersionedProfile"
    lock: "VersionedMinutes"
    reports: "ReportDefaults"


class ClinicTab(SettingsTab):
    """Read by everybody, changed by administrators."""

    lock_time_chosen = Signal(int)

    def __init__(
        self, session: RecordsSession, dialogs: FileDialogs, parent: QWidget | None = None
    ) -> None:
        super().__init__(session, parent)
        self._stored: ClinicSettings | None = None
        self._logo = b""
        self.name = QLineEdit()
        self.address, self.contact = QPlainTextEdit(), QPlainTextEdit()
        for field in (self.address, self.contact):
            field.setFixedHeight(_TEXT_HEIGHT)
            field.setTabChangesFocus(True)
        self.logo = PictureField(self.tr("logo"), dialogs)
        self.paper, self.language = QComboBox(), QComboBox()
        self.minutes = QSpinBox()
        self.minutes.setRange(0, _LONGEST_MINUTES)
        self.minutes.setSpecialValueText(self.tr("never"))
        self.minutes.setSuffix(self.tr(" minutes"))
        for part in (self.paper, self.language, self.minutes):
            part.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        rows = rows_of()
        add_row(rows, self.tr("Clinic's name"), self.name)
        add_row(rows, self.tr("Address"), self.address)
        add_row(rows, self.tr("Telephone, e-mail"), self.contact)
        add_row(rows, self.tr("Logo"), self.logo, tip=self.tr("PNG or JPEG, on reports"))
        add_row(rows, self.tr("Reports' paper"), self.paper)
        add_row(rows, self.tr("Reports' language"), self.language)
        add_row(
            rows,
            self.tr("Lock when idle for"),
            self.minutes,
            tip=self.tr("On every workstation; 0 is never."),
        )
        self.button = named_button(self.tr("Save"), primary=True)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.button)
        self.body.addLayout(rows)
        self.body.addLayout(foot)
        self.button.clicked.connect(self.save)
        self.logo.chosen.connect(self._read_logo)
        self.logo.removed.connect(lambda: self._show_logo(b""))
        self._allow(may_change=False)

    def activated(self) -> None:
        """Read what is stored, unless it was read already."""
        if self._stored is None:
            self.start(self._session.read(_read), self._show)

    @Slot()
    def save(self) -> None:
        """Keep everything on the tab."""
        stored = self._stored
        if stored is None:
            return
        name, address = self.name.text(), self.address.toPlainText()
        contact, logo, minutes = self.contact.toPlainText(), self._logo, self.minutes.value()
        paper, language = self.paper.currentData(), self.language.currentData()

        def write(services: RecordsServices, context: TaskContext) -> ClinicSettings:
            from retina_desktop.domain.clinic import ClinicProfile
            from retina_desktop.domain.report_content import Language, Paper
            from retina_desktop.services.report_settings import ReportDefaults

            house, acting = services.house, services.acting
            house.save_clinic_profile(
                acting,
                ClinicProfile(name=name, address=address, contact=contact, logo=logo),
                expected_version=stored.profile.version,
            )
            house.save_lock_time(acting, minutes, expected_version=stored.lock.version)
            house.save_report_defaults(
                acting,
                # Qt gives back the plain text of what was put into the box.
                ReportDefaults(Paper(paper), Language(language), stored.reports.version),
            )
            return _read(services, context)

        self.button.setEnabled(False)
        self.start(self._session.write(write), self._on_saved)

    def show_failure(self, error: Exception) -> None:
        """Show why, with what was typed still there to be corrected."""
        super().show_failure(error)
        self.button.setEnabled(True)

    @Slot(object)
    def _on_saved(self, stored: ClinicSettings) -> None:
        self._show(stored)
        self.say(self.tr("Saved."))
        self.lock_time_chosen.emit(stored.lock.minutes)

    @Slot(object)
    def _show(self, stored: ClinicSettings) -> None:
        from retina_desktop.domain.report_content import Language, Paper
        from retina_desktop.domain.users import Permission

        self._stored = stored
        profile = stored.profile.profile
        self.name.setText(profile.name if profile else "")
        self.address.setPlainText(profile.address if profile else "")
        self.contact.setPlainText(profile.contact if profile else "")
        self._show_logo(profile.logo if profile else b"")
        self.minutes.setValue(stored.lock.minutes)
        _fill(self.paper, [(p, p.shown) for p in Paper], stored.reports.paper)
        _fill(self.language, [(one, one.shown) for one in Language], stored.reports.language)
        self._allow(may_change=self._session.services.user.may(Permission.ADMINISTER))

    def _allow(self, *, may_change: bool) -> None:
        for field in (self.name, self.address, self.contact):
            field.setReadOnly(not may_change)
        for part in (self.logo, self.paper, self.language, self.minutes, self.button):
            part.setEnabled(may_change)

    @Slot(object)
    def _read_logo(self, path: Path) -> None:
        self.start(self._session.aside(lambda _: read_picture(path)), self._on_logo_read)

    @Slot(object)
    def _on_logo_read(self, picture: bytes) -> None:
        self._show_logo(picture)
        self.say(self.tr("The logo is kept when you save."))

    def _show_logo(self, picture: bytes) -> None:
        self._logo = picture
        self.logo.show_picture(picture)


def _read(services: RecordsServices, _: TaskContext) -> ClinicSettings:
    house, acting = services.house, services.acting
    return ClinicSettings(
        house.clinic_profile(acting), house.lock_time(acting), house.report_defaults(acting)
    )


def _fill(box: QComboBox, words: Sequence[tuple[object, str]], chosen: object) -> None:
    box.clear()
    for value, text in words:
        box.addItem(text, value)
    box.setCurrentIndex([value for value, _ in words].index(chosen))
