"""An analysed examination of two photographs, kept durably, beside raw SQLite.

``python -m tests.benchmarks.records_visit [--repeat N] [--folder F]``. The raw side puts the
same rows into the same tables by the driver alone, in one transaction with
``synchronous=FULL``, after writing the same bytes to two files that it syncs, renames and
whose folder it syncs. Both sides take turns, on plain SQLite and on SQLCipher. F chooses the
disk.
"""

import argparse
import io
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any

from retina_desktop.domain.examinations import NewImage
from retina_desktop.domain.findings import Finding, LabelStatus
from retina_desktop.domain.images import Laterality, LateralitySource
from retina_desktop.domain.labels import LABELS
from retina_desktop.domain.stored_analyses import NewAnalysis
from retina_desktop.persistence.opening import Records
from retina_desktop.services.records_ports import NewPhotograph
from tests.benchmarks.measure import Row, table
from tests.benchmarks.records_generator import new_backend
from tests.helpers.records import make_details, make_new_analysis, make_visit, stamp

SPEED_TARGET, ENCRYPTION_TARGET = 0.7, 0.15
_PHOTOGRAPH_BYTES, _THUMBNAIL_BYTES, _MAP_BYTES = 1_500_000, 12_000, 1_700
_OWN_KEYS = {  # columns that number the visit's rows, to be counted on by the raw side
    "examination": ("id",),
    "image": ("id", "examination_id"),
    "thumbnail": ("image_id",),
    "analysis": ("id", "image_id"),
    "heatmap": ("analysis_id",),
    "present_finding": ("analysis_id",),
    "audit_entry": ("sequence",),
}
_FAR = 1_000_000  # the raw side's numbers begin here


class Ours:
    """Our stores, as the program uses them."""

    def __init__(self, records: Records, contents: "_Contents") -> None:
        self.records = records
        self._contents = contents
        self.patient = records.patients.add(make_details(), by=stamp(1))
        self._patterns = [_photograph("0" * 64, eye) for eye in Laterality]
        _make_shards(records.images.folder)

    def store(self) -> int:
        """Keep one examination and return its number."""
        photographs = []
        for pattern in self._patterns:
            kept = self.records.images.add(io.BytesIO(self._contents.photograph()))
            photographs.append(_of_bytes(pattern, kept.sha256))
        visit = self.records.examinations.add(
            self.patient.id, make_visit(), photographs=photographs, by=stamp(2)
        )
        return visit.id


class Raw:
    """The rows of one of our examinations again and again, by the driver alone."""

    def __init__(self, records: Records, folder: Path, contents: "_Contents") -> None:
        self._folder = folder
        _make_shards(folder)
        self._contents = contents
        self._connection: Any = records.database.engine.raw_connection()
        cursor = self._connection.cursor()
        self._statements: list[tuple[str, list[tuple[Any, ...]], tuple[int, ...]]] = []
        for name, keys in _OWN_KEYS.items():
            number = "sequence" if name == "audit_entry" else keys[0]
            last = "(SELECT max(sequence) - 5 FROM audit_entry)"
            after = last if number == "sequence" else "0"
            cursor.execute(f"SELECT * FROM {name} WHERE {number} > {after}")
            columns = [column[0] for column in cursor.description]
            marks = ",".join("?" * len(columns))
            places = tuple(columns.index(key) for key in keys)
            self._statements.append(
                (f"INSERT INTO {name} VALUES ({marks})", cursor.fetchall(), places)
            )
        self._round = count(1)

    def store(self) -> None:
        """Write two files and the rows, each with the syncs of ours."""
        for _ in Laterality:
            self._write_file(self._contents.photograph())
        step = next(self._round)
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        for statement, rows, places in self._statements:
            cursor.executemany(statement, [_shifted(row, places, step) for row in rows])
        cursor.execute("UPDATE audit_head SET sequence = sequence + 5")
        cursor.execute("COMMIT")
        cursor.close()

    def close(self) -> None:
        self._connection.close()

    def _write_file(self, content: bytes) -> None:
        name = sha256(content).hexdigest()
        folder = self._folder / name[:2]
        draft = folder / f".{name}.part"
        with draft.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(folder / name)
        opened = os.open(folder, os.O_RDONLY)
        os.fsync(opened)
        os.close(opened)


def _shifted(row: tuple[Any, ...], places: tuple[int, ...], step: int) -> tuple[Any, ...]:
    return tuple(
        value + step * _FAR if place in places else value for place, value in enumerate(row)
    )


