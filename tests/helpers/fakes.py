"""Stand-ins for what the window is given, doing real work on real arrays but no model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

import numpy as np

from retina_desktop.domain.analyses import ActivationMaps, Analysis, ModelIdentity
from retina_desktop.domain.errors import ImageTruncatedError
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.heatmaps import scale_activation
from retina_desktop.domain.images import (
    Laterality,
    LateralityAssessment,
    LateralitySource,
    RgbImage,
)
from retina_desktop.domain.labels import RFMID_CODES
from retina_desktop.domain.manifests import LabelEntry, ModelManifest, PreprocessingStep
from retina_desktop.domain.quality import ImageQuality, QualityReason
from retina_desktop.domain.referral import refer_photograph
from retina_desktop.domain.strength import heat_strength
from retina_desktop.gui.services_port import LoadedModel, WindowServices
from retina_desktop.services.screening import AnalysedPhotograph
from retina_desktop.services.tasks import TaskContext

RESOURCES = Path(__file__).parents[2] / "resources"
TRUNCATED = "The file ends before its picture does, or its data are damaged: export it again."
IDENTITY = ModelIdentity("rfmid-test", "1.0.0", "onnx", "CPUExecutionProvider")
UNASSESSED = frozenset({"TV", "RP", "ST", "PT", "MHL"})
DEMONSTRATION = frozenset({"AION", "RT", "EDN"})


def make_findings(present: Mapping[str, float]) -> tuple[Finding, ...]:
    """Return RFMiD's 29 labels, those in `present` with their probability."""
    return tuple(
        Finding(code, None, None, LabelStatus.NOT_ASSESSED)
        if code in UNASSESSED
        else Finding(
            code,
            present.get(code, 0.03),
            0.4,
            LabelStatus.DEMONSTRATION if code in DEMONSTRATION else LabelStatus.EVALUATED,
        )
        for code in RFMID_CODES
    )


def make_window_analysis(
    *,
    width: int,
    height: int,
    present: Mapping[str, float],
    quality: ImageQuality,
    laterality: Laterality | None = None,
) -> Analysis:
    """Return an analysis as the window gets it."""
    findings = make_findings(present) if quality.is_fundus else ()
    values = np.zeros((len(RFMID_CODES), 7, 7), np.float32)
    values[:, 2:4, 3:5] = 3.0
    if laterality is None:
        eye = LateralityAssessment(Laterality.RIGHT, LateralitySource.IMAGE, 0.93)
    else:
        warning = "The picture looks like the other eye: please check."
        wrong = laterality is Laterality.LEFT
        eye = LateralityAssessment(
            laterality, LateralitySource.USER, 1.0, warning if wrong else ""
        )
    side = float(min(width, height))
    return Analysis(
        sha256="ab" * 32,
        width=width,
        height=height,
        quality=quality,
        laterality=eye,
        referral=refer_photograph(findings, quality),
        findings=findings,
        model=IDENTITY,
        maps=ActivationMaps(
            RFMID_CODES, values, (width - side) / 2, (height - side) / 2, side, None
        ),
        timings_ms={"total": 12.0},
    )


GOOD = ImageQuality(is_fundus=True, gradable=True, score=0.86)
POOR = ImageQuality(
    is_fundus=True,
    gradable=False,
    score=0.21,
    reasons=(QualityReason.OUT_OF_FOCUS, QualityReason.TOO_DARK),
)
NO_FUNDUS = ImageQuality(
    is_fundus=False, gradable=False, score=0.0, reasons=(QualityReason.NOT_FUNDUS,)
)


def plain_picture(path: Path) -> RgbImage:
    """Return a small orange disc on black."""
    rows, columns = np.mgrid[0:96, 0:128]
    inside = (rows - 48) ** 2 + (columns - 64) ** 2 < 46**2
    return np.where(inside[..., None], np.uint8([190, 90, 40]), np.uint8(0)).astype(np.uint8)


