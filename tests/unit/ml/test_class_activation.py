import numpy as np

from retina_desktop.ml.class_activation import pooled_logits, to_grad_cam_scale


def test_a_logit_is_the_mean_of_its_map_plus_the_bias():
    maps = np.array([[[1.0, 3.0], [5.0, 7.0]], [[-2.0, 0.0], [0.0, 0.0]]], np.float32)

    logits = pooled_logits(maps, np.array([0.5, 1.0], np.float32))

    np.testing.assert_allclose(logits, [4.5, 0.5])


def test_batches_of_maps_are_pooled_each_for_itself():
    maps = np.arange(16, dtype=np.float32).reshape(2, 2, 2, 2)

    assert pooled_logits(maps, np.zeros(2, np.float32)).tolist() == [[1.5, 5.5], [9.5, 13.5]]


def test_grad_cam_s_scale_drops_negative_evidence_and_ends_at_one():
    maps = np.array([[[-4.0, 1.0], [3.0, 5.0]]], np.float32)

    np.testing.assert_allclose(to_grad_cam_scale(maps), [[[0.0, 0.2], [0.6, 1.0]]])


def test_a_map_that_is_positive_everywhere_starts_at_its_minimum():
    maps = np.array([[2.0, 4.0]], np.float32)

    np.testing.assert_allclose(to_grad_cam_scale(maps), [[0.0, 1.0]])


def test_a_map_without_positive_evidence_stays_empty():
    maps = np.array([[-2.0, -1.0]], np.float32)

    assert not to_grad_cam_scale(maps).any()
    assert maps.tolist() == [[-2.0, -1.0]]
