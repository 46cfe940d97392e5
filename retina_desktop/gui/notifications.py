"""Errors that belong to no photograph: shown in a banner, bugs logged with their traceback."""

import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, QSize, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QToolButton, QWidget

from retina_desktop.domain.errors import RetinaError
from retina_desktop.gui.sentences import in_own_words
from retina_desktop.gui.theme import ThemeKeeper
from retina_desktop.gui.wrapped_label import WrappedLabel

log = logging.getLogger(__name__)


class Notifications(QObject):
    """Turns exceptions into sentences; safe to call from any thread."""

    raised = Signal(str)

    def __init__(self, log_file: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log_file = log_file

    @Slot(object)
    def report(self, error: BaseException) -> None:
        """Show a `RetinaError` as it is, anything else as an internal error."""
        self.raised.emit(self.sentence_of(error))

    def sentence_of(self, error: BaseException) -> str:
        """Return what the user reads about `error`."""
        if isinstance(error, RetinaError):
            return in_own_words(str(error))
        return self.tr("Internal error. What happened is written in {0}").format(self._log_file)

    def watch(self) -> Callable[[], None]:
        """Catch what nobody else caught, in every thread; return what undoes it."""
        hooks = sys.excepthook, threading.excepthook

        def in_main(
            kind: type[BaseException],
            error: BaseException,
            traceback: TracebackType | None,
        ) -> None:
            if issubclass(kind, KeyboardInterrupt):
                hooks[0](kind, error, traceback)
                return
            log.critical("uncaught exception", exc_info=(kind, error, traceback))
            self.report(error)

        def in_thread(arguments: threading.ExceptHookArgs) -> None:
            if arguments.exc_value is not None:
                in_main(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

        def restore() -> None:
            sys.excepthook, threading.excepthook = hooks

        sys.excepthook, threading.excepthook = in_main, in_thread
        return restore


class NotificationBanner(QFrame):
    """One sentence under the tool bar, until it is closed."""

    def __init__(self, theme: ThemeKeeper, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self._icon = QLabel()
        self._text = WrappedLabel("errorText")
        self.close_button = QToolButton()
        self.close_button.setAccessibleName(self.tr("Close this message"))
        self.close_button.setToolTip(self.tr("Close this message"))
        self.close_button.setIconSize(QSize(16, 16))
        self.close_button.clicked.connect(self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 8, 6)
        layout.addWidget(self._icon)
        layout.addWidget(self._text, 1)
        layout.addWidget(self.close_button)
        theme.changed.connect(self._tint)
        self._tint()
        self.hide()

    @property
    def text(self) -> str:
        """The sentence shown last."""
        return self._text.text()

    @Slot(str)
    def show_sentence(self, sentence: str) -> None:
        """Show `sentence` in place of the one before."""
        self._text.say(sentence)
        self.setAccessibleName(sentence)
        self.show()

    def _tint(self) -> None:
        icons, colors = self._theme.icons, self._theme.colors
        ratio = self.devicePixelRatioF()
        self._icon.setPixmap(icons.pixmap("warning", 18, ratio=ratio, color=colors.error))
        self.close_button.setIcon(icons.icon("error"))
