"""Write heatmaps and overlays of an analysed photograph as picture files."""

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from retina_desktop.domain.analyses import Analysis
from retina_desktop.domain.errors import ImageUnreadableError, UnknownLabelError
from retina_desktop.imaging.encode import encode_jpeg, encode_png
from retina_desktop.imaging.overlay import blend_heatmap
from retina_desktop.services.ports import PhotographReader
from retina_desktop.services.screening import heatmap_gray_of
from retina_desktop.services.whole_files import write_whole

OVERLAY_OPACITY = 0.6


def chosen_labels(analysis: Analysis, wish: str) -> tuple[str, ...]:
    """Return the codes to draw, in the model's order.

    Parameters
    ----------
    analysis : Analysis
        Of one photograph.
    wish : str
        ``positive`` (present findings), ``all`` (every assessed label), or codes with commas.
        A label that was not assessed has no heatmap and is left out.

    Raises
    ------
    UnknownLabelError
        See `check_wish`.
    """
    if wish == "all":
        return tuple(f.label for f in analysis.findings if f.is_assessed)
    if wish == "positive":
        return tuple(f.label for f in analysis.findings if f.is_positive)
    wanted = check_wish(wish, [finding.label for finding in analysis.findings])
    return tuple(f.label for f in analysis.findings if f.label in wanted and f.is_assessed)


def check_wish(wish: str, codes: Iterable[str]) -> frozenset[str]:
    """Return the codes named in `wish`, none for ``positive`` and ``all``.

    Raises
    ------
    UnknownLabelError
        When `wish` names a code that is not among `codes`, a model's labels.
    """
    if wish in ("positive", "all"):
        return frozenset()
    wanted = frozenset(code.strip() for code in wish.split(",") if code.strip())
    unknown = wanted - set(codes)
    if unknown or not wanted:
        raise UnknownLabelError(
            f"The model has no label {', '.join(sorted(unknown)) or wish!r}; `retina-desktop "
            "models list` shows its labels."
        )
    return wanted


@dataclass(slots=True)
class ExportHeatmaps:
    """Writes ``<stem>__<LABEL>.png`` and ``<stem>__<LABEL>.overlay.jpg``.

    The PNG is 8-bit grey of the photograph's own size: 255 times the fixed scale of
    `domain.heatmaps`. Two photographs with the same stem in one export get apart by the
    start of their hash.
    """

    read: PhotographReader
    folder: Path
    _stems: dict[str, str] = field(default_factory=dict)  # stem -> sha256 of its photograph

    def __call__(self, path: Path, analysis: Analysis, codes: Iterable[str]) -> list[Path]:
        """Write the chosen labels' files and return their paths.

        Raises
        ------
        ImageUnreadableError
            The photograph cannot be read again, or is not the one that was analysed.
        OutputUnwritableError
            See `write_whole`.
        """
        codes = tuple(codes)
        if not codes or analysis.maps is None:
            return []
        stem = self._stem_for(path, analysis.sha256)
        image = self.read(path)
        if image.sha256 != analysis.sha256:
            raise ImageUnreadableError(
                "The file changed after it was analysed, so no heatmap was written; analyse it "
                "again."
            )
        pixels = image.pixels
        written = []
        for code in codes:
            heat = heatmap_gray_of(analysis, code, width=analysis.width, height=analysis.height)
            if heat is None:
                continue
            overlay = blend_heatmap(pixels, heat, opacity=OVERLAY_OPACITY)
            for name, data in (
                (f"{stem}__{code}.png", encode_png(heat)),
                (f"{stem}__{code}.overlay.jpg", encode_jpeg(overlay)),
            ):
                write_whole(self.folder / name, data)
                written.append(self.folder / name)
        return written

    def _stem_for(self, path: Path, sha256: str) -> str:
        # Where A.png and a.png are one file, they must not meet.
        first = self._stems.setdefault(os.path.normcase(path.stem), sha256)
        return path.stem if first == sha256 else f"{path.stem}-{sha256[:8]}"
