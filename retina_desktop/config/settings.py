"""The user's settings: validated, frozen, written in one step, never a reason to crash."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, SecretStr, ValidationError, field_serializer
from pydantic_settings import BaseSettings, SettingsConfigDict

_DEFAULT_MODEL = "rfmid-efficientnet_b0"


class EngineChoice(StrEnum):
    """What runs the models."""

    AUTO = "auto"
    ONNX = "onnx"
    TORCH = "torch"


class Settings(BaseSettings):
    """All settings; ``RETINA_*`` environment variables are for tests and support."""

    model_config = SettingsConfigDict(env_prefix="RETINA_", frozen=True, extra="ignore")

    model: str = _DEFAULT_MODEL
    engine: EngineChoice = EngineChoice.AUTO
    inference_threads: Annotated[int | None, Field(ge=1, le=64)] = None  # None: by the machine
    records_url: SecretStr | None = None
    """The clinic's PostgreSQL, ``postgresql+psycopg://user:password@host:port/database``.

    None keeps the records in a file of the data folder. Photographs, keys and logins stay in
    the data folder either way. The password can be left out and kept in libpq's password file
    (``~/.pgpass``) instead. Secret, because its text must reach no log.
    """

    @field_serializer("records_url", when_used="json")
    def _told_to_the_file_alone(self, url: SecretStr | None) -> str | None:
        return None if url is None else url.get_secret_value()

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read `path`; a missing or damaged file gives the defaults, never a crash."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return cls()

    def save(self, path: Path) -> None:
        """Write `path` so that a power cut leaves the old file or the new one whole."""
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".tmp")
        with draft.open("w", encoding="utf-8") as file:
            file.write(self.model_dump_json(indent=2))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
