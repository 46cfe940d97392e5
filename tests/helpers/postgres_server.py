"""A real PostgreSQL server for tests."""

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import psycopg

_USER = "retina"


class PostgresServer:
    """A server in a folder of its own, on a Unix socket only; as Debian packages it.

    It does not fsync: what is tested on it is what our statements do, not its disk.
    """

    def __init__(self, folder: Path, programs: Path) -> None:
        self._folder = folder
        self._programs = programs
        # The server refuses to run as root.
        self._account = "postgres" if os.geteuid() == 0 else None
        self._template = ""

    def start(self) -> None:
        if self._account is not None:
            shutil.chown(self._folder, self._account)
        data = str(self._folder / "data")
        self._call("initdb", "--auth=trust", f"--username={_USER}", "--encoding=UTF8",
                   "--locale=C", "--no-sync", "-D", data)  # fmt: skip
        options = (
            f"-c listen_addresses='' -k {self._folder} -c fsync=off -c full_page_writes=off"
        )
        log = str(self._folder / "log")
        self._call("pg_ctl", "-D", data, "-w", "-o", options, "-l", log, "start")

    def stop(self) -> None:
        self._call("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def new_database(self, *, empty: bool = False) -> str:
        """Return the address of a copy of the database in `use_copies`, or of an empty one."""
        name = f"records_{secrets.token_hex(6)}"
        # Names of ours alone; a statement is quicker than the program createdb.
        template = f" TEMPLATE {self._template}" if self._template and not empty else ""
        with psycopg.connect(
            host=str(self._folder), user=_USER, dbname="postgres", autocommit=True
        ) as connection:
            connection.execute(f"CREATE DATABASE {name}{template} STRATEGY file_copy")
        return self.address(name)

    def use_copies(self, address: str) -> None:
        """Make every further database a copy of this one, to which nobody is connected."""
        self._template = address.partition("@/")[2].partition("?")[0]

    def address(self, name: str) -> str:
        return f"postgresql+psycopg://{_USER}@/{name}?host={self._folder}"

    def _call(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            # pg_ctl's server would keep a pipe open for as long as it lives.
            stderr=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
            cwd=self._folder,
            user=self._account,
            group=self._account,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, (program, done.stderr)


def find_postgres_programs() -> Path | None:
    """Return the newest server's folder of programs, None where none is installed."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: float(path.parent.parent.name),
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    return Path(on_path).parent if on_path else None
