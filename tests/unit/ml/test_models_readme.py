import dataclasses
import re
from pathlib import Path

from retina_desktop.domain.manifests import ModelManifest
from retina_desktop.ml.bundle_reading import check_manifest
from retina_desktop.ml.manifest_json import parse_manifest

README = Path(__file__).parents[3] / "models" / "README.md"


def test_the_example_is_a_manifest():
    [example] = re.findall(r"```json\n(.*?)```", README.read_text("utf-8"), re.DOTALL)

    check_manifest(parse_manifest(example.encode()))


def test_every_field_is_told():
    text = README.read_text("utf-8")

    for field in dataclasses.fields(ModelManifest):
        assert f"`{field.name}`" in text, field.name
