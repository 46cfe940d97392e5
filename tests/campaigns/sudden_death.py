"""The program is killed at any moment of any work; what it acknowledged is there afterwards.

``python -m tests.campaigns.sudden_death --rounds 500``: in each round a process works (imports,
analyses, signatures, reports, backups with rotation; or the upgrade of an older database; or a
restore) and is killed with SIGKILL, either after a random time or just before a random call
that makes something durable. Then the records are opened again and everything is checked.
"""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from traceback import format_exc
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from retina_desktop.persistence.backup_checking import check_backup
from retina_desktop.persistence.backup_series import MANIFEST
from retina_desktop.persistence.opening import Records, RecordsPlace
from retina_desktop.persistence.restore_folders import RECORDS, finish_restore
from retina_desktop.persistence.restoring import Restore, backups_in
from retina_desktop.persistence.whole_check import WholeCheck
from retina_desktop.services.tasks import TaskContext
from tests.campaigns.clinic_work import (
    PASSWORD,
    ClinicWork,
    KeptBackend,
    new_clinic,
    read_acknowledged,
    written,
)
from tests.campaigns.older_records import make_older_records
from tests.helpers.records import Backend, stamp

STEPS = 14
ROUNDS_OF_A_LIFE = 12
LONGEST_S = {"day": 0.9, "migration": 0.15, "restore": 0.6}
USUAL_CALL = {"day": 40, "migration": 8, "restore": 30}  # the one to die before, on average
DURABLE = ((os, "fsync"), (os, "replace"), (os, "rename"), (os, "unlink"), (os, "mkdir"))
Work = Callable[[Callable[[str, Any], None]], None]


@dataclass
class Totals:
    """The campaign's figures."""

    rounds: Counter[str] = field(default_factory=Counter)
    killed: Counter[str] = field(default_factory=Counter)
    acknowledged: Counter[str] = field(default_factory=Counter)
    unfinished_backups: int = 0
    set_aside: int = 0
    drafts_removed: int = 0
    faults: list[str] = field(default_factory=list)


@dataclass
class Life:
    """Some rounds on the same records."""

    backend: KeptBackend
    target: Path
    acknowledged: list[tuple[str, Any]] = field(default_factory=list)
    minute: int = 0


@dataclass
class Checked:
    """What was found after a death."""

    faults: list[str]
    drafts: list[int]
    signed: list[int]
    set_aside: int
    drafts_removed: int


def die_in(work: Work, rng: random.Random, kind: str) -> tuple[list[tuple[str, Any]], bool]:
    """Run `work` in a process that is killed somewhere; what it acknowledged, and if it was."""
    reader, writer = os.pipe()
    at_a_call = rng.random() < 0.6
    call = int(rng.expovariate(1 / USUAL_CALL[kind])) + 1
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            if at_a_call:
                die_before(call)
            work(lambda said, value: _write(writer, written(said, value)))
        except BaseException:  # noqa: BLE001 - told to the parent, who counts it
            os.write(writer, written("error", format_exc()))
        finally:
            os._exit(0)
    os.close(writer)
    if not at_a_call:
        time.sleep(rng.random() * LONGEST_S[kind])
        os.kill(child, signal.SIGKILL)
    with os.fdopen(reader) as lines:
        text = lines.read()
    _, status = os.waitpid(child, 0)
    return read_acknowledged(text), os.WIFSIGNALED(status)


