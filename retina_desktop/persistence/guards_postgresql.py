"""Guards as PostgreSQL triggers: one function each, because WHEN may hold no subquery."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, inspect

from retina_desktop.persistence.guard_rules import Guard


class Triggers:
    """The statements; every name and condition comes from `guard_rules`, none from a user."""

    @staticmethod
    def installing(guards: Iterable[Guard]) -> Iterator[str]:
        """Yield the statements that create or replace all; TRUNCATE is refused like DELETE."""
        for guard in guards:
            result = "OLD" if guard.operation == "DELETE" else "NEW"
            refusal = f"RAISE EXCEPTION '{guard.message}' USING ERRCODE = '23000';"
            if guard.condition:
                refusal = f"IF {guard.condition} THEN {refusal} END IF;"
            yield (
                f"CREATE OR REPLACE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql"
                f" AS $guard$ BEGIN {refusal} RETURN {result}; END $guard$"
            )
            yield (
                f"CREATE OR REPLACE TRIGGER {guard.name} BEFORE {guard.operation}"
                f" ON {guard.table} FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
            )
            if guard.operation == "DELETE":
                yield from _against_truncate(guard)

    @staticmethod
    def dropping(connection: Connection, guards: Iterable[Guard]) -> Iterator[str]:
        """Yield the statements that remove all; of tables that exist."""
        tables = set(inspect(connection).get_table_names())
        for guard in guards:
            if guard.table in tables:
                yield f"DROP TRIGGER IF EXISTS {guard.name} ON {guard.table}"
                yield f"DROP TRIGGER IF EXISTS guard_{guard.table}_truncate ON {guard.table}"

    @staticmethod
    def installed(connection: Connection) -> list[str]:
        """Return the names of all triggers."""
        found = connection.exec_driver_sql(
            "SELECT tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE NOT tgisinternal AND tgenabled <> 'D'"
            " AND relnamespace = current_schema()::regnamespace"
        )
        return [str(name) for (name,) in found]


def _against_truncate(guard: Guard) -> Iterator[str]:
    name = f"guard_{guard.table}_truncate"
    yield (
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $guard$"
        f" BEGIN RAISE EXCEPTION '{guard.message}' USING ERRCODE = '23000'; END $guard$"
    )
    yield (
        f"CREATE OR REPLACE TRIGGER {name} BEFORE TRUNCATE ON {guard.table}"
        f" FOR EACH STATEMENT EXECUTE FUNCTION {name}()"
    )
