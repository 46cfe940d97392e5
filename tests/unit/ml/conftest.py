"""One small bundle, made once, for the tests of reading and importing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.bundles import SMALL, make_bundle

LABELS = ("DR", "ARMD", "MH", "MHL")


@pytest.fixture(scope="session")
def whole_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a bundle's folder that no test may change."""
    folder = tmp_path_factory.mktemp("bundles") / "small"
    return make_bundle(
        folder, seed=3, labels=LABELS, input_size=64, architecture=SMALL, model_id="small"
    )


@pytest.fixture
def bundle_folder(whole_bundle: Path, tmp_path: Path) -> Path:
    """Return a copy of the bundle, to be damaged."""
    return shutil.copytree(whole_bundle, tmp_path / "library" / "small")


@pytest.fixture
def rewrite(bundle_folder: Path) -> Callable[[Callable[[dict[str, Any]], object]], None]:
    """Return what changes the copy's manifest by a function on its JSON object."""

    def change(by: Callable[[dict[str, Any]], object]) -> None:
        path = bundle_folder / "manifest.json"
        content = json.loads(path.read_text("utf-8"))
        by(content)
        path.write_text(json.dumps(content), "utf-8")

    return change
