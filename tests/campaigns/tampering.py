"""Somebody alters the records behind the program's back; the whole check must find each case.

``python -m tests.campaigns.tampering --attacks 500``: a copy of a small clinic's records is
altered in one way (audit entries flipped, cut, reordered; a value of any row of any table, a
row more or less, by raw SQL with the key and past the guards; a byte of any file of the records
or of a backup), then opened and verified. Found is also what opening refuses with a sentence.

Not counted: ``form_draft`` (what somebody was typing is no record, so not audited), and
SQLite's own ``sqlite_sequence`` and full-text tables, from which nothing is shown.
"""

import argparse
import random
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from sqlcipher3.dbapi2 import IntegrityError

from retina_desktop.domain.errors import RetinaError
from retina_desktop.domain.users import Role, User
from retina_desktop.persistence.backup_checking import check_backup
from retina_desktop.persistence.guards import drop_guards, install_guards
from retina_desktop.persistence.key_vault import KeyPurpose, KeyVault, MasterKey
from retina_desktop.persistence.opening import RecordsPlace
from retina_desktop.persistence.sqlite_engine import open_sqlite
from retina_desktop.persistence.whole_check import WholeCheck
from retina_desktop.services.tasks import TaskContext
from tests.campaigns.clinic_work import (
    PASSWORD,
    ClinicWork,
    KeptBackend,
    backups_of,
    new_clinic,
)
from tests.helpers.records import stamp

RECORDS, USB = "records", "usb"
NOT_COUNTED = ("form_draft", "sqlite_sequence", "search_word_text")
Attack = Callable[[], None]


@dataclass
class Scene:
    """A copy of the clinic, about to be altered."""

    folder: Path
    master: MasterKey
    rng: random.Random

    @contextmanager
    def sql(self) -> Iterator[Callable[..., Any]]:
        """Give raw SQL, past guards and foreign keys; both are there again afterwards."""
        key = self.master.derive(KeyPurpose.DATABASE)
        database = open_sqlite(self.folder / RECORDS / "records.db", key=key)
        with database.engine.connect() as connection:
            raw = connection.connection.driver_connection
            raw.execute("PRAGMA foreign_keys = OFF")
            raw.execute("PRAGMA ignore_check_constraints = ON")
            drop_guards(connection)
            yield lambda *statement: raw.execute(*statement).fetchall()
            install_guards(connection)
            connection.commit()
        database.close()


@dataclass
class Totals:
    """The campaign's figures."""

    tried: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    repaired: int = 0  # the search index, which opening makes anew from the patients
    unnoticed: list[str] = field(default_factory=list)


def make_clinic(folder: Path) -> MasterKey:
    """Make records with something in every table, and two backups of them."""
    backend = new_clinic(folder / RECORDS)
    (folder / USB).mkdir()
    clinic = ClinicWork(backend, folder / USB, random.Random(5), lambda _kind, _value: None)
    records = backend.open()
    for step in (clinic.visit, clinic.visit, clinic.visit, clinic.sign, clinic.addendum,
                 clinic.report, clinic.backup, clinic.visit, clinic.analysis, clinic.reading,
                 clinic.sign, clinic.report, clinic.addendum, clinic.backup):  # fmt: skip
        step(records)
    for name in ("anna", "tom"):
        user = User(name, name.title(), frozenset({Role.READER, Role.ADMINISTRATOR}))
        records.users.add(user, by=stamp(9000))
    for name in ("clinic.test", "other.test"):
        records.settings.put(name, {"a": 1}, expected_version=0, by=stamp(9001))
    secret = backend.secret
    assert secret is not None
    KeyVault(backend.place.keys, cost=None).set_password(secret, "tom", PASSWORD)
    records.close()
    return secret


