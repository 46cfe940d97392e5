"""What decoding a photograph tells beside its pixels: the file's own size, how good it is."""

from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from retina_desktop.domain.quality import ImageQuality
from training.files import write_atomically


@dataclass(frozen=True, slots=True)
class PhotographFacts:
    """Of one photograph's file."""

    width: int  # pixels as the file has them, upright
    height: int
    quality: ImageQuality | None = None  # as the application judges it; None: not judged

    @property
    def size(self) -> str:
        """``WIDTHxHEIGHT``, as a manifest writes an original size."""
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class FactsIndex:
    """The facts of each cached photograph, in the cache's order, and what it was made of."""

    key: str
    photographs: tuple[PhotographFacts, ...]


_ADAPTER = TypeAdapter(FactsIndex)


def write_index(path: Path, index: FactsIndex) -> None:
    """Write the index, in one step."""
    write_atomically(path, _ADAPTER.dump_json(index))


def read_index(path: Path) -> FactsIndex | None:
    """Read what `write_index` wrote; None where it is missing, damaged or of another form."""
    try:
        return _ADAPTER.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return None
