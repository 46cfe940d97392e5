"""Heatmaps of analyses that are in the records."""

from retina_desktop.domain.analyses import ActivationMaps, Analysis, ModelIdentity
from retina_desktop.domain.heatmaps import Heatmap
from retina_desktop.domain.stored_analyses import AnalysisContent
from retina_desktop.services.screening import heatmap_of


def analysis_of(content: AnalysisContent, maps: ActivationMaps | None) -> Analysis:
    """Return a stored analysis as the program concluded it, its heatmaps as they were kept."""
    model = content.model
    return Analysis(
        sha256=content.image_sha256,
        width=content.width,
        height=content.height,
        quality=content.quality,
        laterality=content.laterality,
        referral=content.referral,
        findings=content.findings,
        model=ModelIdentity(model.id, model.version, model.engine, model.device),
        maps=maps,
        field_of_view=content.field_of_view,
    )


def stored_heatmap(
    content: AnalysisContent, maps: ActivationMaps | None, code: str, *, longer_side: int
) -> Heatmap | None:
    """Return label `code`'s heatmap over the whole photograph; None where there is none.

    Its longer side has `longer_side` pixels, or the photograph's where that is smaller.
    """
    shrink = min(1.0, longer_side / max(content.width, content.height))
    width = max(1, round(content.width * shrink))
    height = max(1, round(content.height * shrink))
    return heatmap_of(analysis_of(content, maps), code, width=width, height=height)
