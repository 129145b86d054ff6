"""Look-ups: values that the records of a file take from another file of the same source, by a key.

The files that declare `lookups` land first. Their rows are in the landed data set `lookups`. A file whose entry has
`look_up` reads them as `name.column`. What it found is recorded in `lookup_uses`, per key and column, as a hash: if
something else is in force later, the file is landed again (outdated.py).

In force are, per key and column, the rows of the file with the latest date in its name. Of files with the same name it
is the latest delivery that has the key; with `delivery: full`, the latest delivery alone. Several different values give
NULL. The order in which files of different names arrive makes no difference. Keys that are e-mail addresses are
compared without case.
"""

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.text import counted
from pipelines.landing.batches import DELIVERIES, LEDGER, LOOKUP_USES, LOOKUPS, landed_rows
from pipelines.landing.binding import RELATION, look_up_fields, reads_look_up, text_of
from pipelines.landing.lost_digits import has_lost_digits
from pipelines.landing.model import FileGroup, Mapping
from pipelines.landing.rows import RowSql

STATE = "landing_lookups"
MISSING, DIFFERS = "lookup_missing", "lookup_differs"
_RECORDS = "landing_records"
_LISTED = 5  # lines in a message

Batch = tuple[str, str]
"""Source and batch."""


@dataclass(frozen=True)
class Found:
    """What the records of a file found in one look-up.

    Attributes:
        name: The look-up.
        where: The line of the mapping.
        records: The number of records with a key.
        without_value: How many of them have a key without a row or with several values.
        missing: By entity, the number of records whose key has no row with the column.
        differs: By entity, the number of records whose key has several values.
        messages: The messages for the user, with lines of the file.
    """

    name: str
    where: str
    records: int
    without_value: int
    missing: Dict[str, int] = field(default_factory=dict)
    differs: Dict[str, int] = field(default_factory=dict)
    messages: tuple[str, ...] = ()


def given_sql(landing: Path) -> str:
    """SQL of every look-up row with its delivery; a delivery without look-up rows has one row without a key."""
    return f"""
        select
            delivered.source,
            delivered.batch,
            delivered.file_name,
            delivered.sequence,
            declared.delivery,
            given.file_on,
            given.lookup,
            given.key,
            given.raw
        from ({landed_rows(landing, DELIVERIES)}) as delivered
        inner join (
            select distinct source, batch, delivery from ({landed_rows(landing, LEDGER)}) where entity = '{LOOKUPS}'
        ) as declared using (source, batch)
        left join ({landed_rows(landing, LOOKUPS)}) as given using (source, batch)
    """  # noqa: S608 (names and paths are quoted)


def state_sql(given: str) -> str:
    """SQL of the values in force: source, lookup, key, field, value, n_values. The value is NULL if there are several.

    Args:
        given: SQL like that of `given_sql`.
    """
    return f"""
        with given as (
            select
                *,
                max(sequence) over (partition by source, file_name) as newest,
                max(sequence) over (partition by source, file_name, lookup, key) as newest_with_key
            from (select * replace ({_compared("key")} as key) from ({given}))
        ),

        cells as (
            select
                source,
                lookup,
                key,
                coalesce(file_on, date '0001-01-01') as day,
                raw,
                unnest(json_keys(raw)) as field
            from given
            where key is not null and sequence = case when delivery = 'full' then newest else newest_with_key end
        ),

        latest as (
            select source, lookup, key, field, json_extract_string(raw, '$.' || field) as value
            from cells
            qualify day = max(day) over (partition by source, lookup, key, field)
        )

        select
            source,
            lookup,
            key,
            field,
            case when count(distinct value) = 1 then min(value) end as value,
            count(distinct value) as n_values
        from latest
        group by all
    """  # noqa: S608 (names and paths are quoted)


def make_state(connection: duckdb.DuckDBPyConnection, given: str) -> dict[str, str]:
    """Create the table of the values in force. Returns a digest of the values of each source."""
    connection.execute(f"create or replace temp table {STATE} as {state_sql(given)}")
    rows = connection.execute(
        "select source,"  # noqa: S608 (names of ours)
        " cast(bit_xor(md5_number(concat_ws(chr(31), lookup, key, field, n_values, value))) as varchar)"
        f" from {STATE} group by source"
    ).fetchall()
    return dict(rows)


