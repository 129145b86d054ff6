"""The target PostgreSQL: a version is a schema, and the one that readers see has the name that they know.

    loyalty                          the version that readers see
    loyalty_2026-01-30_61572b33      other versions, if all are kept

The comment of each schema has the id of the version, and of the home whose version it is.

A version is written in one transaction, so a broken connection or a killed process leaves nothing behind. To show a
version, two schemas are renamed in one transaction. This transaction first locks the tables that readers see, so it
waits until no transaction has read them: a query, and a transaction of several queries, sees one version. Each attempt
to get the locks is short, so that new queries wait for at most half a second.
"""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from pydantic import SecretStr

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.stopping import go_on
from pipelines.config.publish import PostgresSettings
from pipelines.publication.model import Manifest, Version
from pipelines.publication.targets.postgres_connection import NAME, BusyError, session
from pipelines.publication.targets.postgres_rows import reading, write_table
from pipelines.publication.targets.postgres_tables import comments, grants, keys, references
from pipelines.publication.targets.target import TargetError

_MARK = "Loyalty Marts, version "  # begins the comment of our schemas
_OF_HOME = ", home "  # in it, after the id of the version; earlier programs did not write it
_TRY_MS = 500  # for all locks; below deadlock_timeout (1 s), so that a reader is never chosen as the victim
_SHORTEST_PAUSE, _LONGEST_PAUSE = 0.02, 0.5  # seconds between two attempts
_LABELS = "dim_label"


class Postgres:
    """A database of PostgreSQL.

    Args:
        settings: Its settings.
        uri: The connection URI.
    """

    name = NAME

    def __init__(self, settings: PostgresSettings, uri: SecretStr) -> None:
        self._settings = settings
        self._uri = uri
        self.has_all = settings.versions == "all"
        self._home = ""

    @property
    def hand_over(self) -> str:
        """How to give the schema to another home."""
        return (
            "To move the schema to this home, remove `publish.postgres` from the loyalty.yml of the other one, and"
            " change the comment of the schema (docs/postgres.md)."
        )

    def claim(self, home: str) -> str | None:
        """Write the id of the home into the comments of its schemas. Those of an earlier program have none yet."""
        marked = self._marked()
        if other := next((owner for _, owner in marked.values() if owner not in ("", home)), None):
            return other
        self._home = home
        with session(self._uri, "its schemas could not be marked") as cursor:
            for version_id, (name, owner) in marked.items():
                if not owner:
                    cursor.execute(self._comment(name, version_id))
        return None

    def held(self) -> frozenset[str]:
        """The ids of the versions that it has."""
        return frozenset(self._schemas())

    def shown(self) -> str | None:
        """The id of the version that readers see."""
        names = self._schemas().items()
        return next((version_id for version_id, name in names if name == self._settings.schema_name), None)

    def add(self, version: Version) -> None:
        """Write a version into a schema of its own, in one transaction, with bounded memory."""
        manifest = version.manifest
        if manifest is None:
            raise TargetError(f"{version.id} cannot be read: {version.problem}", hint="Call `loyalty versions`.")
        namespace = self._schema_of(version.id)
        with (
            # one thread is as fast as the server, and has few rows in memory
            connect(threads=1) as database,
            session(self._uri, f"the version {version.id} could not be written") as cursor,
        ):
            cursor.execute("set local maintenance_work_mem = '256MB'")
            cursor.execute(f"create schema {quoting.name(namespace)}")
            labels, tables = _labels(version.path, manifest), {table.name: table for table in manifest.tables}
            nulls = {one.name: write_table(cursor, database, namespace, version.path, one) for one in manifest.tables}
            statements = [one for table in manifest.tables for one in keys(namespace, table, nulls[table.name])]
            for table in manifest.tables:
                statements += references(namespace, table, tables, nulls)
                statements += comments(namespace, table, labels, manifest.reporting)
                statements.append(f"analyze {quoting.name(namespace)}.{quoting.name(table.name)}")
            statements += grants(namespace, self._settings.reader_role)
            statements.append(self._comment(namespace, version.id))
            for statement in statements:
                go_on()
                cursor.execute(statement)

    def show(self, version_id: str) -> None:
        """Rename the schemas when no transaction of a reader is between two queries."""
        ours, fresh = self._settings.schema_name, self._schema_of(version_id)
        before = self.shown()

        def swap(cursor: Any) -> None:
            if before is not None:
                cursor.execute(_rename(ours, self._schema_of(before)))
            cursor.execute(_rename(fresh, ours))

        self._when_free(ours if before else None, swap, f"{version_id} could not be shown to readers")

    def remove(self, version_id: str) -> None:
        """Remove the tables of a version and its schema, but nothing that others made."""
        namespace = self._schemas()[version_id]

        def drop(cursor: Any) -> None:
            if tables := _tables(cursor, namespace):
                cursor.execute(f"drop table {', '.join(tables)}")
            cursor.execute(f"drop schema {quoting.name(namespace)}")

        self._when_free(namespace, drop, f"{version_id} could not be removed")

    def _comment(self, namespace: str, version_id: str) -> str:
        mark = _MARK + version_id + (_OF_HOME + self._home if self._home else "")
        return f"comment on schema {quoting.name(namespace)} is {quoting.text(mark)}"

    def _schema_of(self, version_id: str) -> str:
        return f"{self._settings.schema_name}_{version_id}"

    def _schemas(self) -> dict[str, str]:
        """The schema of each version that it has."""
        return {version_id: name for version_id, (name, _) in self._marked().items()}

    def _marked(self) -> dict[str, tuple[str, str]]:
        """The schema of each version that it has, and the home in its mark, if there is one.

        Raises:
            TargetError: The schema that readers know was not written by this program, or another role owns a version.
        """
        ours = self._settings.schema_name
        with session(self._uri, "its schemas could not be listed") as cursor:
            cursor.execute(
                "select nspname::text, coalesce(obj_description(oid, 'pg_namespace'), ''),"
                " case when not pg_has_role(nspowner, 'usage')"
                " then format('grant %I to %I', pg_get_userbyid(nspowner), current_user) end from pg_namespace"
            )
            rows = cursor.fetchall()
        found = {name: comment for name, comment, _ in rows}
        if ours in found and not found[ours].startswith(_MARK):
            raise TargetError(
                f"{NAME} has a schema {ours} that was not written by this program",
                hint="Choose another `publish.postgres.schema_name`, or remove that schema.",
            )
        marked = ((name, comment.removeprefix(_MARK)) for name, comment in found.items() if comment.startswith(_MARK))
        parts = ((name, *mark.partition(_OF_HOME)) for name, mark in marked)
        schemas = {
            version_id: (name, home)
            for name, version_id, _, home in parts
            if name in (ours, self._schema_of(version_id))
        }
        for name, _, grant in rows:
            if grant and name in {one for one, _ in schemas.values()}:
                raise TargetError(
                    f"{NAME}: another role owns the schema {name}, so the role of the URI cannot replace it",
                    hint=f"Use the role that wrote it, or let an administrator call `{grant}`.",
                )
        return schemas

    def _when_free(self, namespace: str | None, work: Callable[[Any], None], problem: str) -> None:
        """Work in a transaction that has locked every table of a schema; try until nobody uses them.

        Raises:
            TargetError: Readers have used them for longer than the setting allows; the hint names their sessions.
        """
        until = time.monotonic() + self._settings.swap_wait_seconds
        first: list[str] = []
        pause = _SHORTEST_PAUSE
        while True:
            try:
                with session(self._uri, problem) as cursor:
                    if namespace is not None:
                        _lock(cursor, namespace, first)
                    work(cursor)
                return
            except BusyError:
                if time.monotonic() > until and namespace is not None:
                    raise TargetError(
                        f"{NAME}: {problem}: readers have had its tables in use for"
                        f" {self._settings.swap_wait_seconds} seconds",
                        hint=f"End the open transactions of these sessions: {self._users(namespace) or 'none now'}.",
                    ) from None
            go_on()
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _users(self, namespace: str) -> str:
        """The sessions that use tables of a schema: process id and user, without what they do."""
        with session(self._uri, "its sessions could not be listed") as cursor:
            cursor.execute(
                "select distinct a.pid, coalesce(a.usename::text, '?') from pg_locks as l"
                " join pg_class as c on c.oid = l.relation join pg_namespace as n on n.oid = c.relnamespace"
                " join pg_stat_activity as a on a.pid = l.pid where n.nspname = %s and a.pid <> pg_backend_pid()"
                " and l.database = (select d.oid from pg_database as d where d.datname = current_database())"
                " order by 1 limit 10",
                (namespace,),
            )
            return ", ".join(f"process {pid} of {user}" for pid, user in cursor.fetchall())


