"""Exports all data about a person as one JSON document: landed rows, current staging and marts, published rows.

Rows are streamed one by one and not interpreted. find.py finds the person.
"""

import json
from collections.abc import Iterator, Sequence
from typing import TextIO

import duckdb

from pipelines.base import quoting
from pipelines.base.database import lock_holder, unusable
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError, UnknownPersonError
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings
from pipelines.identity.landed_contacts import GUEST, is_guest
from pipelines.identity.linked import Member
from pipelines.landing.batches import UNREADABLE
from pipelines.privacy import match
from pipelines.privacy.customer_keys import customer_keys, refs_of
from pipelines.privacy.find import find_person, open_landed
from pipelines.privacy.rewrite import LOOKED_UP
from pipelines.privacy.subject import Subject
from pipelines.publication import list_versions

_ROWS_AT_ONCE = 1_000
Section = tuple[str, str]
"""The name of a section, and the query of its rows."""


def export_person(
    settings: Settings, asked: str, to: TextIO, *, by: str | None = None, source: str | None = None
) -> int:
    """Write all data about a person as JSON. Nothing is changed. The caller has the run lock.

    Args:
        settings: The settings.
        asked: A reference, an e-mail address or a phone number.
        to: Receives the text.
        by: The kind of `asked`; None to detect it.
        source: The source of the reference.

    Returns:
        The number of rows written.

    Raises:
        UnknownPersonError: There is no data about the person.
        ConfigError: `asked` could mean different people.
    """
    paths = settings.paths
    try:
        with open_landed(paths.landing) as connection:
            found = find_person(connection, settings, asked, by=by, source=source)
            if not found.subject:
                raise UnknownPersonError("there is no data about this person", hint="check the spelling")
            subject = found.subject
            keys = customer_keys(existing_keys(paths.key, settings.key_text), refs_of(subject))
            if paths.warehouse.is_file():
                connection.execute(
                    f"attach {quoting.text(str(paths.warehouse))} as {quoting.name(paths.warehouse.stem)} (read_only)"
                )
            head: dict[str, object] = {
                "asked_by": found.kind,
                "references": [{"source": owner, "ref": ref} for owner, ref in sorted(subject.refs)],
                "guests": [{"source": owner, "email": email} for owner, email in sorted(subject.guests)],
                "links": [_link(member) for member in found.members],
                "emails": sorted(subject.emails),
                "phones": sorted(subject.phones),
                "shared_with_others": found.shared,
                "customer_keys": list(keys),
            }
            return _write(to, head, connection, _sections(settings, connection, subject, keys))
    except duckdb.Error as error:
        if isinstance(error, duckdb.IOException) and lock_holder(str(error)):
            raise unusable(paths.warehouse, error) from None
        # the engine's message could quote the searched value
        raise BuildError(
            f"the data about the person cannot be read: {type(error).__name__}",
            hint="raise `engine.memory_limit` in loyalty.yml, and try again",
        ) from None


def _sections(
    settings: Settings, connection: duckdb.DuckDBPyConnection, subject: Subject, keys: Sequence[str]
) -> Iterator[Section]:
    for entity in ENTITIES:
        where = match.theirs(entity, subject)
        if where != "false":
            rows = f"from {entity} where {where} order by source, file_on, file_name, record"
            yield f"landed.{entity}", f"select * {rows}"
    mentions = match.mentions(subject, ["raw"], unreadable=True)
    yield f"landed.{UNREADABLE}", f"select * from {UNREADABLE} where {mentions} order by source, file_name, line"  # noqa: S608 (names are quoted)
    for dataset, texts in LOOKED_UP.items():
        theirs = match.looked_up(subject, texts)
        yield f"landed.{dataset}", f"select * from {dataset} where {theirs} order by source, batch, lookup, key"  # noqa: S608 (names are quoted)
    listed = ", ".join(map(quoting.text, keys))
    columns: dict[tuple[str, str], list[str]] = {}
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() where database_name = ?"
        " order by schema_name, table_name, column_index",
        [settings.paths.warehouse.stem],
    ).fetchall():
        columns.setdefault((schema, table), []).append(column)
    for (schema, table), names in columns.items():
        relation = f"{quoting.name(settings.paths.warehouse.stem)}.{quoting.name(schema)}.{quoting.name(table)}"
        entity = table.removeprefix("stg_").removesuffix("__checked")
        where = _of_customer(names, listed)
        if schema == "staging":
            where = match.theirs(entity, subject) if entity in ENTITIES and table.endswith("__checked") else ""
            relation = _with_all_columns(relation, entity, names) if where else relation
        if where not in ("", "false"):
            yield f"{schema}.{table}", f"select * from {relation} where {where}"  # noqa: S608 (names are quoted)
    for version in list_versions(settings.paths.published):
        for mart in version.manifest.tables if version.manifest else ():
            if where := _of_customer([column.name for column in mart.columns], listed):
                files = ", ".join(quoting.files(version.path / file.path) for file in mart.files)
                rows = f"from read_parquet([{files}], hive_partitioning = false) where {where}"
                yield f"published.{version.id}.{mart.name}", f"select * {rows}"


def _link(member: Member) -> dict[str, str | None]:
    """A reference or guest of the person, and the link that led to it."""
    source, ref = member.ref
    shown = f"guest {ref.removeprefix(GUEST)}" if is_guest(ref) else ref
    return {"source": source, "ref": shown, "link": member.kind, "contact": member.contact or None}


def _with_all_columns(relation: str, entity: str, names: list[str]) -> str:
    """The relation with the columns that an earlier version of this program did not stage yet, as NULL."""
    lacking = [f"cast(null as varchar) as {column}" for column in ENTITIES[entity].columns if column not in names]
    return f"(select *, {', '.join(lacking)} from {relation})" if lacking else relation  # noqa: S608 (names are quoted)


def _of_customer(columns: list[str], listed: str) -> str:
    if not listed:  # there is no key yet, so there are no pseudonyms
        return ""
    return " or ".join(f"{quoting.name(column)} in ({listed})" for column in columns if column.endswith("customer_key"))


def _write(
    to: TextIO, head: dict[str, object], connection: duckdb.DuckDBPyConnection, sections: Iterator[Section]
) -> int:
    rows = 0
    text = json.dumps(head, indent=2, ensure_ascii=False)
    to.write(text.removesuffix("\n}") + ',\n  "held": {')
    is_first_section = True
    for name, query in list(sections):
        cursor = connection.execute(query)
        names = [column[0] for column in cursor.description or []]
        is_first = True
        while found := cursor.fetchmany(_ROWS_AT_ONCE):
            for row in found:
                if is_first:
                    to.write(f"{'' if is_first_section else ','}\n    {json.dumps(name)}: [")
                held = {column: value for column, value in zip(names, row, strict=True) if value is not None}
                to.write(f"{'' if is_first else ','}\n      {json.dumps(held, default=str, ensure_ascii=False)}")
                is_first = is_first_section = False
                rows += 1
        if not is_first:
            to.write("\n    ]")
    to.write("\n  }\n}\n")
    return rows