def attack_entries(scene: Scene) -> str:
    """Flip, cut, reorder or add audit entries, or alter the head."""
    kind = scene.rng.choice(("flip", "delete", "cut", "swap", "copy", "head", "no head"))
    with scene.sql() as run:
        last = run("SELECT max(sequence) FROM audit_entry")[0][0]
        one = scene.rng.randint(1, last - 1)
        two = scene.rng.randint(one + 1, last)
        if kind == "flip":
            column = _alter(scene, run, "audit_entry", f"sequence = {one}")
            return f"audit entry {one}: {column}"
        if kind == "delete":
            run("DELETE FROM audit_entry WHERE sequence = ?", (one,))
        elif kind == "cut":
            run("DELETE FROM audit_entry WHERE sequence > ?", (one,))
            if scene.rng.random() < 0.5:  # the head is made to fit, without the seal's key
                hash_there = "SELECT hash FROM audit_entry WHERE sequence = ?"
                run(f"UPDATE audit_head SET sequence = ?, hash = ({hash_there})", (one, one))
        elif kind == "swap":
            for before, after in ((one, -1), (two, one), (-1, two)):
                run("UPDATE audit_entry SET sequence = ? WHERE sequence = ?", (after, before))
        elif kind == "copy":
            _copy_row(run, "audit_entry", f"sequence = {one}", {"sequence": last + 1})
        elif kind == "head":
            return f"head: {_alter(scene, run, 'audit_head', 'id = 1')}"
        else:
            run("DELETE FROM audit_head")
    return f"entries {kind} {one} {two}"


