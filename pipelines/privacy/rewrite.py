"""Erases a person from landed rows: the SQL, and rewriting one Parquet file.

Rows about the person are removed. Rows with amounts stay, because accounting needs them, but without reference, e-mail,
phone, free text and raw record. They get the hash of a row that never had these. Rows of other people that mention the
person lose that text and their raw record. Rows of look-ups that are about the person or mention them are removed, and
so is what files found under their keys. The same code is used for committed batches and for a batch that is being
landed.
"""

from collections import Counter
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.durable import sync_file
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.landing.batches import LAYOUTS, LOOKUP_USES, LOOKUPS, UNREADABLE
from pipelines.landing.entity_rows import GENERATED_KEYS
from pipelines.landing.hashes import content_hash, generated_key
from pipelines.privacy import match
from pipelines.privacy.subject import Subject

# Entities with amounts: their rows are anonymised. All other rows about the person are removed.
MONEY = frozenset({"orders", "order_lines", "payments", "returns"})
# The texts in rows of look-ups. Rows about the person are removed; `about` says whom or what their key identifies.
LOOKED_UP = {LOOKUPS: ("key", "raw"), LOOKUP_USES: ("key",)}
DATASETS = (*ENTITIES, UNREADABLE, *LOOKED_UP)

_TEXTS = (ColumnType.PERSONAL, ColumnType.TEXT, ColumnType.LOWER)

ERASED_VALUE = "erased"  # replaces text in a column of another type: staging rejects both

REMOVED, ANONYMISED, BLANKED, KEPT = "removed", "anonymised", "blanked", "kept"


def with_outcome(dataset: str, subject: Subject, relation: str) -> str:
    """SQL that adds the column `outcome`, what happens to each row, to a landed relation with a column `source`."""
    if dataset == UNREADABLE:
        mentions = match.mentions(subject, ["raw"], unreadable=True)
        return f"select *, case when {mentions} then '{BLANKED}' else '{KEPT}' end as outcome from {relation}"  # noqa: S608 (names are quoted)
    if dataset in LOOKED_UP:
        theirs = match.looked_up(subject, LOOKED_UP[dataset])
        return f"select *, case when {theirs} then '{REMOVED}' else '{KEPT}' end as outcome from {relation}"  # noqa: S608 (names are quoted)
    theirs = match.theirs(dataset, subject)
    outcome = REMOVED
    if dataset in MONEY:
        # an anonymised row still names the order, but must not be anonymised again
        theirs = f"{theirs} and ({match.owns(dataset, subject)} or raw is distinct from {quoting.text(match.ERASED)})"
        outcome = ANONYMISED
    mentions = match.mentions(subject, ["raw", *match.personal_columns(dataset)])
    return (
        f"select *, case when {theirs} then '{outcome}' when {mentions} then '{BLANKED}' else '{KEPT}' end as outcome"  # noqa: S608 (names are quoted)
        f" from {relation}"
    )


def rewrite(
    connection: duckdb.DuckDBPyConnection, part: Path, dataset: str, source: str, subject: Subject, scratch: Path
) -> Counter[str]:
    """Rewrite one Parquet file without the person, in one step. A file without data of the person stays unchanged.

    Args:
        connection: Any DuckDB.
        part: The file.
        dataset: The data set of the file.
        source: The source.
        subject: The person.
        scratch: The path of a temporary file on the same file system.

    Returns:
        The number of rows by outcome, without unchanged rows.
    """
    read = f"read_parquet({quoting.files(part)}, hive_partitioning = false, file_row_number = true)"
    relation = f"(select *, {quoting.text(source)} as source from {read})"  # noqa: S608 (names are quoted)
    # Two small tables are faster: in one statement, DuckDB needs much longer to plan the conditions than to run them.
    connection.execute(
        "create or replace temp table outcomes as select file_row_number, outcome"  # noqa: S608 (names are quoted)
        f" from ({with_outcome(dataset, subject, relation)}) where outcome <> '{KEPT}'"
    )
    counts = Counter(dict(connection.execute("select outcome, count(*) from outcomes group by all").fetchall()))
    if not counts:
        return counts
    if dataset not in LOOKED_UP:
        connection.execute(
            "create or replace temp table changed as"  # noqa: S608 (names are quoted)
            f" select {_changed(dataset, subject)} from {relation} as landed"
            f" inner join outcomes using (file_row_number) where outcome <> '{REMOVED}'"
        )
    final = _without(dataset, read)
    connection.execute(f"copy ({final}) to {quoting.text(str(scratch))} (format parquet, compression zstd)")
    scratch.chmod(0o600)
    sync_file(scratch)
    scratch.replace(part)
    sync_file(part.parent)
    return counts


