"""The log names nobody."""

import errno
import io
import logging

import pytest

from retina_desktop.config.log_files import PathlessFormatter, log_in_use, start_logging


@pytest.fixture
def own_root_logger():
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield root
    for handler in root.handlers:
        handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)


def test_a_traceback_is_logged_without_the_file_s_name(tmp_path, own_root_logger):
    named = tmp_path / "".join(("Jane ", "Roe.jpg"))  # tracebacks show this source, too
    start_logging(tmp_path / "logs" / "a.log")
    try:
        try:
            named.open()
        except OSError as error:
            raise RuntimeError("internal") from error
    except RuntimeError:
        logging.getLogger("x").exception("failed")
    text = (tmp_path / "logs" / "a.log").read_text()
    assert "RuntimeError: internal" in text
    assert "No such file or directory: <path>" in text
    assert named.name not in text


def test_a_folder_that_cannot_be_written_costs_only_the_log(tmp_path, own_root_logger):
    (tmp_path / "file").touch()
    start_logging(tmp_path / "file" / "a.log")
    logging.getLogger("x").error("still alive")
    assert (tmp_path / "file").read_text() == ""


def test_other_tracebacks_stay_as_they_are():
    try:
        raise ValueError("quotient 3")
    except ValueError as error:
        text = PathlessFormatter().formatException((ValueError, error, error.__traceback__))
    assert text.endswith("ValueError: quotient 3")


class FullDisk(io.StringIO):
    def write(self, text):
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_costs_the_line_and_says_nothing(own_root_logger, tmp_path, capsys):
    start_logging(tmp_path / "log")
    own_root_logger.handlers[0].setStream(FullDisk()).close()
    logging.getLogger("x").error("a line")
    assert capsys.readouterr().err == ""


def test_messages_can_name_the_log_that_is_really_written(tmp_path, own_root_logger):
    start_logging(tmp_path / "logs" / "a.log")
    assert log_in_use() == tmp_path / "logs" / "a.log"
    own_root_logger.handlers[0].close()
    (tmp_path / "file").touch()
    start_logging(tmp_path / "file" / "a.log")
    assert log_in_use() is None