def attack_rows(scene: Scene) -> str:
    """Alter a value, take a row, or put one in, in any table."""
    with scene.sql() as run:
        names = [
            name
            for (name,) in run("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not name.startswith(NOT_COUNTED)
            and name not in ("audit_entry", "audit_head")
            and run(f"SELECT count(*) FROM {name}")[0][0]
        ]
        table = scene.rng.choice(names)
        keys = [row[1] for row in run(f"PRAGMA table_info({table})") if row[5]]
        chosen = scene.rng.choice(run(f"SELECT * FROM {table}"))
        columns = [row[1] for row in run(f"PRAGMA table_info({table})")]
        row = dict(zip(columns, chosen, strict=True))
        where = " AND ".join(f"{key} = {_quoted(row[key])}" for key in keys) or "1 = 1"
        kind = scene.rng.choice(("alter", "alter", "alter", "delete", "copy"))
        if kind == "alter":
            return f"{table}.{_alter(scene, run, table, where)} ({where})"
        if kind == "delete":
            run(f"DELETE FROM {table} WHERE {where}")
        else:
            new = {
                key: row[key] + 1000 if isinstance(row[key], int) else f"{row[key]}9"
                for key in keys or columns[:1]
            }
            for unique in ("record_number", "number", "name", "word"):
                if unique in row:
                    new.setdefault(unique, f"{row[unique]}9")
            _copy_row(run, table, where, new)
    return f"{table} {kind} ({where})"


def attack_file(scene: Scene, place: str) -> str:
    """Flip, cut, lengthen, remove or exchange a file of the records or of a backup."""
    everything = sorted(path for path in (scene.folder / place).rglob("*") if path.is_file())
    files = [path for path in everything if _is_counted(path)]
    path = scene.rng.choice(files)
    kind = scene.rng.choice(("flip", "flip", "flip", "cut", "longer", "gone", "other"))
    content = bytearray(path.read_bytes())
    if kind == "flip":
        content[scene.rng.randrange(len(content))] ^= 1 << scene.rng.randrange(8)
    elif kind == "cut":
        del content[scene.rng.randrange(len(content)) :]
    elif kind == "longer":
        content += scene.rng.randbytes(scene.rng.choice((1, 16, 4096)))
    elif kind == "gone":
        path.unlink()
        return f"{path.name} gone"
    else:
        others = [other for other in files if other.read_bytes() != content]
        content = bytearray(scene.rng.choice(others).read_bytes())
    path.write_bytes(content)
    return f"{path.relative_to(scene.folder)} {kind}"


ATTACKS: tuple[tuple[str, int, Callable[[Scene], str]], ...] = (
    ("audit entries", 3, attack_entries),
    ("rows", 5, attack_rows),
    ("files of the records", 2, partial(attack_file, place=RECORDS)),
    ("files of backups", 2, partial(attack_file, place=USB)),
)


def is_found(scene: Scene) -> tuple[bool, bool]:
    """Whether the whole check finds the alteration, and whether opening refused it."""
    place = RecordsPlace(scene.folder / RECORDS)
    try:
        vault = KeyVault(place.keys)
        master = vault.unlock("anna", PASSWORD)
        records = KeptBackend("sqlcipher", place, master).open(20_000)
    except RetinaError:
        return True, True
    try:
        check = WholeCheck(records.database, records.audit, records.images, vault, master)
        if not check(TaskContext()).intact:
            return True, False
        backend = KeptBackend("sqlcipher", place, master)
        backups = backups_of(backend, records)
        series = next((scene.folder / USB).iterdir())
        for backup in sorted(p for p in series.iterdir() if p.name[:1].isdigit()):
            if not check_backup(TaskContext(), backup, master).intact:
                return True, False
        # A manifest that is gone makes no backup: the list shows one less.
        return len(backups.found(scene.folder / USB)) < 2, False
    finally:
        records.close()


def campaign(attacks: int, seed: int, folder: Path, tell: Callable[[str], object]) -> Totals:
    """Try `attacks` alterations, each on a fresh copy."""
    totals = Totals()
    master = make_clinic(folder / "clinic")
    untouched = Scene(folder / "clinic", master, random.Random(seed))
    if is_found(untouched)[0]:
        totals.unnoticed.append("the untouched records are said to be altered")
    kinds = [attack for attack in ATTACKS for _ in range(attack[1])]
    for number in range(attacks):
        rng = random.Random(f"{seed}-{number}")
        name, _, attack = rng.choice(kinds)
        scene = Scene(folder / "scene", master, rng)
        shutil.copytree(folder / "clinic", scene.folder)
        what = attack(scene)
        totals.tried[name] += 1
        found, refused = is_found(scene)
        totals.refused += refused
        if not found and what.startswith("search_"):  # the index was checked, and is whole
            totals.repaired += 1
        elif not found:
            totals.unnoticed.append(f"attack {number}: {what}")
            tell(f"unnoticed: attack {number}: {what}")
        shutil.rmtree(scene.folder)
        if number % 50 == 49:
            tell(f"{number + 1} attacks, {len(totals.unnoticed)} unnoticed")
    return totals


def _alter(scene: Scene, run: Callable[..., Any], table: str, where: str) -> str:
    """Give one column of one row another value; returns the column's name."""
    while True:  # a value that another row must not have is no alteration
        with suppress(IntegrityError):
            return _alter_once(scene, run, table, where)


def _alter_once(scene: Scene, run: Callable[..., Any], table: str, where: str) -> str:
    columns = [row[1] for row in run(f"PRAGMA table_info({table})")]
    column = scene.rng.choice(columns)
    old = run(f"SELECT {column} FROM {table} WHERE {where}")[0][0]
    if old is None:
        new: object = 1
    elif isinstance(old, int | float):
        new = old + scene.rng.choice((-1, 1, 1000))
    elif isinstance(old, bytes):
        new = old[:-1] + bytes([old[-1] ^ 1])
    else:
        place = scene.rng.randrange(len(old) + 1)
        new = f"{old[:place]}{scene.rng.choice('0 x')}{old[place + 1 :]}"
        if new == old:
            new = f"{old} "
    run(f"UPDATE {table} SET {column} = ? WHERE {where}", (new,))
    return column


def _copy_row(run: Callable[..., Any], table: str, where: str, new: dict[str, object]) -> None:
    columns = [row[1] for row in run(f"PRAGMA table_info({table})")]
    values = dict(zip(columns, run(f"SELECT * FROM {table} WHERE {where}")[0], strict=True))
    marks = ", ".join("?" for _ in columns)
    run(f"INSERT INTO {table} VALUES ({marks})", tuple((values | new).values()))


def _quoted(value: object) -> str:
    return str(value) if isinstance(value, int) else "'" + str(value).replace("'", "''") + "'"


def _is_counted(path: Path) -> bool:
    """Whether anything would be lost with the file: locks are empty, the state is a memory."""
    return path.stat().st_size > 0 and path.name not in ("backup-state.json", "logins.json")


def main(say: Callable[[str], object] = print) -> int:
    """Run the campaign and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--attacks", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="Where to work, if not in /tmp.")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        totals = campaign(chosen.attacks, chosen.seed, Path(folder), say)
    found = sum(totals.tried.values()) - len(totals.unnoticed) - totals.repaired
    say(f"tried      {dict(totals.tried)}")
    say(f"repaired   {totals.repaired} at opening (search index)")
    say(f"found      {found} of {chosen.attacks}, {totals.refused} of them at opening")
    return 1 if totals.unnoticed else 0


if __name__ == "__main__":
    sys.exit(main())