def _changed(dataset: str, subject: Subject) -> str:
    """The columns of a changed row: values about the person are emptied, and the raw record is replaced."""
    raw = f"{quoting.text(match.ERASED)} as raw"
    if dataset == UNREADABLE:
        return f"* exclude (source) replace ({raw})"
    emptied = [f"{value} as {column}" for column, value in _emptied(dataset, subject).items()]
    key = GENERATED_KEYS.get(dataset)
    own = content_hash(dataset, ENTITIES[dataset].columns, without=key)
    was_generated = f"content_hash = {own}" if key else "false"
    return f"* exclude (source) replace ({', '.join([*emptied, raw])}), {was_generated} as was_generated"


def _without(dataset: str, read: str) -> str:
    """The rows that stay, in the layout of the data set. Keys that landing generated from content are made again."""
    layout = list(LAYOUTS[dataset])
    kept = f"from {read} anti join outcomes using (file_row_number)"
    if dataset in LOOKED_UP:
        return f"select {', '.join(layout)} {kept} order by file_row_number"
    if dataset == UNREADABLE:
        rows = f"select * {kept} union all by name select * exclude (outcome) from changed"  # noqa: S608 (names are quoted)
        return f"select {', '.join(layout)} from ({rows}) order by line"  # noqa: S608 (names are quoted)
    columns, key = ENTITIES[dataset].columns, GENERATED_KEYS.get(dataset)
    own = content_hash(dataset, columns, without=key)
    hashed = f"case when was_generated then {own} else {content_hash(dataset, columns)} end"
    select = dict.fromkeys(layout, "")
    if key:
        number = f"row_number() over (partition by content_hash order by is_new, record, {key})"
        made = generated_key("file_sha256", "coalesce(cast(file_on as varchar), '')", number)
        select[key] = f"case when is_new then {made} else {key} end as "
    items = ", ".join(f"{sql}{column}" for column, sql in select.items())
    return f"""
        with hashed as (
            select *, content_hash as hash_before from changed
        ),

        renewed as (
            select
                * exclude (outcome, hash_before) replace ({hashed} as content_hash),
                was_generated and {hashed} <> hash_before as is_new
            from hashed
        ),

        every as (
            select *, false as is_new {kept}
            union all by name
            select * exclude (was_generated) from renewed
        )

        select {items} from every order by record
    """  # noqa: S608 (names are quoted)


def _emptied(dataset: str, subject: Subject) -> dict[str, str]:
    """The new value of each column of a changed row that may be about the person.

    In an anonymised row every personal value is emptied, and in all rows every value that mentions the person. In a
    column of another type than text, such a value is replaced by one that is also invalid: staging still rejects it.
    """
    key, types = ENTITIES[dataset].key, ENTITIES[dataset].columns
    personal = [*match.ref_columns(dataset), *match.personal_columns(dataset)] if dataset in MONEY else []
    free = match.free_columns(dataset)
    emptied = {}
    for column in (column for column in types if column not in key and column in {*personal, *free}):
        cases = [f"when outcome = '{ANONYMISED}' then null"] if column in personal else []
        if column in free:
            instead = "null" if types[column] in _TEXTS else quoting.text(ERASED_VALUE)
            cases.append(f"when {match.mentions(subject, [column])} then {instead}")
        emptied[column] = f"case {' '.join(cases)} else {column} end"
    return emptied
