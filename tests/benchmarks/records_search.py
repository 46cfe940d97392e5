"""First pages of searches, and a patient with 40 visits, beside a database a tenth the size.

``python -m tests.benchmarks.records_search [--patients N] [--folder F] [--plain]`` makes both
databases (or takes those that lie in F) and prints the table.
"""

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import partial
from itertools import count
from pathlib import Path

from retina_desktop.domain.patient_search import PatientQuery
from retina_desktop.domain.referral_tiers import ReferralTier
from retina_desktop.domain.users import Role, User
from retina_desktop.persistence.duplicate_store import SqlDuplicateStore
from retina_desktop.persistence.opening import Records
from retina_desktop.persistence.patient_search_store import SqlPatientSearchStore
from retina_desktop.services.acting import Acting
from retina_desktop.services.patient_records import OpenPatient
from retina_desktop.services.patient_search import SearchPatients
from tests.benchmarks.measure import Row, table
from tests.benchmarks.records_generator import fill_records, make_files, new_backend
from tests.helpers.records import stamp

LONGEST_S, MOST_TIMES = 0.050, 3.0
_FREQUENT_PATIENT = 1  # the generator gives the first one 40 visits
_SEED = 11


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of question; `queries` are drawn from the names that are there."""

    what: str
    queries: Callable[[list[str], random.Random], list[PatientQuery]]


def _part(name: str, randomness: random.Random) -> str:
    word = randomness.choice(name.split())
    if len(word) < 4:
        return word
    start = randomness.randrange(len(word) - 2)
    return word[start : start + randomness.randint(3, len(word) - start)]


def _typo(name: str, randomness: random.Random) -> str:
    words = name.split()
    place = max(range(len(words)), key=lambda n: len(words[n]))
    at = randomness.randrange(len(words[place]))
    words[place] = words[place][:at] + "x" + words[place][at + 1 :]
    return " ".join(words)


KINDS = (
    Kind("part of a name", lambda n, r: [PatientQuery(_part(x, r)) for x in n]),
    Kind("beginning of a name, 2 letters", lambda n, _: [PatientQuery(x[:2]) for x in n]),
    Kind(
        "whole name, words swapped",
        lambda n, _: [PatientQuery(" ".join(reversed(x.split()))) for x in n],
    ),
    Kind("name with a wrong letter", lambda n, r: [PatientQuery(_typo(x, r)) for x in n]),
    Kind(
        "record number",
        lambda n, r: [PatientQuery(f"{r.randrange(1000, 9999)}") for _ in n],
    ),
    Kind(
        "part of a name, with a finding",
        lambda n, r: [PatientQuery(_part(x, r), label="DR") for x in n],
    ),
    Kind("a finding in a month", lambda n, r: [_month(r, label="BRVO") for _ in n]),
    Kind("unsigned", lambda n, _: [PatientQuery(unsigned=True) for _ in n]),
    Kind(
        "urgent and unsigned",
        lambda n, _: [PatientQuery(unsigned=True, referral=ReferralTier.URGENT) for _ in n],
    ),
)


def _month(randomness: random.Random, **filters: str) -> PatientQuery:
    year, month = randomness.randint(2018, 2025), randomness.randint(1, 12)
    return PatientQuery(
        visited_from=date(year, month, 1), visited_to=date(year, month, 28), **filters
    )


Took = tuple[float, float]  # seconds by the clock, and of this thread's own work


def search_times(records: Records, kind: Kind, *, repeat: int) -> list[Took]:
    """Return what `repeat` different questions took, each asked once."""
    randomness = random.Random(_SEED)
    search, acting = _search(records), _acting()
    times = []
    for query in kind.queries(_names(records, repeat + 1), randomness):
        times.append(_took(partial(search, acting, query)))
    return times[1:]  # the first one loads code


def opening_times(records: Records, *, repeat: int) -> list[Took]:
    """Return what opening the patient with 40 visits took."""
    open_patient = OpenPatient(records.patients, records.examinations, records.audit)
    acting = _acting()
    open_ = partial(open_patient, acting, _FREQUENT_PATIENT)
    return [_took(open_) for _ in range(repeat + 1)][1:]


def _took(ask: Callable[[], object]) -> Took:
    began, worked = time.perf_counter(), time.thread_time()
    ask()
    return time.perf_counter() - began, time.thread_time() - worked


def rows(small: Records, full: Records, *, repeat: int) -> list[Row]:
    """Return the table's lines: medians of both, in turns."""
    lines = []
    for kind in KINDS:
        little = search_times(small, kind, repeat=repeat)
        lines.append(_line(kind.what, little, search_times(full, kind, repeat=repeat)))
    name = "open a patient with 40 visits"
    lines.append(
        _line(name, opening_times(small, repeat=repeat), opening_times(full, repeat=repeat))
    )
    wall, own = _took(lambda: SqlDuplicateStore(full.audited).pairs(limit=50))
    shown = f"{wall:.1f} s ({own:.1f} of its own)"
    lines.append(Row("all likely doubles", "none set", shown, met=True))
    return lines


def _line(what: str, small: list[Took], full: list[Took]) -> Row:
    """Return a line; the clock is judged, the thread's own time tells of a busy machine."""
    little, much = _median(small, 0), _median(full, 0)
    own = _median(full, 1)
    return Row(
        what,
        f"<= {1e3 * LONGEST_S:.0f} ms, <= {MOST_TIMES:.0f}x",
        f"{1e3 * much:.1f} ms ({1e3 * own:.1f} of its own), {much / little:.1f}x "
        f"({own / _median(small, 1):.1f}x)",
        much <= LONGEST_S and much <= MOST_TIMES * little,
    )


def _median(times: list[Took], place: int) -> float:
    return statistics.median(took[place] for took in times)


def _search(records: Records) -> SearchPatients:
    return SearchPatients(SqlPatientSearchStore(records.audited), records.audit)


def _names(records: Records, count_: int) -> list[str]:
    """Return names spread over all patients."""
    with records.database.read() as session:
        connection = session.connection()
        patients = connection.exec_driver_sql("SELECT max(id) FROM patient").scalar_one()
        step = max(patients // count_, 1)
        found = connection.exec_driver_sql(
            f"SELECT name FROM patient WHERE id % {step} = 0 LIMIT {count_}"
        )
        return [name for (name,) in found]


def _acting() -> Acting:
    minutes = count()
    user = User("anna", "Dr Anna Ito", frozenset({Role.READER, Role.ADMINISTRATOR}))
    return Acting(user, "desk-1", lambda: stamp(next(minutes)).at)


def open_filled(folder: Path, *, patients: int, encrypted: bool) -> Records:
    """Open the database in `folder`, made first where there is none."""
    backend = new_backend(folder, encrypted=encrypted)
    there = backend.place.database_file.exists()
    records = backend.open()
    if not there:
        fill_records(records, patients=patients)
        make_files(records)
    return records


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--patients", type=int, default=100_000)
    parser.add_argument("--repeat", type=int, default=41)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--plain", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.folder or Path(scratch)
        encrypted = not options.plain
        small = open_filled(
            folder / "small", patients=options.patients // 10, encrypted=encrypted
        )
        full = open_filled(folder / "full", patients=options.patients, encrypted=encrypted)
        print(table(rows(small, full, repeat=options.repeat)))  # noqa: T201 - its purpose
        small.close()
        full.close()


if __name__ == "__main__":
    main()
