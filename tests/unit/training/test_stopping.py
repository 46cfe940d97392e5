"""A run that is asked to stop saves its state; one that is cut off in between loses nothing."""

import os
import signal

import numpy as np
import pytest

from retina_desktop.services.training_runs import STOP_NAME as WINDOWS_STOP_NAME
from retina_desktop.services.training_runs import STOPPED_CODE
from tests.unit.training.test_learning import curve, events, start
from training import judging
from training.stopping import STOP_NAME, STOPPED, StopRequest


def test_window_and_training_mean_the_same_file_and_status():
    assert (WINDOWS_STOP_NAME, STOPPED_CODE) == (STOP_NAME, STOPPED)


def test_a_run_asked_by_its_file_stops_and_goes_on_as_if_it_had_not_been(tmp_path):
    start(tmp_path / "whole").run()
    run_dir = tmp_path / "parts"
    with StopRequest(run_dir) as stop:
        run = start(run_dir)
        (run_dir / STOP_NAME).touch()
        assert run.run(stop=stop) is False
    assert events(run_dir)[-1]["event"] == "stopped"
    assert not (run_dir / STOP_NAME).exists()  # it was obeyed; the next start is not stopped
    again = start(run_dir)
    assert again.resume()
    assert again.run() is True
    assert np.allclose(curve(tmp_path / "whole"), curve(run_dir), atol=1e-5)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT"])
def test_a_signal_asks_once_and_ends_as_usual_the_second_time(tmp_path, name):
    number, heard = getattr(signal, name), []
    before = signal.signal(number, lambda *_: heard.append(name))
    try:
        with StopRequest(tmp_path) as stop:
            assert not stop()
            os.kill(os.getpid(), number)
            assert stop()
            assert heard == []
            os.kill(os.getpid(), number)
            assert heard == [name]
    finally:
        signal.signal(number, before)


def test_a_validation_that_is_cut_off_is_done_once_more(tmp_path, monkeypatch):
    start(tmp_path / "whole").run()

    def cut_off(*_, **__):
        raise KeyboardInterrupt

    for epoch in range(3):
        run = start(tmp_path / "parts")
        assert run.resume() is (epoch > 0)
        with monkeypatch.context() as patched:
            patched.setattr(judging, "predict", cut_off)
            with pytest.raises(KeyboardInterrupt):
                run.run()
        again = start(tmp_path / "parts")
        assert again.resume()
        again.run(stop_after_steps=again.progress.steps_done + 1)
    last = start(tmp_path / "parts")
    last.resume()
    last.run()
    assert np.allclose(curve(tmp_path / "whole"), curve(tmp_path / "parts"), atol=1e-5)
