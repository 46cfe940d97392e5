"""Settings and folders."""

from pathlib import Path

import pytest

from retina_desktop.config.folders import Folders
from retina_desktop.config.settings import EngineChoice, Settings


def test_what_was_saved_is_loaded(tmp_path):
    file = tmp_path / "new" / "settings.json"
    Settings(model="mine", engine=EngineChoice.TORCH, inference_threads=2).save(file)
    assert Settings.load(file) == Settings(
        model="mine", engine=EngineChoice.TORCH, inference_threads=2
    )
    assert [p.name for p in file.parent.iterdir()] == ["settings.json"]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"engine": "steam"}', '{"inference_threads": 0}', "\x00"]
)
def test_a_damaged_file_gives_the_defaults(tmp_path, text):
    file = tmp_path / "settings.json"
    file.write_text(text)
    assert Settings.load(file) == Settings()


def test_a_missing_file_gives_the_defaults(tmp_path):
    assert Settings.load(tmp_path / "none.json") == Settings()


def test_the_environment_moves_everything_of_the_user(tmp_path):
    folders = Folders.find({"RETINA_DATA_DIR": str(tmp_path)})
    for place in (
        folders.user_models,
        folders.settings_file,
        folders.window_file,
        folders.log_file,
    ):
        assert place.is_relative_to(tmp_path)
    assert folders.models[-1] == folders.user_models


def test_without_it_the_user_s_own_folder_is_taken():
    assert Folders.find({}).data.is_relative_to(Path.home())


def test_the_sample_photograph_is_there():
    assert Folders.find({}).sample_photograph.is_file()
