"""Maps that point where they should, and chance beside them."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from tests.helpers.rendered_fundus import render_fundus
from training.evaluate import preprocessing_steps
from training.explanation import LesionsUnreadableError, explain, read_lesions

SIZE = 64


class Bright(nn.Module):
    """A network whose map of label 0 is the redness of each place; label 1 sees the reverse."""

    def __init__(self, *, sign=1.0):
        super().__init__()
        self.sign = sign
        self.classifier = nn.Linear(3, 2)
        weight = torch.tensor([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]])
        self.classifier.weight = nn.Parameter(self.sign * weight)

    def get_classifier(self):
        return self.classifier

    def forward_features(self, image):
        return nn.functional.avg_pool2d(image - image.amin(), 4)

    def forward_head(self, features):
        return self.classifier(features.mean((2, 3)))


@pytest.fixture
def folders(tmp_path):
    images, masks = tmp_path / "images", tmp_path / "masks"
    images.mkdir()
    masks.mkdir()
    for number in range(3):
        pixels = render_fundus(size=(160, 160), seed=number)
        place = (slice(60, 80), slice(40 + 20 * number, 60 + 20 * number))
        pixels[place] = (255, 20, 20)
        mask = np.zeros((160, 160), np.uint8)
        mask[place] = 255
        assert cv2.imwrite(str(images / f"eye{number}.png"), pixels[:, :, ::-1])
        assert cv2.imwrite(str(masks / f"eye{number}_EX.png"), mask)
    return images, masks


def read(folders, kinds=("EX", "HE")):
    return tuple(read_lesions(*folders, kinds=kinds, size=SIZE))


def test_a_map_of_the_lesion_wins_the_pointing_game(folders):
    found = explain(
        Bright(), Bright(sign=-1.0), read(folders), label=0, steps=preprocessing_steps(SIZE)
    )
    assert found.trained.photographs == 3
    assert found.trained.pointing == found.trained.pointing_exact == 1.0
    assert found.random.pointing_exact == 0.0
    assert found.trained.dice > found.random.dice
    assert found.trained.heat_inside > found.anywhere_exact
    assert 0 < found.anywhere_exact < found.anywhere < 0.5


def test_photographs_without_lesions_are_left_out_and_none_is_said(folders):
    assert read(folders, kinds=("MA",)) == ()
    with pytest.raises(LesionsUnreadableError, match="No photograph has a lesion"):
        explain(Bright(), Bright(), (), label=0, steps=preprocessing_steps(SIZE))


def test_a_mask_of_another_size_is_refused(folders):
    _, masks = folders
    assert cv2.imwrite(str(masks / "eye1_EX.png"), np.full((10, 10), 255, np.uint8))
    with pytest.raises(LesionsUnreadableError, match=r"eye1\.png"):
        read(folders)


def test_an_empty_folder_is_said(folders, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(LesionsUnreadableError, match="no photograph"):
        tuple(read_lesions(empty, folders[1], kinds=("EX",), size=SIZE))


@pytest.mark.parametrize("place", [0, 1])
def test_a_folder_that_is_not_there_is_said(folders, tmp_path, place):
    asked = list(folders)
    asked[place] = tmp_path / "moved away"
    with pytest.raises(LesionsUnreadableError, match="There is no folder moved away; name"):
        read(asked)