def _labels(folder: Path, manifest: Manifest) -> dict[str, str]:
    """The label of each column in every language, from the marts; empty if they have none."""
    table = next((table for table in manifest.tables if table.name == _LABELS), None)
    if table is None:
        return {}
    found: dict[str, list[str]] = {}
    for file in table.files:
        with reading(table.name):
            rows = pq.read_table(folder / file.path, columns=["code_set", "code", "language", "label"]).to_pylist()
        for row in rows:
            if row["code_set"] == "column":
                found.setdefault(row["code"], []).append(row["label"])
    return {code: " / ".join(labels) for code, labels in found.items()}


def _tables(cursor: Any, namespace: str) -> list[str]:
    """Our tables in a schema, quoted."""
    cursor.execute(
        "select c.relname::text from pg_class as c join pg_namespace as n on n.oid = c.relnamespace"
        " where n.nspname = %s and c.relkind = 'r' and pg_has_role(c.relowner, 'usage') order by 1",
        (namespace,),
    )
    return [f"{quoting.name(namespace)}.{quoting.name(name)}" for (name,) in cursor.fetchall()]


def _lock(cursor: Any, namespace: str, first: list[str]) -> None:
    """Lock every table of a schema, for which the readers' transactions must end.

    A reader that waits for a table that is already locked cannot end. So the table that was not free is locked first
    the next time: readers that come to it later wait without holding another one.

    Args:
        cursor: A cursor in the transaction that needs the locks.
        namespace: The schema.
        first: The tables to lock first; the table that is not free is added.

    Raises:
        psycopg.Error: A table was not free in time.
    """
    until = time.monotonic() + _TRY_MS / 1000
    for table in sorted(_tables(cursor, namespace), key=lambda one: first.index(one) if one in first else len(first)):
        left = max(1, round(1000 * (until - time.monotonic())))
        try:
            cursor.execute(f"set local statement_timeout = {left}")
            cursor.execute(f"lock table {table} in access exclusive mode")
        except Exception:  # of the driver, which is imported late; whatever it is, it goes on to the caller
            first[:] = [table, *(one for one in first if one != table)]
            raise
    cursor.execute("set local statement_timeout = 0")


def _rename(before: str, after: str) -> str:
    return f"alter schema {quoting.name(before)} rename to {quoting.name(after)}"
