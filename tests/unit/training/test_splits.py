from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.training.tiny_data import image
from training.splits import SHARES, Part, SplitLeaksError, split_groups

ROWS = st.lists(
    st.tuples(
        st.integers(0, 15),  # group
        st.sampled_from(["ODIR", "IDRiD"]),
        st.sampled_from(["", "DR", "DR;MHL", "DN"]),
    ),
    min_size=1,
    max_size=60,
)


def split(rows, seed=1):
    images = [
        image(str(i), source=source, positives=codes)
        for i, (_, source, codes) in enumerate(rows)
    ]
    groups = np.array([group for group, _, _ in rows])
    return split_groups(images, groups, seed=seed)


@given(rows=ROWS)
def test_no_group_straddles_two_parts(rows):
    parts = split(rows)
    seen = {}
    for (group, _, _), part in zip(rows, parts, strict=True):
        assert seen.setdefault(group, part) == part


@given(rows=ROWS, seed=st.integers(0, 3))
def test_the_same_seed_gives_the_same_split(rows, seed):
    assert split(rows, seed) == split(rows, seed)


def test_every_source_and_label_keeps_the_shares():
    rows = [
        (i, source, codes)
        for i, (source, codes) in enumerate(
            [(s, c) for s in ("ODIR", "IDRiD") for c in ("", "DR", "MHL") for _ in range(100)]
        )
    ]
    parts = split(rows)
    for source in ("ODIR", "IDRiD"):
        for codes in ("", "DR", "MHL"):
            own = Counter(
                part
                for (_, s, c), part in zip(rows, parts, strict=True)
                if (s, c) == (source, codes)
            )
            assert all(abs(own[part] - 100 * SHARES[part]) <= 1 for part in SHARES)


def test_another_seed_gives_another_split():
    rows = [(i, "ODIR", "") for i in range(100)]
    assert split(rows, 1) != split(rows, 2)


def test_a_lonely_group_trains():
    assert split([(0, "ODIR", "DR")]) == (Part.TRAINING,)


def divided(*stated):
    return [replace(image(str(i)), part=part) for i, part in enumerate(stated)]


def test_a_source_that_comes_divided_stays_so():
    images = divided(Part.TEST, None, Part.TRAINING, Part.TEST)
    parts = split_groups(images, np.array([0, 0, 2, 3]), seed=1)
    assert parts == (Part.TEST, Part.TEST, Part.TRAINING, Part.TEST)


def test_a_division_that_tears_a_patient_apart_stops_with_names():
    images = divided(Part.TEST, Part.TRAINING, None)
    with pytest.raises(SplitLeaksError, match=r"\(1 times, first 0, 1\)"):
        split_groups(images, np.array([0, 0, 2]), seed=1)
