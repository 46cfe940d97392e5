import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.rendered_fundus import render_fundus
from training.duplicates import (
    DuplicateRule,
    detail_thumbnails,
    difference_hashes,
    find_duplicates,
    group_rows,
)

SIDE = 256


def saved_again(pixels, *, side=SIDE, quality=60, gain=1.0):
    """The same picture from another file: resized, darker, compressed."""
    small = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    changed = np.clip(small * gain, 0, 255).astype(np.uint8)
    _, data = cv2.imencode(".jpg", changed, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return cv2.resize(cv2.imdecode(data, cv2.IMREAD_COLOR), (SIDE, SIDE))


@pytest.fixture(scope="module")
def strangers():
    return np.stack([render_fundus(size=(SIDE, SIDE), seed=seed) for seed in range(12)])


def pairs_of(squares):
    return find_duplicates(difference_hashes(squares), detail_thumbnails(squares))


def test_a_picture_saved_again_is_found_and_strangers_are_not(strangers):
    copies = np.stack(
        [saved_again(strangers[3]), saved_again(strangers[7], side=160, gain=0.8)]
    )
    assert pairs_of(np.concatenate([strangers, copies])) == [(3, 12), (7, 13)]


def test_even_pictures_are_nobodys_duplicates():
    assert pairs_of(np.zeros((3, 64, 64, 3), np.uint8)) == []


def test_pairs_are_found_across_blocks(strangers):
    hashes, thumbnails = difference_hashes(strangers), detail_thumbnails(strangers)
    many = np.arange(600) % len(strangers)
    found = find_duplicates(hashes[many], thumbnails[many], rule=DuplicateRule(0, 0.999))
    expected = [(a, b) for a in range(600) for b in range(a + 1, 600) if many[a] == many[b]]
    assert found == expected


@given(
    patients=st.lists(st.sampled_from(["", "p", "q", "r"]), min_size=1, max_size=12),
    data=st.data(),
)
def test_groups_are_the_transitive_closure(patients, data):
    rows = st.integers(0, len(patients) - 1)
    pairs = data.draw(st.lists(st.tuples(rows, rows), max_size=8))
    together = np.eye(len(patients), dtype=bool)
    for a, b in pairs:
        together[a, b] = together[b, a] = True
    for a, first in enumerate(patients):
        for b, second in enumerate(patients):
            together[a, b] |= first == second != ""
    for _ in patients:  # Warshall, slowly
        together |= together @ together
    groups = group_rows(patients, pairs)
    assert (groups[:, None] == groups[None, :]).tolist() == together.tolist()
    assert all(groups[row] <= row for row in range(len(patients)))
