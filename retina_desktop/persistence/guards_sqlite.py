"""Guards as SQLite triggers."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from retina_desktop.persistence.guard_rules import Guard


class Triggers:
    """The statements; every name and condition comes from `guard_rules`, none from a user."""

    @staticmethod
    def installing(guards: Iterable[Guard]) -> Iterator[str]:
        """Yield the statements that create what is missing."""
        for guard in guards:
            when = f" WHEN {guard.condition}" if guard.condition else ""
            yield (
                f"CREATE TRIGGER IF NOT EXISTS {guard.name} BEFORE {guard.operation}"
                f" ON {guard.table} FOR EACH ROW{when}"
                f" BEGIN SELECT RAISE(ABORT, '{guard.message}'); END"
            )

    @staticmethod
    def dropping(connection: Connection, guards: Iterable[Guard]) -> Iterator[str]:
        """Yield the statements that remove all."""
        for guard in guards:
            yield f"DROP TRIGGER IF EXISTS {guard.name}"

    @staticmethod
    def installed(connection: Connection) -> list[str]:
        """Return the names of all triggers."""
        found = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type='trigger'"
        )
        return [str(name) for (name,) in found]