def die_before(call: int) -> None:
    """Kill this process just before its `call`-th call that makes something durable."""
    left = call

    def watch(owner: Any, name: str) -> None:
        real = getattr(owner, name)

        def watched(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return real(*arguments, **named)

        setattr(owner, name, watched)

    for owner, name in (*DURABLE, (DefaultDialect, "do_commit")):
        watch(owner, name)


def check_records(backend: Backend, minute: int, said: list[tuple[str, Any]]) -> Checked:
    """Open the records twice and look at everything."""
    faults: list[str] = []
    records = backend.open(minute)
    try:
        found = records.reconciliation
        faults += [
            f"{kind} {value} lost"
            for kind, value in said
            if not _is_there(records, kind, value)
        ]
        if found.missing:
            faults.append(f"{len(found.missing)} files missing")
        signed, drafts = _visits(records, said)
    finally:
        records.close()
    again = backend.open(minute + 1)
    try:
        if not again.reconciliation.clean:
            faults.append("orphans after start-up")
        faults += [f"left behind: {name}" for name in _left_behind(again)]
        checked = WholeCheck(again.database, again.audit, again.images)(TaskContext())
        faults += checked.problems
        if checked.unnamed:
            faults.append(f"{checked.unnamed} orphan files")
    finally:
        again.close()
    return Checked(faults, drafts, signed, len(found.set_aside), found.drafts_removed)


def check_backups(life: Life, said: list[tuple[str, Any]]) -> tuple[list[str], int]:
    """Read every finished backup; the newest acknowledged one, or a newer one, is there."""
    faults = []
    target = life.target
    finished = backups_in(target)
    for backup in finished:
        checked = check_backup(TaskContext(), backup.place, life.backend.master)
        faults += [f"backup {checked.id}: {problem}" for problem in checked.problems]
    acknowledged = [value for kind, value in said if kind == "backup"]
    if acknowledged and max((b.manifest.id for b in finished), default="") < acknowledged[-1]:
        faults.append(f"backup {acknowledged[-1]} lost")
    places = [
        p for series in target.iterdir() for p in series.iterdir() if p.name[:1].isdigit()
    ]
    return faults, sum(not (place / MANIFEST).exists() for place in places)


def _is_there(records: Records, kind: str, value: Any) -> bool:
    if kind == "patient":
        return records.patients.find_by_record_number(value) is not None
    if kind == "visit":
        images = records.examinations.images(value[0])
        whole = [image.sha256 for image in images] == value[1]
        return whole and all(len(records.images.read(name)) for name in value[1])
    if kind == "analysis":
        return records.analyses.get(value) is not None
    if kind == "reading":
        reading = records.readings.get(value[0])
        return reading is not None and reading.version >= value[1]
    if kind == "signed":
        reading = records.readings.get(value)
        return reading is not None and reading.signature is not None
    if kind == "addendum":
        return value[1] in [added.id for added in records.readings.addenda(value[0])]
    if kind == "report":
        return bool(records.images.read(value[1]))
    return kind in ("opened", "backup", "restored")


def _visits(records: Records, said: list[tuple[str, Any]]) -> tuple[list[int], list[int]]:
    visits = [value[0] for kind, value in said if kind == "visit"]
    readings = {visit: records.readings.get(visit) for visit in visits}
    signed = [v for v, reading in readings.items() if reading and reading.signature]
    return signed, [visit for visit in visits if visit not in signed]


def _left_behind(records: Records) -> list[str]:
    folder = records.place.folder
    drafts = [path for path in folder.rglob("*") if path.name.startswith((".new-", ".making-"))]
    drafts += [path for path in folder.rglob("*") if ".part" in path.name]
    return [str(path.relative_to(folder)) for path in drafts]


def one_day(life: Life, rng: random.Random, totals: Totals) -> list[str]:
    """A round of a clinic's work."""
    before = check_records(life.backend, life.minute + 1, life.acknowledged)
    life.minute += 10
    steps = random.Random(rng.random())

    def work(acknowledge: Callable[[str, Any], None]) -> None:
        known = before.drafts, before.signed
        clinic = ClinicWork(life.backend, life.target, steps, acknowledge, life.minute, *known)
        clinic.run(STEPS)

    said, killed = die_in(work, rng, "day")
    life.minute += (STEPS + 1) * 24 * 60
    errors = [value for kind, value in said if kind == "error"]
    said = [(kind, value) for kind, value in said if kind != "error"]
    life.acknowledged += said
    count(totals, "day", said, killed)
    after = check_records(life.backend, life.minute, life.acknowledged)
    totals.set_aside += after.set_aside
    totals.drafts_removed += after.drafts_removed
    faults, unfinished = check_backups(life, life.acknowledged)
    totals.unfinished_backups += unfinished
    return errors + before.faults + after.faults + faults


def one_migration(folder: Path, older: Path, rng: random.Random, totals: Totals) -> list[str]:
    """A round of an upgrade."""
    place = RecordsPlace(folder / "older")
    shutil.copytree(older, place.folder)
    backend = Backend("sqlcipher", place)

    def work(acknowledge: Callable[[str, Any], None]) -> None:
        backend.open(60).close()
        acknowledge("opened", 0)

    said, killed = die_in(work, rng, "migration")
    count(totals, "migration", said, killed)
    errors = [value for kind, value in said if kind == "error"]
    patients: list[tuple[str, Any]] = [("patient", f"OLD-{number}") for number in range(5)]
    faults = check_records(backend, 70, patients).faults
    shutil.rmtree(folder)
    return errors + faults


def one_restore(folder: Path, life: Life, rng: random.Random, totals: Totals) -> list[str]:
    """A round of a restore over records that are there."""
    found = backups_in(life.target)
    if not found:
        return []
    shutil.copytree(life.backend.place.folder, folder / RECORDS)
    restore = Restore(
        folder, lambda vault: vault.unlock("anna", PASSWORD), partial(stamp, life.minute + 5)
    )

    def work(acknowledge: Callable[[str, Any], None]) -> None:
        restore(TaskContext(), found[0], move_aside=True)
        acknowledge("restored", found[0].manifest.id)

    said, killed = die_in(work, rng, "restore")
    count(totals, "restore", said, killed)
    errors = [value for kind, value in said if kind == "error"]
    finish_restore(folder)
    backend = KeptBackend("sqlcipher", RecordsPlace(folder / RECORDS), life.backend.master)
    faults = check_records(backend, life.minute + 6, []).faults
    records = backend.open(life.minute + 8)
    actions = [entry.event.action for entry in records.audit.entries()]
    records.close()
    if said and "restored" not in actions:
        faults.append("restore lost")
    if not said and "restored" not in actions:
        faults += check_records(backend, life.minute + 9, life.acknowledged).faults
    shutil.rmtree(folder)
    return errors + faults


def count(totals: Totals, kind: str, said: list[tuple[str, Any]], killed: bool) -> None:
    """Add a round to the totals."""
    totals.rounds[kind] += 1
    totals.killed[kind] += killed
    totals.acknowledged.update(kind for kind, _ in said)


def campaign(rounds: int, seed: int, folder: Path, tell: Callable[[str], None]) -> Totals:
    """Run `rounds` rounds in `folder`."""
    totals, older = Totals(), folder / "template"
    make_older_records(older)
    life = _new_life(folder, 0)
    for number in range(rounds):
        rng = random.Random(f"{seed}-{number}")
        if number % ROUNDS_OF_A_LIFE == 0:
            shutil.rmtree(life.backend.place.folder.parent)
            life = _new_life(folder, number)
        chosen = rng.random()
        here = folder / f"round-{number}"
        here.mkdir()
        if chosen < 0.7:
            faults = one_day(life, rng, totals)
        elif chosen < 0.85:
            faults = one_migration(here, older, rng, totals)
        else:
            faults = one_restore(here, life, rng, totals)
        shutil.rmtree(here, ignore_errors=True)
        totals.faults += [f"round {number}: {fault}" for fault in faults]
        for fault in faults:
            tell(f"round {number}: {fault}")
        if number % 25 == 24:
            tell(f"{number + 1} rounds, {len(totals.faults)} faults")
    return totals


def _new_life(folder: Path, number: int) -> Life:
    here = folder / f"life-{number}"
    (here / "usb").mkdir(parents=True)
    return Life(new_clinic(here / RECORDS), here / "usb")


def main(say: Callable[[str], object] = print) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--folder", type=Path, help="Where to work; otherwise the temporary folder."
    )
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        totals = campaign(chosen.rounds, chosen.seed, Path(folder), say)
    say(f"rounds            {dict(totals.rounds)}")
    say(f"killed midway     {dict(totals.killed)}")
    say(f"acknowledged      {dict(totals.acknowledged)}")
    say(f"unfinished backups left and ignored  {totals.unfinished_backups}")
    say(f"files set aside at start-up          {totals.set_aside}")
    say(f"half-written files removed           {totals.drafts_removed}")
    say(f"faults            {len(totals.faults)}")
    return 1 if totals.faults else 0


def _write(handle: int, line: bytes) -> None:
    os.write(handle, line)


if __name__ == "__main__":
    sys.exit(main())
