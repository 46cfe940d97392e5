"""What the Training page needs from outside; the composition root fills it in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retina_desktop.services.training_runs_desk import TrainingDesk
from retina_desktop.services.training_runs_models import InstalledModel
from retina_desktop.services.training_runs_recipes import RecipeChoice


@dataclass(frozen=True, slots=True, eq=False)
class TrainingServices:
    """All are called in workers only: those on models in the lane of the analyses.

    ``install`` checks a bundle, stores it among the user's models, loads it and has it answer
    from then on; ``use_model`` has another installed one answer. Both raise `RetinaError` and
    leave the model in force as it was where anything is wrong.
    """

    desk: TrainingDesk
    missing_packages: Callable[[], Sequence[str]]
    recipes: Callable[[], Sequence[RecipeChoice]]
    models: Callable[[], Sequence[InstalledModel]]
    install: Callable[[Path], InstalledModel]
    use_model: Callable[[str], InstalledModel]
