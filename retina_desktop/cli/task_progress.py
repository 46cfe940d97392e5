"""A task on a terminal: a bar that moves, and Ctrl-C that stops it between two steps."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from retina_desktop.services.tasks import TaskContext


@contextmanager
def shown_progress(words: str = "Working") -> Iterator[TaskContext]:
    """Give the context of a task; its bar is drawn where stderr is a terminal.

    Ctrl-C asks the task to stop and lets it tell what is done; a second one ends it at once.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        with _stopping(context := TaskContext()):
            yield context
        return
    bar = Progress(
        TextColumn(words),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )
    task = bar.add_task(words, total=1.0)
    context = TaskContext(on_progress=lambda done, _words: bar.update(task, completed=done))
    with bar, _stopping(context):
        yield context


@contextmanager
def _stopping(context: TaskContext) -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        context.cancel()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
