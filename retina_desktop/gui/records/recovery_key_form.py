"""The recovery key, shown once: to print, to save, and to be kept before going on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QTextDocument
from PySide6.QtWidgets import QLabel, QWidget

from retina_desktop.gui.records.forms import FormCard, named_tick

if TYPE_CHECKING:
    from PySide6.QtPrintSupport import QPrinter

_SHEET = (
    "<h2>{title}</h2><p>{made}</p><p style='font-family: monospace; font-size: 15pt'>{key}</p>"
    "<p>{words}</p>"
)


class RecoveryKeyForm(FormCard):
    """Shows the key until somebody says that it is kept."""

    save_requested = Signal(str)  # the text of the file
    kept = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(_tr("The recovery key"), parent=parent)
        self.words.say(
            _tr(
                "This key opens the records when every password is forgotten, and restores "
                "backups on another computer. It is shown only now. Print it, or save it on a "
                "drive that is kept elsewhere, and lock it away: whoever has it can read "
                "everything."
            )
        )
        self.key = QLabel()
        self.key.setObjectName("recoveryKey")
        self.key.setTextFormat(Qt.TextFormat.PlainText)
        self.key.setWordWrap(True)
        self.key.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.key.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse
            | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.tick = named_tick(_tr("I have kept the key in a safe place"))
        self.fields.addWidget(self.key)
        self.fields.addWidget(self.tick)
        self.print_button = self.add_button(_tr("Print…"), first=True)
        self.save_button = self.add_button(_tr("Save…"), first=True)
        self.button = self.add_button(_tr("Go on"), primary=True)
        self.button.setEnabled(False)
        self.tick.toggled.connect(self.button.setEnabled)
        self.button.clicked.connect(self._on_kept)
        self.print_button.clicked.connect(self._print)
        self.save_button.clicked.connect(lambda: self.save_requested.emit(self.text()))

    def show_key(self, key: str) -> None:
        """Show `key`, not yet kept."""
        self.key.setText(key)
        self.key.setAccessibleName(_tr("Recovery key: {0}").format(" ".join(key)))
        self.tick.setChecked(False)

    def text(self) -> str:
        """Return what is saved: the key with what it is for."""
        return "\n".join(
            [
                _tr("Retina Desktop: recovery key"),
                "",
                self.key.text(),
                "",
                self.words.text(),
                "",
            ]
        )

    def print_on(self, printer: "QPrinter") -> None:
        """Draw one sheet."""
        document = QTextDocument()
        document.setHtml(
            _SHEET.format(
                title=_tr("Retina Desktop: recovery key"),
                made=datetime.now(UTC).strftime("%Y-%m-%d"),
                key=self.key.text(),
                words=self.words.text(),
            )
        )
        document.print_(printer)

    @Slot()
    def _print(self) -> None:
        from PySide6.QtPrintSupport import (  # only who prints waits for it
            QPrintDialog,
            QPrinter,
        )

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setDocName(_tr("Recovery key"))
        dialog = QPrintDialog(printer, self)
        if dialog.exec() == QPrintDialog.DialogCode.Accepted:
            self.print_on(printer)
        dialog.deleteLater()

    @Slot()
    def _on_kept(self) -> None:
        self.key.clear()
        self.key.setAccessibleName("")
        self.kept.emit()


def file_name() -> str:
    """Return the name offered for the file."""
    return str(Path("retina-desktop-recovery-key.txt"))


def _tr(text: str) -> str:
    return QCoreApplication.translate("RecoveryKeyForm", text)
