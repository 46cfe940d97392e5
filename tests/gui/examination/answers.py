"""A stand-in for the model: the test says what it answers; pixels are decoded for real."""

from collections import deque

from retina_desktop.domain.errors import ImageTruncatedError
from retina_desktop.domain.images import Laterality, LateralityAssessment, LateralitySource
from retina_desktop.domain.manifests import BundleFile, LabelEntry, ModelManifest
from retina_desktop.imaging.decode import decode_bytes
from retina_desktop.services.screening import AnalysedPhotograph
from tests.helpers.fakes import GOOD, IDENTITY, TRUNCATED, make_findings, make_window_analysis

POSITIVE = {"Disease_Risk": 0.97, "DR": 0.91, "ODC": 0.46}


class StandInModel:
    """Answers in the order of `answers`; right and left eye in turn."""

    def __init__(self):
        self.answers = deque()
        self.version = IDENTITY.version
        self.eyes = deque([Laterality.RIGHT, Laterality.LEFT])
        self.calls = 0
        self.asked = []  # the models that were named

    def say(self, present=None, *, quality=GOOD, eye="next", fails=False):
        """Have the next photograph answered like this."""
        self.answers.append((present or {}, quality, eye, fails))

    def __call__(self, context, content, *, laterality, model=None):
        self.calls += 1
        self.asked.append(model)
        image = decode_bytes(content)
        present, quality, eye, fails = (
            self.answers.popleft() if self.answers else (POSITIVE, GOOD, "next", False)
        )
        if fails:
            raise ImageTruncatedError(TRUNCATED)
        height, width = image.pixels.shape[:2]
        analysis = make_window_analysis(
            width=width, height=height, present=present, quality=quality, laterality=laterality
        )
        if laterality is None:
            if eye == "next":
                eye = self.eyes[0]
                self.eyes.rotate(-1)
            source = LateralitySource.IMAGE if eye else LateralitySource.NONE
            side = LateralityAssessment(eye, source, 0.9 if eye else 0.0)
        else:
            side = analysis.laterality
        from dataclasses import replace

        identity = replace(IDENTITY, version=self.version)
        analysis = replace(analysis, sha256=image.sha256, laterality=side, model=identity)
        return AnalysedPhotograph(analysis, image.pixels), manifest(self.version)


def manifest(version=IDENTITY.version) -> ModelManifest:
    """Return the stand-in's manifest."""
    return ModelManifest(
        schema=1,
        id=IDENTITY.id,
        version=version,
        name="A model for tests",
        architecture="efficientnet_b0",
        input_size=224,
        preprocessing=(),
        labels=tuple(LabelEntry(f.label, f.status, f.threshold) for f in make_findings({})),
        graph="graph.onnx",
        weights="weights.safetensors",
        files=(BundleFile("graph.onnx", "1" * 64, 10),),
        intended_use="Tests of the window.",
        limits=(),
        created_on="2026-11-22",
        licence="Apache-2.0",
        software_version="0.1.0",
    )
