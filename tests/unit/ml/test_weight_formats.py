"""Weights of every format: what is read is what was meant, and contradictions are refused."""

import json

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from retina_desktop.ml.weight_formats import (
    WeightFormat,
    channel_scales,
    encode,
    encode_state,
    formats_of,
    read_weights,
)
from retina_desktop.ml.weight_header import (
    WeightsInconsistentError,
    check_weights,
    read_places,
)

WHOLE = [WeightFormat.INT8, WeightFormat.INT16]
TENSORS = arrays.arrays(
    np.float32,
    arrays.array_shapes(min_dims=2, max_dims=4, max_side=5),
    elements=st.floats(-1e4, 1e4, width=32),
)


def stored(state, wanted):
    return safetensors.numpy.save(encode_state(state, formats_of(state, wanted)))


@given(value=TENSORS, stored_as=st.sampled_from(WHOLE))
def test_no_weight_moves_by_more_than_the_channels_range_allows(value, stored_as):
    whole, scale = encode(value, stored_as)
    again = read_weights(safetensors.numpy.save({"w": whole, "w.scale": scale}))["w"]

    assert again.dtype == np.float32
    assert again.shape == value.shape
    largest = np.abs(value).reshape(len(value), -1).max(axis=1)
    error = np.abs(again - value).reshape(len(value), -1).max(axis=1)
    allowed = 0.41 if stored_as is WeightFormat.INT8 else 2e-5
    assert (error <= allowed * largest + 1e-30).all()


@given(value=TENSORS)
def test_the_chosen_steps_err_no_more_than_the_largest_weights(value):
    scale = channel_scales(value, WeightFormat.INT8).reshape(-1, 1).astype(np.float64)
    flat = value.reshape(len(value), -1).astype(np.float64)
    naive = np.maximum(np.abs(flat).max(axis=1, keepdims=True) / 127, 1e-37)

    def squared(steps):
        rounded = np.clip(np.rint(flat / steps), -127, 127) * steps
        return np.square(rounded - flat).sum(axis=1)

    rounding = 1e-12 * np.square(flat).sum(axis=1)  # of the step to float32
    assert (squared(scale) <= squared(naive) * 1.001 + rounding).all()


@pytest.mark.parametrize("stored_as", list(WeightFormat))
def test_vectors_stay_exact_in_every_format(stored_as):
    random = np.random.default_rng(0)
    state = {
        "conv.weight": random.standard_normal((8, 4, 3, 3)).astype(np.float32),
        "bn.weight": random.standard_normal(8).astype(np.float32),
    }

    again = read_weights(stored(state, stored_as))

    assert set(again) == set(state)
    np.testing.assert_array_equal(again["bn.weight"], state["bn.weight"])
    np.testing.assert_allclose(again["conv.weight"], state["conv.weight"], atol=0.05)


def test_small_and_depthwise_tensors_keep_16_bits_in_a_file_of_8():
    state = {
        "stem.weight": np.ones((4, 3, 3, 3), np.float32),
        "depthwise.weight": np.ones((500, 1, 3, 3), np.float32),
        "large.weight": np.ones((100, 100, 1, 1), np.float32),
        "bias": np.ones(100, np.float32),
    }

    formats = formats_of(state, WeightFormat.INT8)

    assert formats == {
        "stem.weight": WeightFormat.INT16,
        "depthwise.weight": WeightFormat.INT16,
        "large.weight": WeightFormat.INT8,
        "bias": WeightFormat.FLOAT32,
    }


def test_a_channel_of_zeros_stays_zero():
    state = {"w": np.zeros((2, 3), np.float32)}
    assert not read_weights(stored(state, WeightFormat.INT16))["w"].any()


def test_a_tensor_named_scale_that_belongs_to_no_whole_numbers_is_a_weight():
    state = {"layer": np.ones((2, 2), np.float32), "layer.scale": np.ones(2, np.float32)}
    again = read_weights(safetensors.numpy.save(state))
    assert set(again) == {"layer", "layer.scale"}


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("stored_as", list(WeightFormat))
def test_numbers_that_are_none_are_not_stored(value, stored_as):
    with pytest.raises(WeightsInconsistentError, match="finite"):
        encode(np.full((2, 2), value, np.float32), stored_as)


def test_what_float16_cannot_hold_is_not_stored_as_it():
    with pytest.raises(WeightsInconsistentError, match="too large"):
        encode(np.full((2, 2), 1e6, np.float32), WeightFormat.FLOAT16)


@pytest.mark.parametrize(
    ("scale", "told"),
    [
        (None, "w has no scale"),
        (np.ones((3, 1), np.float32), "another type or shape"),
        (np.ones(2, np.float32), "another type or shape"),
        (np.ones((2, 1), np.float16), "another type or shape"),
        (np.array([[1], [0]], np.float32), "not positive"),
        (np.array([[1], [np.nan]], np.float32), "not positive"),
        (np.array([[1], [-1]], np.float32), "not positive"),
    ],
)
def test_whole_numbers_without_a_fitting_scale_are_refused(scale, told):
    tensors = {"w": np.ones((2, 3), np.int8)} | ({} if scale is None else {"w.scale": scale})
    with pytest.raises(WeightsInconsistentError, match=told):
        read_weights(safetensors.numpy.save(tensors))


@pytest.mark.parametrize("kind", [np.float64, np.int64, np.uint8])
def test_other_types_are_refused(kind):
    with pytest.raises(WeightsInconsistentError, match="unknown type"):
        check_weights(safetensors.numpy.save({"w": np.ones((2, 2), kind)}))


def test_a_whole_number_without_channels_is_refused():
    tensors = {"w": np.array(3, np.int8), "w.scale": np.array(1, np.float32)}
    with pytest.raises(WeightsInconsistentError, match="no channels"):
        check_weights(safetensors.numpy.save(tensors))


@given(content=st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(content):
    try:
        check_weights(content)
    except WeightsInconsistentError as error:
        assert str(error)  # noqa: PT017 - either is right


@given(
    entry=st.dictionaries(
        st.sampled_from(["dtype", "shape", "data_offsets"]),
        st.one_of(
            st.sampled_from(["I8", "F32"]),
            st.lists(st.integers(-4, 40), max_size=3),
            st.none(),
            st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
        ),
    )
)
def test_any_header_is_read_or_refused(entry):
    header = json.dumps({"w": entry, "w.scale": entry}).encode()
    content = len(header).to_bytes(8, "little") + header + bytes(40)
    try:
        check_weights(content)
        read_places(content)
    except WeightsInconsistentError as error:
        assert str(error)  # noqa: PT017 - either is right
