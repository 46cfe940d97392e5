"""One model bundle on disk: a manifest, and files that are what it says they are.

Opening a bundle is cheap: it reads the manifest and asks for the files' sizes. Every byte that
is used is checked against its SHA-256 in the very read that brings it (`Bundle.read`), so that
nothing can change between the check and the use. Files that the manifest does not list are
ignored: nothing opens them.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import BundleFile, ModelManifest
from retina_desktop.imaging.preprocessing import crop_size
from retina_desktop.ml.manifest_json import MANIFEST_NAME, read_manifest
from retina_desktop.ml.weight_header import WeightsInconsistentError, check_weights

CARD_NAME = "MODEL_CARD.md"
LARGEST_BUNDLE = 2 * 1024**3  # bytes of all files together; they are read into memory


@dataclass(frozen=True, slots=True)
class Bundle:
    """A readable model bundle: a manifest and the folder it was found in."""

    manifest: ModelManifest
    folder: Path

    @property
    def card(self) -> Path:
        """The model card, Markdown."""
        return self.folder / CARD_NAME

    def read(self, name: str) -> bytes:
        """Return the bytes of the file `name` (as the manifest lists it), checked.

        Raises
        ------
        BundleRefusedError
            If the file is missing, unreadable, or not the one the manifest was made for; or if
            it holds the weights and they contradict themselves.
        """
        entry = _listed(self.manifest, name)
        try:
            with _place(self.folder, entry).open("rb") as stream:
                content = stream.read(entry.bytes + 1)
        except OSError as error:
            raise _missing(entry) from error
        if len(content) != entry.bytes or hashlib.sha256(content).hexdigest() != entry.sha256:
            raise damaged(entry)
        if name == self.manifest.weights:
            _check_weights(content, entry)
        return content

    def verify(self) -> None:
        """Check every listed file's SHA-256.

        Raises
        ------
        BundleRefusedError
            Naming the first file that is not whole.
        """
        for entry in self.manifest.files:
            self.read(entry.path)


def read_bundle(folder: Path) -> Bundle:
    """Open the bundle in `folder`: its manifest's rules, its files' places and sizes.

    Hashes are not computed here but when bytes are read.

    Raises
    ------
    BundleRefusedError
        With one sentence that says what is damaged, missing or foreign.
    """
    manifest = read_manifest(folder / MANIFEST_NAME)
    check_manifest(manifest)
    for entry in manifest.files:
        try:
            size = _place(folder, entry).stat().st_size
        except OSError as error:
            raise _missing(entry) from error
        if size != entry.bytes:
            raise damaged(entry)
    return Bundle(manifest, folder)


def check_manifest(manifest: ModelManifest) -> None:
    """Check what takes more than one field: listed files, steps that exist.

    Label codes that this program does not know are allowed; they are shown by their code.

    Raises
    ------
    BundleRefusedError
        If a needed file is not listed, or a preprocessing step is unknown here.
    """
    for name in (manifest.graph, manifest.weights, CARD_NAME):
        _listed(manifest, name)
    if manifest.validated_range is not None:
        _listed(manifest, manifest.validated_range.file)
    if MANIFEST_NAME in (entry.path.lower() for entry in manifest.files):
        raise BundleRefusedError(f"The {MANIFEST_NAME} lists itself, which no hash can check.")
    if sum(entry.bytes for entry in manifest.files) > LARGEST_BUNDLE:
        raise BundleRefusedError("The model is too large: its files exceed 2 GiB.")
    if crop_size(manifest.preprocessing) != manifest.input_size:
        raise BundleRefusedError(
            f"The {MANIFEST_NAME} prepares photographs of another size than the model reads."
        )


def damaged(entry: BundleFile) -> BundleRefusedError:
    """Return the refusal of a file that is not the one its manifest was made for."""
    return BundleRefusedError(
        f"The model's file {entry.path} is damaged or was changed; please install the model "
        "again."
    )


def _check_weights(content: bytes, entry: BundleFile) -> None:
    try:
        check_weights(content)
    except WeightsInconsistentError as error:
        raise BundleRefusedError(
            f"The model's file {entry.path} contradicts itself ({error}); ask whoever made the "
            "model for a new one."
        ) from error


def _missing(entry: BundleFile) -> BundleRefusedError:
    return BundleRefusedError(
        f"The model's file {entry.path} is missing or cannot be read; please install the model "
        "again."
    )


def _listed(manifest: ModelManifest, name: str) -> BundleFile:
    for entry in manifest.files:
        if entry.path == name:
            return entry
    raise BundleRefusedError(f"The {MANIFEST_NAME} lists no file {name!r} with its SHA-256.")


def _place(folder: Path, entry: BundleFile) -> Path:
    """Return where the file lies, having followed links: inside the folder or refused."""
    place = (folder / entry.path).resolve(strict=True)
    if not place.is_relative_to(folder.resolve()):
        raise BundleRefusedError(f"The model's file {entry.path} is a link out of its folder.")
    if not place.is_file():
        raise _missing(entry)
    return place
