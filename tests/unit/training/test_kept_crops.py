"""Crops are made once, come back bit by bit, and are made again when anything changed."""

import json
import os
from functools import partial

import cv2
import numpy as np
import pytest

from tests.helpers.rendered_fundus import render_fundus
from training.evaluate import application_tensor, preprocessing_steps
from training.files import reserve
from training.kept_crops import INDEX_NAME, PIXELS_NAME, kept_crops

SIZE = 48
STEPS = preprocessing_steps(SIZE)


@pytest.fixture
def paths(tmp_path):
    found = [tmp_path / f"{k}.png" for k in range(12)]
    for seed, path in enumerate(found[:-1]):
        assert cv2.imwrite(str(path), render_fundus(size=(90, 100), seed=seed)[..., ::-1])
    assert cv2.imwrite(str(found[-1]), np.zeros((90, 100, 3), np.uint8))  # no field of view
    return found


class Counted:
    def __init__(self, steps=STEPS):
        self.make = partial(application_tensor, size=SIZE, steps=steps)
        self.asked = []

    def __call__(self, path):
        self.asked.append(path)
        return self.make(path)


def ask(folder, paths, make, steps=STEPS):
    with kept_crops(folder, paths, steps=steps, make=make) as tensor_of:
        return [tensor_of(path) for path in paths]


def same(one, other):
    return all(
        (a is None and b is None) or np.array_equal(a, b)
        for a, b in zip(one, other, strict=True)
    )


def test_the_second_time_only_a_sample_is_made_and_the_bits_are_the_same(tmp_path, paths):
    first, second = Counted(), Counted()
    made = ask(tmp_path / "kept", paths, first)
    assert made[-1] is None
    assert made[0].shape == (3, SIZE, SIZE)
    assert same(made, ask(tmp_path / "kept", paths, second))
    assert len(first.asked) == len(paths)
    assert len(second.asked) == 8


def test_every_grey_level_of_every_channel_comes_back(tmp_path):
    levels = np.arange(256, dtype=np.float64)[:, None] / 255
    mean, std = (
        np.array([STEPS[-1].parameters[f"{name}_{channel}"] for channel in "rgb"])
        for name in ("mean", "std")
    )
    tensor = np.zeros((3, SIZE, SIZE), np.float32)
    tensor.reshape(3, -1)[:, :256] = ((levels - mean) / std).T
    path = tmp_path / "all.png"
    for _ in range(2):
        with kept_crops(tmp_path / "kept", [path], steps=STEPS, make=lambda _: tensor) as of:
            of(path)
    pixels = np.load(tmp_path / "kept" / PIXELS_NAME).reshape(-1, 3)[:256]
    assert np.array_equal(pixels, np.tile(np.arange(256)[:, None], 3))


def test_crops_survive_an_enhancement(tmp_path, paths):
    steps = preprocessing_steps(SIZE, ("clahe",))
    made = ask(tmp_path / "kept", paths, Counted(steps), steps)
    assert same(made, ask(tmp_path / "kept", paths, Counted(steps), steps))
    assert not same(made, ask(tmp_path / "kept", paths, Counted()))


def test_a_photograph_that_is_not_listed_is_made_each_time(tmp_path, paths):
    for _ in range(2):
        asked = Counted()
        with kept_crops(tmp_path / "kept", paths[:3], steps=STEPS, make=asked) as tensor_of:
            for path in paths[:4]:
                tensor_of(path)
        assert paths[3] in asked.asked


def test_another_file_or_another_list_makes_them_again(tmp_path, paths):
    ask(tmp_path / "kept", paths, Counted())
    assert cv2.imwrite(str(paths[0]), render_fundus(size=(90, 100), seed=99)[..., ::-1])
    again = Counted()
    assert same(ask(tmp_path / "kept", paths, again), [again.make(path) for path in paths])
    assert len(again.asked) == len(paths)
    fewer = Counted()
    ask(tmp_path / "kept", paths[:4], fewer)
    assert len(fewer.asked) == 4


def test_a_program_that_crops_otherwise_is_noticed(tmp_path, paths):
    ask(tmp_path / "kept", paths, Counted())

    def moved(path):
        tensor = Counted().make(path)
        return None if tensor is None else np.ascontiguousarray(tensor[:, ::-1])

    assert same(ask(tmp_path / "kept", paths, moved), [moved(path) for path in paths])


def test_what_was_broken_off_is_not_kept(tmp_path, paths):
    def broken(path):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path / "kept", paths, broken)
    assert not (tmp_path / "kept" / INDEX_NAME).exists()
    again = Counted()
    ask(tmp_path / "kept", paths, again)
    assert len(again.asked) == len(paths)


@pytest.mark.parametrize("content", ["", "[]", json.dumps({"key": 7})])
def test_a_damaged_index_makes_them_again(tmp_path, paths, content):
    ask(tmp_path / "kept", paths, Counted())
    (tmp_path / "kept" / INDEX_NAME).write_text(content)
    again = Counted()
    ask(tmp_path / "kept", paths, again)
    assert len(again.asked) == len(paths)


def test_without_room_nothing_is_kept_and_everything_is_answered(tmp_path, paths):
    (tmp_path / "kept" / PIXELS_NAME).mkdir(parents=True)
    made = ask(tmp_path / "kept", paths, Counted())
    assert same(made, [Counted().make(path) for path in paths])
    assert not (tmp_path / "kept" / INDEX_NAME).exists()


def test_a_reserved_array_is_zeros_and_takes_its_place(tmp_path):
    reserve(tmp_path / "array.npy", (3, 4))
    assert np.load(tmp_path / "array.npy").tolist() == [[0] * 4] * 3
    if hasattr(os, "posix_fallocate"):
        with pytest.raises(OSError, match=r"."):
            reserve(tmp_path / "huge.npy", (1 << 30, 1 << 20))
        assert not (tmp_path / "huge.npy").exists()


@pytest.mark.skipif(os.name == "nt", reason="Windows does not let go of a file that is read")
def test_a_file_that_another_run_reads_stays_whole_for_it(tmp_path):
    path = tmp_path / "array.npy"
    reserve(path, (30, 4000))
    read_elsewhere = np.load(path, mmap_mode="r+")
    read_elsewhere[:] = 7
    reserve(path, (1, 1))
    assert np.load(path).shape == (1, 1)
    assert (read_elsewhere == 7).all()
