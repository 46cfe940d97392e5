import os

import pytest

from retina_desktop.ml import threads
from retina_desktop.ml.threads import inference_threads, physical_cores


@pytest.mark.parametrize(("cores", "expected"), [(1, 1), (2, 1), (8, 7)])
def test_one_core_stays_free_where_there_are_two(monkeypatch, cores, expected):
    monkeypatch.setattr(threads, "physical_cores", lambda: cores)

    assert inference_threads() == expected


def test_the_user_s_number_is_taken():
    assert inference_threads(5) == 5


def test_no_thread_at_all_is_refused():
    with pytest.raises(ValueError, match="at least 1"):
        inference_threads(0)


def test_cores_are_counted_within_the_machine():
    assert 1 <= physical_cores() <= (os.cpu_count() or 1)


def test_two_threads_of_a_core_count_once(monkeypatch, tmp_path):
    for cpu, siblings in enumerate(["0,2", "1,3", "0,2", "1,3"]):
        folder = tmp_path / f"cpu{cpu}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(siblings)
    monkeypatch.setattr(threads, "_SYSFS", tmp_path)
    monkeypatch.setattr(threads, "_usable_cpus", lambda: {0, 1, 2, 3})

    assert physical_cores() == 2


@pytest.mark.parametrize(("machine", "expected"), [("AMD64", 4), ("arm64", 8)])
def test_without_the_kernel_s_word_x86_has_two_threads_a_core(
    monkeypatch, tmp_path, machine, expected
):
    monkeypatch.setattr(threads, "_SYSFS", tmp_path)
    monkeypatch.setattr(threads, "_usable_cpus", lambda: set(range(8)))
    monkeypatch.setattr(threads.platform, "machine", lambda: machine)

    assert physical_cores() == expected
