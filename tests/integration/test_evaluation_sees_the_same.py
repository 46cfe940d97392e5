"""Where a model is measured it is shown just what the application shows it."""

import cv2
import numpy as np
import pytest

from retina_desktop.domain.images import FieldOfView
from retina_desktop.imaging.decode import decode_photograph
from retina_desktop.ml.bundles import read_bundle
from retina_desktop.ml.engines import load_classifier
from retina_desktop.services.screening import AnalysePhotograph
from retina_desktop.services.tasks import TaskContext
from tests.helpers.bundles import make_bundle
from tests.helpers.rendered_fundus import render_fundus
from training.evaluate import application_tensor

FIELDS = {
    "of a camera, fills the picture": FieldOfView(1071.5, 711.5, 690.0),
    "of a camera, a small part": FieldOfView(999.5, 711.5, 420.0),
}


class Listening:
    """A real classifier, and what it was asked."""

    def __init__(self, classifier):
        self._classifier, self.asked = classifier, []
        self.manifest, self.identity = classifier.manifest, classifier.identity

    def classify(self, tensor):
        self.asked.append(tensor)
        return self._classifier.classify(tensor)


@pytest.fixture(scope="module")
def listening(tmp_path_factory):
    bundle = make_bundle(tmp_path_factory.mktemp("bundle") / "test-model", seed=1)
    return Listening(load_classifier(read_bundle(bundle)))


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_the_tensors_are_the_same_to_the_bit(listening, tmp_path, field):
    image = render_fundus(size=(1424, 2144), field=field, seed=4)
    path = tmp_path / "camera.jpg"
    cv2.imwrite(str(path), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])
    listening.asked.clear()
    AnalysePhotograph(decode_photograph, listening)(TaskContext(), path)
    manifest = listening.manifest
    measured = application_tensor(path, size=manifest.input_size, steps=manifest.preprocessing)
    assert measured is not None
    (shown,) = listening.asked
    assert np.array_equal(np.asarray(shown).reshape(measured.shape), measured)
