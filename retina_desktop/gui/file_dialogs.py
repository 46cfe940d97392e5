"""Asks the user for files; the window is given one, so that tests can answer for the user."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

_PHOTOGRAPHS = (
    "*.jpg *.jpeg *.jpe *.jfif *.png *.tif *.tiff *.bmp *.webp *.dcm *.dicom"  # see imaging
)
_PICTURES = {"JPEG (*.jpg)": "jpg", "PNG (*.png)": "png"}


class RunningChoice(StrEnum):
    """What becomes of a training when the window is closed over it."""

    STOP = "stop"
    LEAVE = "leave"
    STAY = "stay"


class FileDialogs:
    """The system's own dialogs; an empty answer is a cancelled one."""

    def photographs(self, parent: QWidget) -> list[Path]:
        """Ask for photographs."""
        kinds = f"{_tr('Photographs')} ({_PHOTOGRAPHS});;{_tr('All files')} (*)"
        names, _ = QFileDialog.getOpenFileNames(parent, _tr("Open photographs"), "", kinds)
        return [Path(name) for name in names]

    def folder(self, parent: QWidget) -> list[Path]:
        """Ask for a folder."""
        name = QFileDialog.getExistingDirectory(parent, _tr("Open folder"))
        return [Path(name)] if name else []

    def picture_target(self, parent: QWidget, suggestion: str) -> Path | None:
        """Ask where to save a picture; the suffix decides between JPEG and PNG."""
        dialog = QFileDialog(parent, _tr("Save picture"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(_PICTURES))
        # The dialog itself adds the suffix, so that it asks before a file is replaced.
        dialog.setDefaultSuffix("jpg")
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(_PICTURES[kind]))
        dialog.selectFile(suggestion)
        accepted = dialog.exec() == QFileDialog.DialogCode.Accepted
        names = dialog.selectedFiles()
        dialog.deleteLater()
        if not accepted or not names:
            return None
        path = Path(names[0])
        known = path.suffix.lower() in {".jpg", ".jpeg", ".png"}
        return path if known else path.with_name(f"{path.name}.jpg")

    def text_target(self, parent: QWidget, suggestion: str) -> Path | None:
        """Ask where to save a text."""
        name, _ = QFileDialog.getSaveFileName(
            parent, _tr("Save"), suggestion, f"{_tr('Text')} (*.txt)"
        )
        return Path(name) if name else None

    def picture(self, parent: QWidget) -> Path | None:
        """Ask for a PNG or JPEG, such as a logo."""
        kinds = f"{_tr('Pictures')} (*.png *.jpg *.jpeg)"
        name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose a picture"), "", kinds)
        return Path(name) if name else None

    def target(self, parent: QWidget, suggestion: str, kinds: Mapping[str, str]) -> Path | None:
        """Ask where to save a file; `kinds` are its possible suffixes by their names."""
        filters = {f"{name} (*.{suffix})": suffix for name, suffix in kinds.items()}
        dialog = QFileDialog(parent, _tr("Save"))
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setNameFilters(list(filters))
        # The dialog itself adds the suffix, so that it asks before a file is replaced.
        dialog.setDefaultSuffix(next(iter(filters.values())))
        dialog.filterSelected.connect(lambda kind: dialog.setDefaultSuffix(filters[kind]))
        dialog.selectFile(suggestion)
        accepted = dialog.exec() == QFileDialog.DialogCode.Accepted
        names = dialog.selectedFiles()
        dialog.deleteLater()
        return Path(names[0]) if accepted and names else None

    def table(self, parent: QWidget) -> Path | None:
        """Ask for a table of photographs."""
        kinds = f"{_tr('Tables')} (*.csv *.tsv *.txt);;{_tr('All files')} (*)"
        name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose a table"), "", kinds)
        return Path(name) if name else None

    def training_list(self, parent: QWidget) -> Path | None:
        """Ask for a list of photographs to learn from."""
        kinds = f"{_tr('Lists of photographs')} (*.csv *.toml);;{_tr('All files')} (*)"
        title = _tr("Choose the list of photographs")
        name, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
        return Path(name) if name else None

    def recipe(self, parent: QWidget) -> Path | None:
        """Ask for a recipe of training."""
        kinds = f"{_tr('Recipes')} (*.toml)"
        name, _ = QFileDialog.getOpenFileName(parent, _tr("Choose a recipe"), "", kinds)
        return Path(name) if name else None

    def weights(self, parent: QWidget) -> Path | None:
        """Ask for a file of weights that a training begins with."""
        kinds = f"{_tr('Weights')} (*.safetensors *.pt *.pth)"
        title = _tr("Choose the weights to start from")
        name, _ = QFileDialog.getOpenFileName(parent, title, "", kinds)
        return Path(name) if name else None

    def change_model(self, parent: QWidget, name: str) -> bool:
        """Ask whether another model is to answer from now on."""
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(_tr("Another model"))
        box.setTextFormat(Qt.TextFormat.PlainText)
        box.setText(_tr("Is “{0}” to answer on every page from now on?").format(name))
        box.setInformativeText(
            _tr(
                "Answers that are kept stay as they are. The model that answers now stays "
                "installed, and you can go back to it."
            )
        )
        stay = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        change = box.addButton(_tr("Use it"), QMessageBox.ButtonRole.AcceptRole)
        box.setDefaultButton(stay)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is change

    def leave_training(self, parent: QWidget) -> RunningChoice:
        """Ask what becomes of a running training when the window is closed."""
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Question)
        box.setWindowTitle(_tr("Training is running"))
        box.setText(_tr("A training is running. What is to become of it?"))
        box.setInformativeText(
            _tr(
                "It can go on without the window, or save its state and end: then it goes on "
                "from there when you want it to."
            )
        )
        stay = box.addButton(_tr("Cancel"), QMessageBox.ButtonRole.RejectRole)
        leave = box.addButton(_tr("Leave it running"), QMessageBox.ButtonRole.AcceptRole)
        stop = box.addButton(_tr("Stop and save"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.exec()
        box.deleteLater()
        if box.clickedButton() is stop:
            return RunningChoice.STOP
        return RunningChoice.LEAVE if box.clickedButton() is leave else RunningChoice.STAY

    def leave_unsaved(self, parent: QWidget, sentences: Sequence[str]) -> bool:
        """Ask whether to go on although something could not be saved."""
        box = QMessageBox(parent)
        box.setIcon(QMessageBox.Icon.Warning)
        box.setWindowTitle(_tr("Not saved"))
        box.setText("\n".join(sentences))
        box.setInformativeText(_tr("It is lost if you go on."))
        stay = box.addButton(_tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        leave = box.addButton(_tr("Lose it"), QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(stay)
        box.exec()
        box.deleteLater()
        return box.clickedButton() is leave


def _tr(text: str) -> str:
    return QCoreApplication.translate("FileDialogs", text)