@dataclass
class FakeServices:
    """Answers by a photograph's name.

    A name with "bad" is truncated, with "bug" raises a bug, with "poor" is not gradable, with
    "cat" is no fundus photograph, with "healthy" has no finding. While `gate` is clear,
    analyses wait for it (and for a cancel).
    """

    folder: Path
    picture: Callable[[Path], RgbImage] = plain_picture
    present: Mapping[str, float] = field(
        default_factory=lambda: {"Disease_Risk": 0.97, "DR": 0.91, "ODC": 0.46, "EDN": 0.7}
    )
    gate: Event = field(default_factory=Event)
    analysed: list[tuple[str, Laterality | None]] = field(default_factory=list)
    written: list[Path] = field(default_factory=list)
    drawn_in: list[str] = field(default_factory=list)  # palettes
    model_error: Exception | None = None

    def __post_init__(self) -> None:
        self.gate.set()

    def services(self) -> WindowServices:
        """Return the window's port, filled in."""
        return WindowServices(
            load_model=self.load_model,
            refused_bundles=lambda: ["models/old: its weights were changed <since>."],
            find_photographs=self.find_photographs,
            analyse=self.analyse,
            read_full=self.read_full,
            heatmap=self.heatmap,
            render_overlay=self.render_overlay,
            write_picture=lambda picture, target: self.written.append(target),
            sample_photograph=lambda context: self.folder / "sample.jpg",
            version="0.1.0",
            resources=RESOURCES,
            window_memory=self.folder / "window.ini",
            log_file=self.folder / "retina.log",
        )

    def load_model(self, context: TaskContext, *, model: str | None = None) -> LoadedModel:
        if self.model_error is not None:
            raise self.model_error
        labels = tuple(
            LabelEntry(f.label, f.status, f.threshold) for f in make_findings(self.present)
        )
        manifest = ModelManifest(
            schema=1,
            id=IDENTITY.id,
            version=IDENTITY.version,
            name="A model for tests",
            architecture="efficientnet_b0",
            input_size=224,
            preprocessing=(PreprocessingStep("crop"),),
            labels=labels,
            graph="graph.onnx",
            weights="weights.safetensors",
            files=(),
            intended_use="Tests of the window.",
            limits=("Knows nothing of <medicine>.",),
            created_on="2026-11-22",
            licence="Apache-2.0",
            software_version="0.1.0",
        )
        return LoadedModel(manifest, IDENTITY, None)

    def find_photographs(self, context: TaskContext, paths: Sequence[Path]) -> list[Path]:
        found: list[Path] = []
        for path in paths:
            found.extend(sorted(path.rglob("*.jpg")) if path.is_dir() else [path])
        return found

    def analyse(
        self,
        context: TaskContext,
        path: Path,
        *,
        laterality: Laterality | None,
        model: str | None = None,
    ) -> AnalysedPhotograph:
        self.analysed.append((path.name, laterality))
        while not self.gate.wait(0.005):
            context.progress(0.5)
        if "bug" in path.name:
            raise ZeroDivisionError("a bug in the analysis")
        pixels = self.read_full(context, path)
        height, width = pixels.shape[:2]
        quality = POOR if "poor" in path.name else GOOD
        analysis = make_window_analysis(
            width=width,
            height=height,
            present={} if "healthy" in path.name else self.present,
            quality=NO_FUNDUS if "cat" in path.name else quality,
            laterality=laterality,
        )
        return AnalysedPhotograph(
            analysis=analysis, preview=np.ascontiguousarray(pixels[::2, ::2])
        )

    def read_full(self, context: TaskContext, path: Path) -> RgbImage:
        if "bad" in path.name:
            raise ImageTruncatedError(TRUNCATED)
        return self.picture(path)

    def heatmap(self, analysis: Analysis, code: str, *, width: int, height: int):
        import cv2

        finding = analysis.finding(code)
        if finding is None or analysis.maps is None or finding.probability is None:
            return None
        strength = heat_strength(finding.probability, finding.threshold)
        small = scale_activation(analysis.maps.of(code), strength=strength)
        return cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC).clip(0, 1)

    def render_overlay(self, context, path, analysis, code, *, opacity, palette):
        self.drawn_in.append(palette)
        return self.read_full(context, path)