class _Contents:
    """Photographs of a camera's size, each different."""

    def __init__(self) -> None:
        self._body = random.Random(5).randbytes(_PHOTOGRAPH_BYTES)
        self._number = count()

    def photograph(self) -> bytes:
        return next(self._number).to_bytes(8, "big") + self._body


def _photograph(sha: str, eye: Laterality) -> NewPhotograph:
    findings = tuple(
        Finding(code, 0.9 if code in {"DR", "ODC"} else 0.01, 0.5, LabelStatus.EVALUATED)
        for code in LABELS
    )
    maps = random.Random(6).randbytes(_MAP_BYTES)
    content = replace(
        make_new_analysis(sha).content,
        findings=findings,
        maps_sha256=sha256(maps).hexdigest(),
    )
    image = NewImage(
        sha256=sha,
        size_bytes=_PHOTOGRAPH_BYTES,
        width=2144,
        height=1424,
        source_format="JPEG",
        thumbnail=random.Random(7).randbytes(_THUMBNAIL_BYTES),
        laterality=eye,
        laterality_source=LateralitySource.USER,
        original_name="eye.jpg",
    )
    return NewPhotograph(image, NewAnalysis(content, maps))


def _of_bytes(pattern: NewPhotograph, sha: str) -> NewPhotograph:
    """Return the pattern as a photograph with this hash."""
    analysis = pattern.analysis
    assert analysis is not None
    content = replace(analysis.content, image_sha256=sha)
    return NewPhotograph(replace(pattern.image, sha256=sha), replace(analysis, content=content))


def _make_shards(folder: Path) -> None:
    """Make the folders that a store soon has; making one costs a sync of its own."""
    for number in range(256):
        (folder / f"{number:02x}").mkdir(parents=True, exist_ok=True)


Took = tuple[float, float]  # seconds by the clock, and of this thread's own work


def in_turns(runs: list[Callable[[], object]], *, repeat: int) -> list[Took]:
    """Return each run's medians; the order of turns changes each round."""
    times: list[list[Took]] = [[] for _ in runs]
    for turn in range(repeat + 1):
        for shift in range(len(runs)):
            place = (turn + shift) % len(runs)
            began, worked = time.perf_counter(), time.thread_time()
            runs[place]()
            if turn:
                took = time.perf_counter() - began, time.thread_time() - worked
                times[place].append(took)
    return [
        (statistics.median(wall), statistics.median(own))
        for wall, own in (zip(*took, strict=True) for took in times)
    ]


def rows(folder: Path, *, repeat: int) -> list[Row]:
    """Measure in `folder` and return the table's lines."""
    with ExitStack() as stack:
        contents, runs = _Contents(), []
        for encrypted in (False, True):
            ours, raw = _both(folder / f"encrypted-{encrypted}", contents, stack, encrypted)
            runs += [ours.store, raw.store]
        plain, raw_plain, cipher, raw_cipher = in_turns(runs, repeat=repeat)
    return [
        _speed("plain SQLite", raw_plain, plain),
        _speed("SQLCipher", raw_cipher, cipher),
        Row(
            "cost of encryption",
            f"<= {ENCRYPTION_TARGET:.0%}",
            f"{cipher[0] / plain[0] - 1:+.1%}",
            cipher[0] / plain[0] - 1 <= ENCRYPTION_TARGET,
        ),
    ]


def _both(
    folder: Path, contents: _Contents, stack: ExitStack, encrypted: bool
) -> tuple[Ours, Raw]:
    ours = Ours(new_backend(folder / "ours", encrypted=encrypted).open(), contents)
    stack.callback(ours.records.close)
    pattern = Ours(new_backend(folder / "raw", encrypted=encrypted).open(), contents)
    stack.callback(pattern.records.close)
    pattern.store()
    files = folder / "raw-files"
    files.mkdir()
    raw = Raw(pattern.records, files, contents)
    stack.callback(raw.close)
    return ours, raw


def _speed(what: str, raw: Took, ours: Took) -> Row:
    """Return a line; a thread's own time, without waiting, tells of a busy machine."""
    ratio = raw[0] / ours[0]
    shown = [f"{1e3 * wall:.1f} ms ({1e3 * own:.1f} of its own)" for wall, own in (ours, raw)]
    return Row(
        f"store an analysed examination, {what}",
        f">= {SPEED_TARGET} of raw",
        f"{ratio:.2f}: {' beside '.join(shown)}",
        ratio >= SPEED_TARGET,
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=101)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        print(table(rows(Path(scratch), repeat=options.repeat)))  # noqa: T201 - its purpose


if __name__ == "__main__":
    main()