def stale_batches(connection: duckdb.DuckDBPyConnection, landing: Path, state: str) -> set[Batch]:
    """The batches of files that would now find something else than when they landed.

    Args:
        connection: Any DuckDB.
        landing: The landing folder.
        state: The relation with the values in force.
    """
    rows = connection.execute(
        "select distinct used.source, used.batch"  # noqa: S608 (names and paths are quoted)
        f" from (select *, {_compared('key')} as compared from ({landed_rows(landing, LOOKUP_USES)})) as used"
        f" left join {state} as state on used.source = state.source and used.lookup = state.lookup"
        f" and used.compared = state.key and used.field = state.field where used.found <> {_found('state')}"
    ).fetchall()
    return set(rows)


def add_look_ups(connection: duckdb.DuckDBPyConnection, mapping: Mapping, group: FileGroup) -> None:
    """Add a struct per look-up to the view of a file's records. Without a table of values, no key is found."""
    if not group.look_up:
        return
    connection.execute(
        f"create temp table if not exists {STATE}"
        " (source varchar, lookup varchar, key varchar, field varchar, value varchar, n_values bigint)"
    )
    added, joined = [], []
    for name, key in group.look_up.items():
        fields, table = look_up_fields(group, name), _table(group, name)
        picked = ", ".join(f"{quoting.name(one)} := max(value) filter (field = {quoting.text(one)})" for one in fields)
        connection.execute(
            f"create or replace temp table {table} as select key as {table}_key,"  # noqa: S608 (names are quoted)
            f" struct_pack({picked}) as {table}_fields, count(*) < {len(fields)} as {table}_lacks,"
            f" max(n_values) > 1 as {table}_differs from {STATE} where source = {quoting.text(mapping.source)}"
            f" and lookup = {quoting.text(name)} and field in ({', '.join(map(quoting.text, fields))}) group by key"
        )
        added += [
            f"{table}_fields as {quoting.name(name)}",
            f"{text_of(key)} as {table}_sought",
            f"coalesce({table}_lacks, true) as {table}_missing",
            f"coalesce({table}_differs, false) as {table}_differs",
        ]
        joined.append(f"left join {table} on {table}.{table}_key = {_compared(text_of(key))}")
    connection.execute(f"drop view if exists {_RECORDS}")
    connection.execute(f"alter view {RELATION} rename to {_RECORDS}")
    connection.execute(
        f"create temp view {RELATION} as select {_RECORDS}.*, {', '.join(added)} from {_RECORDS} {' '.join(joined)}"  # noqa: S608 (names are quoted)
    )


def rows_sql(group: FileGroup, facts: str, taken: str) -> str:
    """The rows of a file's own look-ups, in the layout of the data set.

    Args:
        group: The group of the file.
        facts: The select list of the facts about the file.
        taken: The SQL condition of records that are taken.
    """
    selects = []
    for name, spec in group.lookups.items():
        fields = ", ".join(f"{quoting.name(one)} := {text_of(sql)}" for one, sql in spec.columns.items())
        selects.append(
            f"select {facts}, landing_record as record, landing_line as line, {quoting.text(name)} as lookup,"  # noqa: S608 (names are quoted)
            f" {quoting.text(spec.about)} as about, {text_of(spec.key)} as key,"
            f" cast(to_json(struct_pack({fields})) as varchar) as raw"
            f" from {RELATION} where {taken} and not {has_lost_digits(text_of(spec.key))}"
        )
    return " union all ".join(selects)


