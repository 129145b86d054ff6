"""What the records of a CRM should have: columns of the current version, joined with the references of one source.

One row per record and field: `record_id`, `field`, `value` (text). A column that is NULL has no row, so that it
overwrites nothing. References are joined only here, as late as possible.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.activation.push_crm import SEPARATOR
from pipelines.base import quoting
from pipelines.base.database import connect, open_to_read
from pipelines.base.errors import BuildError, PublicationError
from pipelines.config.audience_columns import audience_columns
from pipelines.config.push import PushSettings
from pipelines.reading import OpenVersion

_REFERENCES = """
    select customer_ref as record_id, customer_key
    from intermediate.int_customer_identity
    where source = $source and regexp_full_match(customer_ref, $pattern)
    order by customer_ref
"""
# A record whose customer is not in the version is left alone.
_MARKS = """
    select
        refs.record_id,
        $field as field,
        coalesce(string_agg(marks.audience, $separator order by marks.audience), '') as value
    from refs
    inner join dim_customer on refs.customer_key = dim_customer.customer_key
    left join marks on refs.customer_key = marks.customer_key
    group by refs.record_id
"""
_PENDING = """
    with changed as (
        select distinct wanted.record_id
        from wanted
        left join state on wanted.record_id = state.record_id and wanted.field = state.field
        where $is_full or state.value is distinct from wanted.value
    )

    select wanted.record_id, map_from_entries(list((wanted.field, wanted.value) order by wanted.field)) as fields
    from wanted
    inner join changed on wanted.record_id = changed.record_id
    group by wanted.record_id
    order by wanted.record_id
"""


@dataclass(frozen=True)
class References:
    """The references of a source that can be IDs of records.

    Attributes:
        table: `record_id`, `customer_key`.
    """

    table: pa.Table

    def by_customer(self) -> dict[str, list[str]]:
        """The records of each customer, sorted."""
        found: dict[str, list[str]] = {}
        for record, key in zip(*(column.to_pylist() for column in self.table.columns), strict=True):
            found.setdefault(key, []).append(record)
        return found


def references(warehouse: Path, source: str, pattern: str) -> References:
    """The references of a source in the last build.

    Args:
        warehouse: The file of the warehouse.
        source: The source.
        pattern: How the IDs of records are formed.

    Raises:
        BuildError: There is no build.
    """
    problem = BuildError("the last build was removed, so no references are known", hint="call `loyalty run` first")
    if not warehouse.is_file():
        raise problem
    with open_to_read(warehouse) as connection:
        try:
            return References(
                connection.sql(_REFERENCES, params={"source": source, "pattern": pattern}).to_arrow_table()
            )
        except duckdb.CatalogException:
            raise problem from None


def wanted(
    version: OpenVersion, entry: PushSettings, refs: References, treated: Mapping[str, list[str]] | None
) -> pa.Table:
    """What every record should have.

    Args:
        version: The version.
        entry: Which columns belong into which fields.
        refs: The references of the source.
        treated: The keys of the customers to contact, by audience; None if no field names audiences.

    Raises:
        PublicationError: The version was published by an earlier program, without a mart or column.
    """
    marts = {column: audience_columns()[column].mart for column in entry.fields}
    parts = [
        f"select refs.record_id, {quoting.text(entry.fields[column])} as field,"  # noqa: S608 (names are quoted)
        f" cast({quoting.name(mart)}.{quoting.name(column)} as varchar) as value"
        f" from refs inner join {quoting.name(mart)} on refs.customer_key = {quoting.name(mart)}.customer_key"
        f" where {quoting.name(mart)}.{quoting.name(column)} is not null"
        for column, mart in marts.items()
    ]
    values: dict[str, str] = {}
    names, keys = [], []
    if entry.audiences is not None and treated is not None:
        parts.append(_MARKS)
        values = {"field": entry.audiences.field, "separator": SEPARATOR}
        names = [name for name, members in treated.items() for _ in members]
        keys = [key for members in treated.values() for key in members]
    with version.duckdb() as connection:
        connection.register("refs", refs.table)
        connection.register(
            "marks", pa.table({"audience": pa.array(names, pa.string()), "customer_key": pa.array(keys, pa.string())})
        )
        try:
            return connection.sql(" union all ".join(parts), params=values).to_arrow_table()
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise PublicationError(
                f"the version {version.id} does not have every column of `push`", hint="call `loyalty run` first"
            ) from error


def pending(wants: pa.Table, state: pa.Table, *, is_full: bool) -> pa.Table:
    """The records that differ from what was pushed last: `record_id`, `fields` (all that it should have).

    Args:
        wants: What every record should have.
        state: What was pushed last.
        is_full: All records.
    """
    with connect() as connection:
        connection.register("wanted", wants)
        connection.register("state", state)
        return connection.sql(_PENDING, params={"is_full": is_full}).to_arrow_table()
