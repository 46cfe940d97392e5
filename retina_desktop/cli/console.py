"""What all commands share: exit codes, messages to stderr, data to stdout."""

import json
import logging
import os
import sys
from collections.abc import Callable
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec, TypeVar

import typer

from retina_desktop.config.log_files import log_in_use
from retina_desktop.domain.errors import OutputUnwritableError, RetinaError, TaskCancelledError
from retina_desktop.services.whole_files import write_whole

log = logging.getLogger(__name__)
P = ParamSpec("P")
R = TypeVar("R")


class ExitCode(IntEnum):
    """The contract with scripts."""

    OK = 0
    SOME_FAILED = 1
    USAGE = 2
    NOTHING_DONE = 3


def say(message: str) -> None:
    """Write a message for a person to stderr."""
    typer.echo(message, err=True)


def give(text: str) -> None:
    """Write data to stdout.

    Raises
    ------
    OutputUnwritableError
        If stdout is closed or its disk is full; a reader that has gone away is a
        BrokenPipeError.
    """
    if sys.stdout is None:  # closed by whoever started us
        raise OutputUnwritableError("The results cannot be written: standard output is closed.")
    try:
        typer.echo(text)
    except BrokenPipeError:
        raise
    except OSError as error:
        why = (error.strerror or "the system refused it").lower()
        raise OutputUnwritableError(
            f"The results cannot be written to standard output ({why})."
        ) from error


def give_json(document: object, target: Path | None = None) -> None:
    """Write `document` as JSON to the file `target`, or to stdout when it is None or ``-``.

    In ASCII, so that neither a console's code page nor a file name that is no UTF-8 spoils it.
    """
    text = json.dumps(document, indent=2)
    if target is None or str(target) == "-":
        give(text)
    else:
        write_whole(target, (text + "\n").encode())


def shown(path: Path) -> str:
    """Return `path` for a terminal: on one line, without control characters."""
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(path)
    )


def stop(code: ExitCode, message: str = "") -> NoReturn:
    """End the command."""
    if message:
        say(message)
    raise typer.Exit(code)


def internal_error_text() -> str:
    """Return the sentence shown for a bug; its traceback is in the log, if there is one.

    The log in use may be of another folder than ``--data-dir``: it began before that was read.
    """
    file = log_in_use()
    if file is None:
        return "Internal error; no log could be written: check the data folder's permissions."
    return f"Internal error; the log tells more: {file}"


def guarded(command: Callable[P, R]) -> Callable[P, R]:
    """Turn what escapes from `command` into a sentence and exit code 3."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except RetinaError as error:
            stop(ExitCode.NOTHING_DONE, str(error))
        except (typer.Exit, typer.Abort):
            raise
        except (KeyboardInterrupt, TaskCancelledError):
            stop(ExitCode.SOME_FAILED, "Stopped.")
        except BrokenPipeError:
            _let_go_of_stdout()
            raise typer.Exit(ExitCode.SOME_FAILED) from None
        except Exception as error:  # the boundary: logged, told as an internal error
            if type(error).__module__.startswith("click") or isinstance(
                error, typer.BadParameter
            ):
                raise  # wrong usage, told by typer itself
            log.exception("command failed")
            stop(ExitCode.NOTHING_DONE, internal_error_text())

    return run


def _let_go_of_stdout() -> None:
    """Whoever read our output has gone; what is still buffered would fail again at exit."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def printable(values: dict[str, Any]) -> str:
    """Return `values` as aligned lines ``name  value``."""
    width = max((len(name) for name in values), default=0)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in values.items())
