"""Write the JSON Schemas of what records are exported as, from the documents' own types.

Run it after a field was added to a record: ``python -m build_scripts.record_schemas``. The
schemas are strict, so a test fails until it was done.
"""

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from retina_desktop.services.record_documents import (
    DOCUMENT_VERSION,
    EXAMINATION_SCHEMA,
    PATIENT_SCHEMA,
    ExaminationDocument,
    PatientDocument,
)

FOLDER = Path(__file__).resolve().parents[1] / "resources" / "schemas"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KINDS: dict[str, tuple[type[object], str]] = {
    "examination.json": (ExaminationDocument, EXAMINATION_SCHEMA),
    "patient_record.json": (PatientDocument, PATIENT_SCHEMA),
}


def main() -> None:
    """Write every schema."""
    FOLDER.mkdir(exist_ok=True)
    for name in _KINDS:
        text = json.dumps(schema_of(name), indent=1, sort_keys=True, ensure_ascii=False)
        (FOLDER / name).write_text(text + "\n", encoding="utf-8")


def schema_of(name: str) -> dict[str, Any]:
    """Return the schema of a file's documents; `Any` because schemas nest without an end."""
    kind, word = _KINDS[name]
    schema: dict[str, Any] = TypeAdapter(kind).json_schema(mode="serialization")
    _make_strict(schema)
    schema["$schema"] = _DIALECT
    schema["properties"]["schema"] = {"const": word}
    schema["properties"]["version"] = {"const": DOCUMENT_VERSION}
    return schema


def _make_strict(node: Any) -> None:  # noqa: ANN401 - any part of a schema
    """Require every field and no other; numbers may be null where they were not finite."""
    if isinstance(node, list):
        for item in node:
            _make_strict(item)
    if not isinstance(node, dict):
        return
    if isinstance(properties := node.get("properties"), dict):
        node["additionalProperties"] = False
        node["required"] = sorted(properties)
    if node.get("type") == "number":
        node["type"] = ["number", "null"]
    node.pop("default", None)
    node.pop("title", None)
    for name, item in node.items():
        if name == "properties":
            for part in item.values():
                _make_strict(part)
        else:
            _make_strict(item)


if __name__ == "__main__":
    main()
