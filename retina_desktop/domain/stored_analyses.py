"""What a model said of a photograph, kept for good: nothing of it is ever changed."""

from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.canonical_json import digest_of
from retina_desktop.domain.compact_heatmaps import pack_maps
from retina_desktop.domain.examinations import AdviceMark
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import FieldOfView, LateralityAssessment
from retina_desktop.domain.labels import label_of
from retina_desktop.domain.manifests import ModelManifest, PreprocessingStep
from retina_desktop.domain.quality import ImageQuality
from retina_desktop.domain.range_checks import RangeCheck
from retina_desktop.domain.referral import Referral


@dataclass(frozen=True, slots=True)
class ModelProvenance:
    """Everything needed to name, and to run again, the model that answered.

    ``sha256`` is over the bundle's file list (see `bundle_digest`): other weights, graph or
    card give another one.
    """

    id: str
    version: str
    sha256: str
    engine: str
    device: str
    input_size: int
    preprocessing: tuple[PreprocessingStep, ...]


@dataclass(frozen=True, slots=True)
class AnalysisContent:
    """The immutable part: what was concluded, by which model and program.

    ``findings`` holds every label of the model in its order, with probability, threshold and
    status. ``maps_sha256`` is of the packed heatmaps, empty where there are none.
    """

    image_sha256: str
    width: int
    height: int
    model: ModelProvenance
    software_version: str
    quality: ImageQuality
    laterality: LateralityAssessment
    referral: Referral
    findings: tuple[Finding, ...]
    field_of_view: FieldOfView | None = None
    maps_sha256: str = ""
    range_check: RangeCheck | None = None

    @property
    def in_range(self) -> bool | None:
        """Whether the photograph lies in the model's validated range; None where unknown."""
        return None if self.range_check is None else self.range_check.in_range

    def finding(self, code: str) -> Finding | None:
        """Return the finding of label `code`, None if the model lacks it."""
        return next((f for f in self.findings if f.label == code), None)

    @property
    def mark(self) -> AdviceMark:
        """What the advice rests on, for lists that show the advice alone."""
        if self.in_range is False:
            return AdviceMark.OUTSIDE_RANGE
        tier = self.referral.tier
        deciding = [f.status for f in self.positives if label_of(f.label).tier is tier]
        if deciding and all(status is LabelStatus.DEMONSTRATION for status in deciding):
            return AdviceMark.DEMONSTRATION
        return AdviceMark.NONE

    @property
    def positives(self) -> tuple[Finding, ...]:
        """The findings that reach their threshold."""
        return tuple(finding for finding in self.findings if finding.is_positive)


@dataclass(frozen=True, slots=True)
class NewAnalysis:
    """An analysis about to enter the records, with its heatmaps packed."""

    content: AnalysisContent
    packed_maps: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        expected = sha256(self.packed_maps).hexdigest() if self.packed_maps else ""
        if self.content.maps_sha256 != expected:
            raise ValueError("the heatmaps are not those of the analysis")


@dataclass(frozen=True, slots=True)
class StoredAnalysis:
    """An analysis of an image as stored."""

    id: int
    image_id: int
    content: AnalysisContent
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True)
class FindingChange:
    """How one label differs between two analyses of the same photograph."""

    label: str
    before: Finding | None  # None where the older model lacks the label
    after: Finding | None

    @property
    def crossed(self) -> bool:
        """Whether the label became, or ceased to be, present (or assessed at all)."""
        before = self.before.is_positive if self.before else None
        after = self.after.is_positive if self.after else None
        return before is not after


def changes_between(
    older: AnalysisContent, newer: AnalysisContent
) -> tuple[FindingChange, ...]:
    """Return the labels whose finding differs, in the newer model's order, then the older's.

    Raises
    ------
    ValueError
        If the analyses are of different photographs.
    """
    if older.image_sha256 != newer.image_sha256:
        raise ValueError("two analyses of different photographs")
    labels = dict.fromkeys(finding.label for finding in (*newer.findings, *older.findings))
    changes = (
        FindingChange(label, older.finding(label), newer.finding(label)) for label in labels
    )
    return tuple(change for change in changes if change.before != change.after)


def keep_analysis(
    analysis: Analysis, manifest: ModelManifest, *, software_version: str
) -> NewAnalysis:
    """Return what is kept of `analysis`, made with the model of `manifest`.

    Raises
    ------
    ValueError
        If the analysis was made by another model.
    """
    model = analysis.model
    if (model.id, model.version) != (manifest.id, manifest.version):
        raise ValueError(f"{model.id} {model.version} is not the manifest's model")
    packed = pack_maps(analysis.maps) if analysis.maps is not None else b""
    content = AnalysisContent(
        image_sha256=analysis.sha256,
        width=analysis.width,
        height=analysis.height,
        model=ModelProvenance(
            id=model.id,
            version=model.version,
            sha256=bundle_digest(manifest),
            engine=model.engine,
            device=model.device,
            input_size=manifest.input_size,
            preprocessing=manifest.preprocessing,
        ),
        software_version=software_version,
        quality=analysis.quality,
        laterality=analysis.laterality,
        referral=analysis.referral,
        findings=analysis.findings,
        field_of_view=analysis.field_of_view,
        maps_sha256=sha256(packed).hexdigest() if packed else "",
        range_check=analysis.range_check,
    )
    return NewAnalysis(content, packed)


def bundle_digest(manifest: ModelManifest) -> str:
    """Return one SHA-256 for a whole bundle: over its files' paths and hashes, sorted."""
    return digest_of(sorted([entry.path, entry.sha256] for entry in manifest.files))
