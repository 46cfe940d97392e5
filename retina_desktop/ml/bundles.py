"""The model bundles of this workstation: which are here, and which are refused and why.

A damaged or foreign bundle never stops the application: it is listed among the refused.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.domain.errors import BundleRefusedError, ModelNotFoundError
from retina_desktop.ml.bundle_import import import_bundle
from retina_desktop.ml.bundle_reading import Bundle, read_bundle

__all__ = ["Bundle", "BundleLibrary", "RefusedBundle", "import_bundle", "read_bundle"]

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RefusedBundle:
    """A folder among the bundles that could not be read as one."""

    folder: str  # its name, without the path
    message: str  # one sentence


class BundleLibrary:
    """All bundles in some folders, each bundle a folder of its own.

    Folders are read anew at each question, so that what was added meanwhile is found; names
    that begin with a dot (drafts) and plain files (``README.md``) are passed over.

    Parameters
    ----------
    folders : Sequence[Path]
        Folders of bundles; they need not exist. The last is the user's own: `add` writes there.
    """

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def bundles(self) -> list[Bundle]:
        """Return the readable bundles by id, newest version first; no hash is computed.

        Where two folders hold the same id and version, the earlier folder's comes first.
        """
        found = [entry for entry in self._read_all() if isinstance(entry, Bundle)]
        found.sort(key=lambda bundle: bundle.manifest.release, reverse=True)
        return sorted(found, key=lambda bundle: bundle.manifest.id)

    def refused(self) -> list[RefusedBundle]:
        """Return the folders that hold no readable bundle, with the reason."""
        return [entry for entry in self._read_all() if isinstance(entry, RefusedBundle)]

    def find(self, model_id: str) -> Bundle:
        """Return the newest bundle of that id.

        Raises
        ------
        BundleRefusedError
            If there is none, but a folder of that name was refused.
        ModelNotFoundError
            If there is no trace of it.
        """
        for bundle in self.bundles():
            if bundle.manifest.id == model_id:
                return bundle
        for refused in self.refused():
            if refused.folder == model_id or refused.folder.startswith(f"{model_id}-"):
                raise BundleRefusedError(refused.message)
        raise ModelNotFoundError(
            f"No model {model_id!r} is installed; 'retina-desktop models list' names those "
            "that are."
        )

    def check(self, bundle: Bundle) -> str | None:
        """Compare every file with its SHA-256; return what is wrong, None if it is whole."""
        try:
            bundle.verify()
        except BundleRefusedError as error:
            return str(error)
        return None

    def add(self, source: Path) -> Bundle:
        """Import a bundle (folder or ZIP archive) among the user's own; see `import_bundle`."""
        return import_bundle(source, self._folders[-1])

    def _read_all(self) -> list[Bundle | RefusedBundle]:
        return [_read(folder) for parent in self._folders for folder in _candidates(parent)]


def _candidates(parent: Path) -> list[Path]:
    try:
        entries = sorted(parent.iterdir())
    except FileNotFoundError:
        return []  # the user has added none yet
    except OSError:
        _LOGGER.warning("a folder of models cannot be listed", exc_info=True)
        return []
    return [entry for entry in entries if entry.is_dir() and not entry.name.startswith(".")]


def _read(folder: Path) -> Bundle | RefusedBundle:
    try:
        return read_bundle(folder)
    except BundleRefusedError as error:
        return RefusedBundle(folder.name, str(error))
