"""What an erasure does to landed rows: the SQL, and writing one Parquet anew.

Rows that say something about the person go. Rows of money stay, because the books need them, as those of nobody:
without reference, e-mail, phone, free text and raw record, hashed like a row that never had them. Rows of others that
mention the person lose that text and their raw record. Used alike on batches that stand and on one being landed.
"""

from collections import Counter
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.durable import sync_file
from pipelines.base.entities import ENTITIES, ColumnType
from pipelines.landing.batches import LAYOUTS, UNREADABLE
from pipelines.landing.expressions import quote_text
from pipelines.landing.hashes import content_hash, generated_key
from pipelines.landing.model import GENERATED_KEYS
from pipelines.privacy import match
from pipelines.privacy.subject import Subject

# What of the entities is money: kept, and nobody's. Everything else that is theirs is removed.
MONEY = frozenset({"orders", "order_lines", "payments", "returns"})
DATASETS = (*ENTITIES, UNREADABLE)

_TEXTS = (ColumnType.PERSONAL, ColumnType.TEXT, ColumnType.LOWER)

ERASED_VALUE = "erased"  # in place of a value that was no text: as malformed, so that it stays rejected

REMOVED, ANONYMISED, BLANKED, KEPT = "removed", "anonymised", "blanked", "kept"


def judged(dataset: str, subject: Subject, relation: str) -> str:
    """A landed relation with a column `source`, and what becomes of each row in `outcome`."""
    if dataset == UNREADABLE:
        mentions = match.mentions(subject, ["raw"], unreadable=True)
        return f"select *, case when {mentions} then '{BLANKED}' else '{KEPT}' end as outcome from {relation}"  # noqa: S608 (names are quoted)
    theirs = match.theirs(dataset, subject)
    fate = REMOVED
    if dataset in MONEY:
        # what has been anonymised still names the order, and is not theirs a second time
        theirs = f"{theirs} and ({match.owns(dataset, subject)} or raw is distinct from {quote_text(match.ERASED)})"
        fate = ANONYMISED
    mentions = match.mentions(subject, ["raw", *match.personal_columns(dataset)])
    return (
        f"select *, case when {theirs} then '{fate}' when {mentions} then '{BLANKED}' else '{KEPT}' end as outcome"  # noqa: S608 (names are quoted)
        f" from {relation}"
    )


def rewrite(
    connection: duckdb.DuckDBPyConnection, part: Path, dataset: str, source: str, subject: Subject, scratch: Path
) -> Counter[str]:
    """Write one Parquet anew without the person, in one step; a part that has nothing of them stays as it is.

    Args:
        connection: Any DuckDB.
        part: The file.
        dataset: Its entity, or `unreadable`.
        source: Its source.
        subject: The person.
        scratch: A file to write to first, on the same file system.

    Returns:
        Rows by what became of them, without those that are as they were.
    """
    read = f"read_parquet({quoting.files(part)}, hive_partitioning = false, file_row_number = true)"
    relation = f"(select *, {quote_text(source)} as source from {read})"  # noqa: S608 (names are quoted)
    # two small tables: planned as one statement, the conditions cost many times what they do to rows
    connection.execute(
        "create or replace temp table fates as select file_row_number, outcome"  # noqa: S608 (names are quoted)
        f" from ({judged(dataset, subject, relation)}) where outcome <> '{KEPT}'"
    )
    counts = Counter(dict(connection.execute("select outcome, count(*) from fates group by all").fetchall()))
    if not counts:
        return counts
    connection.execute(
        "create or replace temp table changed as"  # noqa: S608 (names are quoted)
        f" select {_changed(dataset, subject)} from {relation} as landed inner join fates using (file_row_number)"
        f" where outcome <> '{REMOVED}'"
    )
    final = _without(dataset, read)
    connection.execute(f"copy ({final}) to {quote_text(str(scratch))} (format parquet, compression zstd)")
    scratch.chmod(0o600)
    sync_file(scratch)
    scratch.replace(part)
    sync_file(part.parent)
    return counts


def _changed(dataset: str, subject: Subject) -> str:
    """A changed row's columns: what is theirs empty, the raw record replaced."""
    raw = f"{quote_text(match.ERASED)} as raw"
    if dataset == UNREADABLE:
        return f"* exclude (source) replace ({raw})"
    emptied = [f"{value} as {column}" for column, value in _emptied(dataset, subject).items()]
    key = GENERATED_KEYS.get(dataset)
    columns = list(ENTITIES[dataset].columns)
    was_generated = f"content_hash = {content_hash([c for c in columns if c != key], columns)}" if key else "false"
    return f"* exclude (source) replace ({', '.join([*emptied, raw])}), {was_generated} as was_generated"


def _without(dataset: str, read: str) -> str:
    """All rows that stay, in the layout of the data set; keys that landing made of the content are made anew."""
    layout = list(LAYOUTS[dataset])
    kept = f"from {read} anti join fates using (file_row_number)"
    if dataset == UNREADABLE:
        rows = f"select * {kept} union all by name select * exclude (outcome) from changed"  # noqa: S608 (names are quoted)
        return f"select {', '.join(layout)} from ({rows}) order by line"  # noqa: S608 (names are quoted)
    columns = list(ENTITIES[dataset].columns)
    key = GENERATED_KEYS.get(dataset)
    own = content_hash([column for column in columns if column != key], columns)
    hashed = f"case when was_generated then {own} else {content_hash(columns, columns)} end"
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
    """What becomes of each column of a changed row that may be about them.

    In an anonymised row whatever is personal is emptied, in any row what mentions them. A value that was no text is
    replaced by one that is as malformed: what staging refused stays refused.
    """
    key, types = ENTITIES[dataset].key, ENTITIES[dataset].columns
    personal = [*match.ref_columns(dataset), *match.personal_columns(dataset)] if dataset in MONEY else []
    free = match.free_columns(dataset)
    emptied = {}
    for column in (column for column in types if column not in key and column in {*personal, *free}):
        cases = [f"when outcome = '{ANONYMISED}' then null"] if column in personal else []
        if column in free:
            instead = "null" if types[column] in _TEXTS else quote_text(ERASED_VALUE)
            cases.append(f"when {match.mentions(subject, [column])} then {instead}")
        emptied[column] = f"case {' '.join(cases)} else {column} end"
    return emptied
