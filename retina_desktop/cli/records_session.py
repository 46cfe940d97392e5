"""What the commands on records share: options, the password, JSON of what is stored."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, is_dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from retina_desktop.bootstrap_records.access import (
    RecordsState,
    check_set_up,
    open_session,
    records_state,
)
from retina_desktop.bootstrap_records.opened import OpenedRecords
from retina_desktop.cli.console import ExitCode, say, stop
from retina_desktop.config.folders import Folders
from retina_desktop.domain.images import Laterality
from retina_desktop.domain.patients import Patient
from retina_desktop.domain.record_errors import LoginNeededError, RecordNotFoundError

JSON_SCHEMA = 1

DataFolder = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", envvar="RETINA_DATA_DIR", help="The folder that holds the records."
    ),
]
UserName = Annotated[
    str | None,
    typer.Option(
        "--user", envvar="RETINA_USER", help="Who you are; not needed where there is one user."
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]

_PASSWORD = "RETINA_PASSWORD"
_NEW_PASSWORD = "RETINA_NEW_PASSWORD"
_RECOVERY_KEY = "RETINA_RECOVERY_KEY"


def folders_of(data_dir: Path | None) -> Folders:
    """Return the folders with the data folder of ``--data-dir``."""
    if data_dir is None:
        return Folders.find()
    return Folders.find({**os.environ, "RETINA_DATA_DIR": str(data_dir)})


@contextmanager
def opened(
    data_dir: Path | None, user: str | None, *, password: str | None = None
) -> Iterator[OpenedRecords]:
    """Give the records, unlocked with the password of the environment or of a prompt.

    Where they open without a login, nobody is asked; nor where a `password` was asked for.
    """
    folders = folders_of(data_dir)
    check_set_up(folders)
    session = _session(folders, user, password)
    try:
        reset = session.password_reset
        if reset is not None:
            say(f"{reset.sentence} (retina-desktop users password)")
        yield session
    finally:
        session.close()


def _session(folders: Folders, user: str | None, password: str | None) -> OpenedRecords:
    if records_state(folders) is RecordsState.OPEN_WITHOUT_LOGIN:
        try:
            return open_session(folders, user=user, password=None)
        except LoginNeededError as error:
            say(str(error))
    return open_session(folders, user=user, password=password or ask_password())


def ask_password(*, new: bool = False) -> str:
    """Return the password: from RETINA_PASSWORD, or typed (twice when it is a new one)."""
    return _ask(_PASSWORD, "Password", twice=new)


def ask_new_password() -> str:
    """Return a password to be given: from RETINA_NEW_PASSWORD, or typed twice."""
    return _ask(_NEW_PASSWORD, "New password", twice=True)


def ask_recovery_key() -> str:
    """Return the recovery key: from RETINA_RECOVERY_KEY, or typed."""
    return _ask(_RECOVERY_KEY, "Recovery key", twice=False)


def _ask(variable: str, words: str, *, twice: bool) -> str:
    given = os.environ.get(variable)
    if given:
        return given
    if sys.stdin is None or not sys.stdin.isatty():
        stop(ExitCode.USAGE, f"Nobody can be asked for the {words.lower()}; set {variable}.")
    typed: str = typer.prompt(words, hide_input=True, confirmation_prompt=twice, err=True)
    return typed


def patient_by_number(session: OpenedRecords, record_number: str) -> Patient:
    """Return the patient with this record number.

    Raises
    ------
    RecordNotFoundError
        With what to do; without the number, which errors must not repeat.
    """
    found = session.records.patients.find_by_record_number(record_number.strip())
    if found is None:
        raise RecordNotFoundError(
            "No patient has this record number; retina-desktop patients find searches by name."
        )
    return found


def plain(value: object) -> object:
    """Return a stored value as what JSON knows, every field by its name.

    Moments and days are ISO 8601, enums their stored words, an eye ``R`` or ``L``.
    """
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    return value


def document(**parts: object) -> dict[str, object]:
    """Return the JSON document of a command."""
    return {"schema": JSON_SCHEMA, **{name: plain(part) for name, part in parts.items()}}


def eye_shown(eye: Laterality | None) -> str:
    """Return ``OD``, ``OS``, or that nobody knows."""
    return eye.shown if eye else "eye not stated"