def uses_sql(mapping: Mapping, group: FileGroup, sql: RowSql) -> str:
    """What the records of a file found in each look-up, in the layout of the data set: one row per key and column."""
    selects = []
    for name in group.look_up:
        table, about = _table(group, name), mapping.lookups_named(name)[0].about
        fields = ", ".join(f"({quoting.text(one)})" for one in look_up_fields(group, name))
        reads = " or ".join(f"({condition})" for condition in _reads(group, name, sql).values())
        selects.append(
            f"select {quoting.text(name)} as lookup, {quoting.text(about)} as about, sought.key, fields.field,"  # noqa: S608 (names are quoted)
            f" {_found('state')} as found"
            f" from (select distinct {table}_sought as key from {RELATION} where {table}_sought is not null"
            f" and ({reads})) as sought cross join (values {fields}) as fields (field)"
            f" left join (select * from {STATE} where source = {quoting.text(mapping.source)}"
            f" and lookup = {quoting.text(name)}) as state on {_compared('sought.key')} = state.key"
            " and fields.field = state.field"
        )
    return f"select * from ({' union all '.join(selects)}) order by lookup, key, field"  # noqa: S608 (names are quoted)


def find(connection: duckdb.DuckDBPyConnection, mapping: Mapping, group: FileGroup, sql: RowSql) -> list[Found]:
    """What the records of a file found in each look-up: the counts, and messages about keys without one value."""
    index = next(i for i, one in enumerate(mapping.files) if one is group.declared)
    return [
        _find(connection, name, _table(group, name), mapping.where(("files", index, "look_up", name)), reads)
        for name in group.look_up
        if (reads := _reads(group, name, sql))
    ]


def _find(connection: duckdb.DuckDBPyConnection, name: str, table: str, where: str, reads: Dict[str, str]) -> Found:
    any_reads = " or ".join(f"({condition})" for condition in reads.values())
    select = ["count(*)", f"count(*) filter ({table}_missing or {table}_differs)"]
    for problem in (f"{table}_missing", f"{table}_differs"):
        select.append(f"count(*) filter ({problem})")
        select.append(f"coalesce(list(landing_line order by landing_line) filter ({problem}), [])[:{_LISTED}]")
        select += [f"count(*) filter ({problem} and ({condition}))" for condition in reads.values()]
    ((records, without_value, *found),) = connection.execute(
        f"select {', '.join(select)} from {RELATION} where {table}_sought is not null and ({any_reads})"  # noqa: S608 (names are quoted)
    ).fetchall()
    per_problem = len(found) // 2
    counts, messages = [], []
    for (count, lines, *by_entity), problem, what in (
        (found[:per_problem], MISSING, "have no row"),
        (found[per_problem:], DIFFERS, "have rows with different values"),
    ):
        counts.append(dict(zip(reads, by_entity, strict=True)))
        if count:
            more = f" and {count - len(lines):,} more" if count > len(lines) else ""
            messages.append(
                f"the keys of {count:,} of {counted(records, 'record')} {what} in the look-up `{name}`, so what"
                f" they take from it is empty ({problem}; {where}): line {', '.join(map(str, lines))}{more}"
            )
    return Found(name, where, records, without_value, counts[0], counts[1], tuple(messages))


def _reads(group: FileGroup, name: str, sql: RowSql) -> dict[str, str]:
    """By entity, the SQL condition of the records that read a look-up. A condition that reads it is left out."""
    reading = [place for place, text in group.expressions() if place[0] != "look_up" and reads_look_up(text, name)]
    decides_skips = any(place[0] == "skips" for place in reading)
    found = {}
    for entity in (*group.entities, *([LOOKUPS] if group.lookups else [])):
        at = [place for place in reading if entity in place[:2]]
        if decides_skips:
            found[entity] = "true"
        elif any(place[2:] in (("where",), ("each",)) for place in at):
            found[entity] = sql.kept
        elif at:
            found[entity] = sql.kept if entity == LOOKUPS else sql.takes(entity)
    return found


def _compared(key: str) -> str:
    """SQL of a key as it is compared: e-mail addresses are equal in upper and lower case, other keys are not."""
    return f"case when contains({key}, '@') then lower({key}) else {key} end"


def _table(group: FileGroup, name: str) -> str:
    return f"landing_look_up{list(group.look_up).index(name)}"


def _found(state: str) -> str:
    """SQL of what is in force for a key and column: a hash, so that no value is stored twice."""
    return (
        f"case when {state}.n_values is null then 'missing' when {state}.n_values > 1 then 'differs'"
        f" when {state}.value is null then 'empty' else md5({state}.value) end"
    )
