"""Reading and writing ``manifest.json``: strict, versioned, one sentence for each refusal."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from retina_desktop.domain.errors import BundleRefusedError
from retina_desktop.domain.manifests import NEWEST_SCHEMA, ModelManifest

MANIFEST_NAME = "manifest.json"
LARGEST_MANIFEST = 4 * 1024 * 1024  # bytes; 29 labels with all their metrics take some 100 kB


class _ManifestDocument(BaseModel):
    """Carries pydantic's settings to the plain dataclasses inside, which know no pydantic."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    manifest: ModelManifest


def read_manifest(path: Path) -> ModelManifest:
    """Read and check a manifest file.

    Raises
    ------
    BundleRefusedError
        If the file is missing, no manifest, of a newer schema, or breaks a rule.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(LARGEST_MANIFEST + 1)
    except FileNotFoundError:
        raise BundleRefusedError(
            f"The folder has no {MANIFEST_NAME}, so it is no model bundle."
        ) from None
    except OSError as error:
        raise BundleRefusedError(f"The {MANIFEST_NAME} cannot be read.") from error
    return parse_manifest(text)


def parse_manifest(text: bytes) -> ModelManifest:
    """Return the manifest that `text` (UTF-8 JSON) holds.

    Raises
    ------
    BundleRefusedError
        If the text is no manifest, of another schema, or breaks a rule.
    """
    if len(text) > LARGEST_MANIFEST:
        raise BundleRefusedError(f"The {MANIFEST_NAME} is too large to be one.")
    content = _json_object(text)
    schema = content.get("schema")
    if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
        raise BundleRefusedError(
            f"The {MANIFEST_NAME} names no schema version, so it is no model bundle."
        )
    if schema > NEWEST_SCHEMA:
        raise BundleRefusedError(
            f"The bundle was made for a newer version of this program (manifest schema "
            f"{schema}, this program reads up to {NEWEST_SCHEMA}); please update the program."
        )
    try:
        document = _ManifestDocument.model_validate_json(
            b'{"manifest":' + text + b"}", strict=True
        )
    except ValidationError as error:
        raise BundleRefusedError(_sentence(error)) from None
    return document.manifest


def manifest_to_json(manifest: ModelManifest) -> str:
    """Return the manifest as indented JSON text that `parse_manifest` reads back equal.

    Fields of a newer schema are left out where they are not used: programs that do not know
    them refuse their very names.
    """
    content = dataclasses.asdict(manifest)
    if manifest.validated_range is None:
        del content["validated_range"]
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        raise BundleRefusedError(f"The {MANIFEST_NAME} is damaged: it is not JSON.") from None
    if not isinstance(content, dict):
        raise BundleRefusedError(f"The {MANIFEST_NAME} holds no manifest.")
    return content


def _sentence(error: ValidationError) -> str:
    """Name the first broken rule and its place; a clinician forwards it, a maker mends it."""
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(part) for part in first["loc"][1:]) or "the manifest"
    reason = first["msg"].removeprefix("Value error, ")
    return f"The {MANIFEST_NAME} breaks a rule at {place}: {reason}."
