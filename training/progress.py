"""What a run tells while it goes: JSON lines, TensorBoard's event files, a terminal's bar."""

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)

if TYPE_CHECKING:
    from torch.utils.tensorboard import SummaryWriter

LOG_NAME = "events.jsonl"

# Of JSON's types; "event" is "teachers" (whose answers come first), "step", "epoch" or "end".
Facts = dict[str, Any]
Listener = Callable[[Facts], None]


class JsonLines:
    """One JSON object a line, appended and flushed: what a window reads while a run goes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, facts: Facts) -> None:
        """Append `facts`."""
        with self._path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(facts) + "\n")


class TensorBoard:
    """Loss, rate and validation as curves over the steps done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._writer: SummaryWriter | None = None

    def __call__(self, facts: Facts) -> None:
        """Add a point to every curve that `facts` tell of."""
        writer = self._open()
        step = facts["steps_done"]
        for name in ("loss", "rate", "val_auroc"):
            if name in facts:
                writer.add_scalar(name, facts[name], step)
        for pair, auroc in facts.get("pairs", {}).items():
            writer.add_scalar(f"auroc/{pair}", auroc, step)
        writer.flush()

    def _open(self) -> "SummaryWriter":
        if self._writer is None:
            from torch.utils.tensorboard import SummaryWriter  # slow to import

            self._writer = SummaryWriter(self._folder)
        return self._writer


class TerminalBar:
    """A bar that fills over the whole run, with the newest loss and validation beside it."""

    def __init__(self, console: Console) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("{task.fields[said]}"), console=console)
        self._task = self._progress.add_task("epoch 1", total=1.0, said="")
        self._said: Facts = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def __call__(self, facts: Facts) -> None:
        """Fill the bar."""
        self._said |= {k: v for k, v in facts.items() if k in {"loss", "val_auroc"}}
        words = ", ".join(f"{name} {value:.4f}" for name, value in self._said.items())
        epoch = facts.get("epoch")
        self._progress.update(
            self._task,
            completed=facts["share"],
            description="teachers' answers" if epoch is None else f"epoch {epoch}",
            said=words,
        )


@contextmanager
def counted(words: str, total: int) -> Iterator[Callable[[], None]]:
    """Show on a terminal how many of `total` are done; give what says that one more is.

    It may be called from several threads.
    """
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TimeElapsedColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(words, total=total)
        yield lambda: bar.advance(task)


def tell_all(listeners: Iterable[Listener], facts: Facts) -> None:
    """Give `facts` to every listener."""
    for listener in listeners:
        listener(facts)
