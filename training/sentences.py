"""Problems that the user can solve, told in one sentence instead of a traceback."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import typer

from retina_desktop.domain.errors import RetinaError

P = ParamSpec("P")
NOTHING_DONE = 3


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Have `command` end with a `RetinaError`'s sentence on standard error."""

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RetinaError as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(NOTHING_DONE) from error

    return guarded
