"""Folders of the program and of this user; light enough to be asked before the window shows.

``RETINA_DATA_DIR`` moves everything that belongs to the user (models, settings, logs).
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_APP = "RetinaDesktop"


@dataclass(frozen=True, slots=True)
class Folders:
    """All folders; nothing is created by naming them."""

    program: Path  # holds models/ and resources/ as they came with the program
    data: Path

    @classmethod
    def find(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Return the folders in force for this user."""
        frozen = getattr(sys, "_MEIPASS", None)  # set by PyInstaller's bootloader
        program = Path(frozen) if frozen else Path(__file__).resolve().parents[2]
        chosen = environment.get("RETINA_DATA_DIR")
        if chosen:
            return cls(program, Path(chosen).expanduser())
        from platformdirs import user_data_path

        return cls(program, user_data_path(_APP, appauthor=False))

    @property
    def models(self) -> tuple[Path, ...]:
        """Folders of model bundles: the program's own, then the user's."""
        return self.program / "models", self.user_models

    @property
    def user_models(self) -> Path:
        """Where imported bundles go."""
        return self.data / "models"

    @property
    def resources(self) -> Path:
        """Icons, styles and the sample photograph."""
        return self.program / "resources"

    @property
    def sample_photograph(self) -> Path:
        """A real fundus photograph, CC0 (see ``resources/samples/SOURCE.md``)."""
        return self.resources / "samples" / "retina.jpg"

    @property
    def settings_file(self) -> Path:
        """What the user has set, as JSON."""
        return self.data / "settings.json"

    @property
    def window_file(self) -> Path:
        """The window's geometry and the like, written by Qt."""
        return self.data / "window.ini"

    @property
    def log_file(self) -> Path:
        """Newest log; older ones have a number behind them."""
        return self.data / "logs" / "retina-desktop.log"
