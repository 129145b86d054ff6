"""What an erasure does to landed rows: the SQL, and writing one Parquet anew.

Rows that say something about the person go. Rows of money stay, because the books need them, as those of nobody:
without reference, e-mail, phone, free text and raw record, hashed like a row that never had them. Rows of others that
mention the person lose that text and their raw record. Used alike on batches that stand and on one being landed.
"""

from collections import Counter
from pathlib import Path

import duckdb

from pipelines.durable import sync_file
from pipelines.landing.batches import LAYOUTS, UNREADABLE
from pipelines.landing.entities import ENTITIES
from pipelines.landing.expressions import quote_text
from pipelines.landing.hashes import content_hash, generated_key
from pipelines.landing.model import GENERATED_KEYS
from pipelines.landing.relation import escaped_glob
from pipelines.privacy import match
from pipelines.privacy.subject import Subject

# What of the entities is money: kept, and nobody's. Everything else that is theirs is removed.
MONEY = frozenset({"orders", "order_lines", "payments", "returns"})
DATASETS = (*ENTITIES, UNREADABLE)

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
    read = f"read_parquet({escaped_glob(part)}, hive_partitioning = false)"
    relation = f"(select *, {quote_text(source)} as source from {read})"  # noqa: S608 (names are quoted)
    query = judged(dataset, subject, relation)
    counts = Counter(
        dict(connection.execute(f"select outcome, count(*) from ({query}) group by all").fetchall())  # noqa: S608 (names are quoted)
    )
    del counts[KEPT]
    if counts:
        final = _without(dataset, subject, query)
        connection.execute(f"copy ({final}) to {quote_text(str(scratch))} (format parquet, compression zstd)")
        scratch.chmod(0o600)
        sync_file(scratch)
        scratch.replace(part)
        sync_file(part.parent)
    return counts


def _without(dataset: str, subject: Subject, query: str) -> str:
    """The rows that stay, as they stay, in the layout of the data set."""
    layout = list(LAYOUTS[dataset])
    raw = f"case when outcome = '{KEPT}' then raw else {quote_text(match.ERASED)} end as raw"
    if dataset == UNREADABLE:
        return f"select {', '.join(layout)} from (select * replace ({raw}) from ({query})) order by line"  # noqa: S608 (names are quoted)
    columns = list(ENTITIES[dataset].columns)
    blanked = [f"{_emptied(dataset, column, subject)} as {column}" for column in _may_be_emptied(dataset)]
    key = GENERATED_KEYS.get(dataset)
    own = content_hash([column for column in columns if column != key], columns)
    was_generated = f"content_hash = {own}" if key else "false"
    hashed = f"case when was_generated then {own} else {content_hash(columns, columns)} end"
    items = dict.fromkeys(layout, "")
    if key:
        number = f"row_number() over (partition by content_hash order by is_new, record, {key})"
        made = generated_key("file_sha256", "coalesce(cast(file_on as varchar), '')", number)
        items[key] = f"case when is_new and was_generated then {made} else {key} end as "
    select = ", ".join(f"{sql}{column}" for column, sql in items.items())
    return f"""
        with kept as (
            select * replace ({", ".join([*blanked, raw])}), {was_generated} as was_generated
            from ({query})
            where outcome <> '{REMOVED}'
        ),

        hashed as (
            select
                * replace (case when outcome = '{KEPT}' then content_hash else {hashed} end as content_hash),
                outcome <> '{KEPT}' and content_hash is distinct from {hashed} as is_new
            from kept
        )

        select {select} from hashed order by record
    """  # noqa: S608 (names are quoted)


def _may_be_emptied(dataset: str) -> list[str]:
    named = match.ref_columns(dataset) if dataset in MONEY else []
    key = ENTITIES[dataset].key
    return [column for column in (*named, *match.text_columns(dataset)) if column not in key]


def _emptied(dataset: str, column: str, subject: Subject) -> str:
    """A column that is nothing in an anonymised row if it is personal, and in any other if it mentions them."""
    cases = []
    if dataset in MONEY and column in (*match.ref_columns(dataset), *match.personal_columns(dataset)):
        cases.append(f"when outcome = '{ANONYMISED}' then null")
    if column in match.text_columns(dataset):
        cases.append(f"when outcome in ('{ANONYMISED}', '{BLANKED}') and {match.mentions(subject, [column])} then null")
    return f"case {' '.join(cases)} else {column} end"
