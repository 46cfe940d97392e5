"""What the viewer shows, as values: the user's choices and the frozen state drawn from them."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retina_desktop.gui.viewer.camera import Camera, Size
from retina_desktop.gui.viewer.looks import Palette, Tone, ViewFilter

if TYPE_CHECKING:
    from retina_desktop.gui.viewer.heat import HeatPicture
    from retina_desktop.gui.viewer.pyramid import Pyramid

OPACITY_STEP = 0.1
DEFAULT_OPACITY = 0.6


@dataclass(frozen=True, slots=True)
class ViewerChoices:
    """What the user asked for; survives the change of photographs."""

    camera: Camera = field(default_factory=Camera)
    view_filter: ViewFilter = ViewFilter.NONE
    tone: Tone = field(default_factory=Tone)
    heat_on: bool = True
    opacity: float = DEFAULT_OPACITY
    palette: Palette = Palette.VIRIDIS
    contour: bool = False
    side_by_side: bool = False


@dataclass(frozen=True, slots=True)
class HeatCaption:
    """Which label's evidence is shown, and how strong the finding is, in words."""

    label: str = ""
    strength: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class ViewerMaterial:
    """What there is to draw at the moment; workers fill it in.

    ``filtered`` shows the photograph through ``filtered_by``, which lags behind the user's
    choice while a worker computes. ``tone_table`` maps each 8-bit value, None changes nothing.
    """

    original: "Pyramid | None" = None
    filtered: "Pyramid | None" = None
    filtered_by: ViewFilter = ViewFilter.NONE
    heat: "HeatPicture | None" = None
    caption: HeatCaption = field(default_factory=HeatCaption)
    tone_table: bytes | None = None
    waiting: bool = False
    message: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What one canvas draws, all decided."""

    picture: "Pyramid"
    tone_table: bytes | None = None
    heat: "HeatPicture | None" = None
    opacity: float = 0.0
    contour: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class ViewerState:
    """Everything the pane renders: nothing is left to decide.

    ``main`` is None without a photograph, ``message`` stands in its place. ``plain`` is the
    untouched photograph of the side-by-side view, None when there is one canvas.
    """

    choices: ViewerChoices = field(default_factory=ViewerChoices)
    main: Layer | None = None
    plain: Layer | None = None
    image_size: Size | None = None
    shown_filter: ViewFilter = ViewFilter.NONE
    has_heat: bool = False
    legend_shown: bool = False
    caption: HeatCaption = field(default_factory=HeatCaption)
    waiting: bool = False
    message: str = ""
    problem: str = ""


def resolve(choices: ViewerChoices, material: ViewerMaterial) -> ViewerState:
    """Return what is to be shown; a pure function of what is wanted and what there is."""
    original = material.original
    if original is None:
        return ViewerState(
            choices,
            message=material.message,
            problem=material.problem,
            waiting=material.waiting,
        )
    wants_filter = choices.view_filter is not ViewFilter.NONE
    filtered = material.filtered if wants_filter else None
    heat = material.heat if choices.heat_on else None
    main = Layer(
        filtered or original,
        tone_table=material.tone_table,
        heat=heat,
        opacity=choices.opacity,
        contour=choices.contour and heat is not None,
    )
    return ViewerState(
        choices,
        main=main,
        plain=Layer(original) if choices.side_by_side else None,
        image_size=original.size,
        shown_filter=material.filtered_by if filtered else ViewFilter.NONE,
        has_heat=material.heat is not None,
        legend_shown=heat is not None,
        caption=material.caption,
        waiting=material.waiting,
        problem=material.problem,
    )
