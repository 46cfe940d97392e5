"""Problems that the user can solve, told in one sentence instead of a traceback."""

import errno
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import torch
import typer

from retina_desktop.domain.errors import RetinaError

P = ParamSpec("P")
NOTHING_DONE = 3
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Have `command` end with a sentence: a `RetinaError`'s, or that there is no room.

    No room is on the disk, or in the memory of a GPU.
    """

    @wraps(command)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except RetinaError as error:
            sys.stderr.write(f"{error}\n")
            raise typer.Exit(NOTHING_DONE) from error
        except torch.OutOfMemoryError as error:
            sys.stderr.write(
                "The device's memory is full; close what else uses it and start the command "
                "again.\n"
            )
            raise typer.Exit(NOTHING_DONE) from error
        except OSError as error:
            if error.errno not in _NO_ROOM:
                raise
            sys.stderr.write("The disk is full; make room and start the command again.\n")
            raise typer.Exit(NOTHING_DONE) from error

    return guarded
