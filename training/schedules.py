"""The learning rate, as a share of its peak, over a run."""

import math

from training.recipe import ScheduleKind, ScheduleSection


def rate_share(section: ScheduleSection, progress: float, *, plateaus: int = 0) -> float:
    """Return the share of the peak rate at `progress` in [0, 1] of the run.

    ``cosine`` rises in a straight line and falls along half a cosine; ``one-cycle`` rises
    along half a cosine as well (Smith and Topin, 2018); ``plateau`` stays at the peak and is
    multiplied by the factor after each of the `plateaus` of the validation.
    """
    rising = progress / section.warm_up if section.warm_up > 0 else 1.0
    if rising < 1.0:
        if section.kind is ScheduleKind.ONE_CYCLE:
            return max(0.5 * (1 - math.cos(math.pi * rising)), 0.01)
        return max(rising, 0.01)
    if section.kind is ScheduleKind.PLATEAU:
        return max(section.factor**plateaus, section.final_rate)
    left = 1 - section.warm_up
    falling = (min(progress, 1.0) - section.warm_up) / left if left > 0 else 1.0
    share = 0.5 * (1 + math.cos(math.pi * falling))
    return section.final_rate + (1 - section.final_rate) * share
