"""What the examination page needs of the records beyond what other pages share.

Everything here may be slow, and is called in worker threads only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # these modules import NumPy, which the first paint does not need
    from retina_desktop.domain.analyses import ActivationMaps
    from retina_desktop.domain.images import RgbImage
    from retina_desktop.services.settings_ports import FormDraftStore
    from retina_desktop.services.visit_changes import (
        AddPhotograph,
        KeepAnswer,
        OpenVisit,
        SaveVisit,
    )
    from retina_desktop.services.waiting_photographs import FindWaitingPhotographs


@dataclass(frozen=True, slots=True, eq=False)
class ExaminationServices:
    """The use cases of one visit.

    ``photograph`` returns a photograph's original bytes by their SHA-256, verified, and
    ``pixels`` every pixel of it; ``maps`` the heatmaps of a stored analysis by its number,
    None where it has none.
    """

    open_visit: "OpenVisit"
    add_photograph: "AddPhotograph"
    keep_answer: "KeepAnswer"
    find_waiting: "FindWaitingPhotographs"
    save_visit: "SaveVisit"
    photograph: Callable[[str], bytes]
    pixels: Callable[[str], "RgbImage"]
    maps: Callable[[int], "ActivationMaps | None"]
    drafts: "FormDraftStore"  # what is typed and no value yet; named ``examination.<number>``
