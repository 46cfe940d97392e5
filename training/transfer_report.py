"""What a network took over from other weights, tensor by tensor, and why not the rest."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from torch import Tensor, nn

from training.files import write_atomically

TRANSFER_NAME = "transfer.txt"
ABSENT = "absent there"

log = logging.getLogger("training")


@dataclass(frozen=True, slots=True)
class TransferReport:
    """Which tensors of the network were carried over and which start new.

    ``notes`` tell of each new one why, and of a last layer which rows came; ``unused`` are
    tensors of the source that have no place in the network. Batch counters are in none.
    """

    carried: tuple[str, ...]
    new: tuple[str, ...]
    carried_parameters: int
    new_parameters: int
    source: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)
    unused: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """One line for the log."""
        tensors = len(self.carried) + len(self.new)
        share = self.carried_parameters / max(self.carried_parameters + self.new_parameters, 1)
        return (
            f"weights carried over from {self.source or 'elsewhere'}: {len(self.carried)} of "
            f"{tensors} tensors, {share:.1%} of the parameters; {len(self.new)} start new, "
            f"{len(self.unused)} of the source are not used"
        )


def report_on(
    network: nn.Module,
    *,
    carried: Iterable[str],
    source: str = "",
    state: Mapping[str, Tensor] | None = None,
    notes: Mapping[str, str] | None = None,
) -> TransferReport:
    """Return the report of a transfer that is done.

    Parameters
    ----------
    network : nn.Module
        Whose tensors are reported, in its order.
    carried : Iterable[str]
        Names that came from elsewhere.
    source : str
        Where from, in words, without a path.
    state : Mapping[str, Tensor] or None
        The source's tensors under the network's names, as far as they have such; tells why a
        tensor is new and what of the source is not used.
    notes : Mapping[str, str] or None
        More than the state tells, by name.
    """
    came, there = set(carried), state or {}
    own = {k: v for k, v in network.state_dict().items() if is_counted(k)}
    new = tuple(name for name in own if name not in came)
    return TransferReport(
        carried=tuple(name for name in own if name in came),
        new=new,
        carried_parameters=sum(own[name].numel() for name in own if name in came),
        new_parameters=sum(own[name].numel() for name in new),
        source=source,
        notes={name: _reason(there.get(name)) for name in new} | dict(notes or {}),
        unused=tuple(name for name in there if name not in own and is_counted(name)),
    )


def is_counted(name: str) -> bool:
    """Tell weights from batch norms' counters."""
    return not name.endswith("num_batches_tracked")


def transfer_text(network: nn.Module, report: TransferReport) -> str:
    """Return the report layer by layer, one line a tensor in the network's order."""
    new = set(report.new)
    lines = [report.summary[:1].upper() + report.summary[1:] + ".", ""]
    for name, value in network.state_dict().items():
        if not is_counted(name):
            continue
        shape = "x".join(str(side) for side in value.shape) or "1"
        kind = "new    " if name in new else "carried"
        lines.append(f"{kind}  {name}  {shape}  {report.notes.get(name, '')}".rstrip())
    lines += [f"unused   {name}" for name in report.unused]
    return "\n".join(lines) + "\n"


def note_transfer(run_dir: Path, network: nn.Module, report: TransferReport | None) -> None:
    """Tell the log in a line, and the run's folder layer by layer; None is random weights."""
    if report is None:
        log.info("the weights start random")
        return
    log.info("%s; layer by layer in %s", report.summary, TRANSFER_NAME)
    write_transfer(run_dir, network, report)


def write_transfer(run_dir: Path, network: nn.Module, report: TransferReport) -> None:
    """Write the report beside the run's weights."""
    run_dir.mkdir(parents=True, exist_ok=True)
    write_atomically(run_dir / TRANSFER_NAME, transfer_text(network, report).encode())


def _reason(there: Tensor | None) -> str:
    if there is None:
        return ABSENT
    shape = "x".join(str(side) for side in there.shape)
    return f"another shape there, {shape}"
