"""Reading a whole backup again: everything the manifest says, against what lies there."""

from pathlib import Path

from retina_desktop.domain.backups import BackupManifest
from retina_desktop.domain.record_errors import (
    StoredImageDamagedError,
    StoredImageMissingError,
)
from retina_desktop.persistence.backup_series import (
    KEYS,
    LIST,
    is_sealed,
    listed,
    read_manifest,
)
from retina_desktop.persistence.durable_files import hash_of
from retina_desktop.persistence.image_store import FileImageStore
from retina_desktop.persistence.key_vault import KeyPurpose, MasterKey
from retina_desktop.services.backup_ports import CheckedBackup
from retina_desktop.services.tasks import TaskContext

_PARTS_SHARE = 0.2
_NO_MANIFEST = "The backup's manifest is missing or damaged."
_NO_LIST = "The backup's list of files is damaged."


def check_backup(context: TaskContext, place: Path, master: MasterKey | None) -> CheckedBackup:
    """Return what is wrong with the backup at `place`, whose ``images`` lies beside it."""
    manifest = read_manifest(place)
    if manifest is None:
        return CheckedBackup(place.name, 0, (_NO_MANIFEST,))
    problems = parts_problems(context, place, manifest, master)
    if f"{LIST} is damaged." in problems or f"{LIST} is missing." in problems:
        return CheckedBackup(manifest.id, 0, tuple(problems))
    key = master.derive(KeyPurpose.IMAGES) if master else None
    store = FileImageStore(place.parent / "images", key=key)
    count = 0
    try:
        for name, size in listed(place / LIST):
            count += 1
            share = _PARTS_SHARE + (1 - _PARTS_SHARE) * count / max(manifest.files, count)
            context.progress(share, "Reading photographs and reports")
            problems += _file_problem(store, name, size)
    except ValueError:
        problems.append(_NO_LIST)
    return CheckedBackup(manifest.id, count, tuple(problems))


def parts_problems(
    context: TaskContext, place: Path, manifest: BackupManifest, master: MasterKey | None
) -> list[str]:
    """Return what is wrong with the manifest and the files it names, photographs aside."""
    problems = []
    key = master.derive(KeyPurpose.BACKUPS) if master else None
    if not is_sealed(manifest, key) or manifest.encrypted != (master is not None):
        problems.append("The backup's manifest was altered.")
    named = {part.name for part in manifest.parts}
    if LIST not in named or (manifest.encrypted and KEYS not in named):
        problems.append(_NO_MANIFEST)
    for part in manifest.parts:
        path = place / Path(part.name).name
        if not path.is_file():
            problems.append(f"{part.name} is missing.")
        elif hash_of(path, tell=lambda _done: context.progress(0.0, "Reading")) != part.sha256:
            problems.append(f"{part.name} is damaged.")
    return problems


def _file_problem(store: FileImageStore, name: str, size: int) -> list[str]:
    try:
        store.verify(name)
    except StoredImageMissingError:
        return [f"File {name} is missing."]
    except StoredImageDamagedError:
        return [f"File {name} is damaged."]
    return [] if store.stored_size(name) == size else [f"File {name} is damaged."]
