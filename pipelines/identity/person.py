"""From a customer_key to the person, from the restricted tables of the last build. Only reads."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.errors import BuildError

_PERSONS = """
    with asked as (
        select unnest($keys::varchar[]) as key
    ),

    -- a key of a reference that was linked with another since then: the customer has the key of the other now
    earlier as (
        select
            pseudonyms.customer_key as key,
            identity.customer_key
        from pseudonyms
        inner join intermediate.int_customer_identity as identity
            on pseudonyms.source = identity.source and pseudonyms.ref = identity.customer_ref
        where list_contains($keys::varchar[], pseudonyms.customer_key)
    )

    select
        asked.key,
        persons.customer_key,
        persons.source,
        persons.customer_ref,
        persons.name,
        persons.email,
        persons.phone
    from asked
    inner join earlier on asked.key = earlier.key
    inner join staging.int_person as persons on earlier.customer_key = persons.customer_key
"""


@dataclass(frozen=True)
class Person:
    """The person behind a key.

    Attributes:
        asked: The key that was asked for.
        customer_key: The key of the customer in the last build. It differs if the customer was merged since then.
        source: The source of the record that describes the person.
        customer_ref: Its reference.
        name: The name.
        email: The e-mail.
        phone: The phone.
    """

    asked: str
    customer_key: str
    source: str
    customer_ref: str
    name: str | None
    email: str | None
    phone: str | None


def find_persons(connection: duckdb.DuckDBPyConnection, exchange: Path, keys: Iterable[str]) -> tuple[Person, ...]:
    """The persons behind some keys, in the order of the keys. Unknown keys are left out.

    Args:
        connection: The warehouse, opened for reading.
        exchange: The folder with the pseudonyms.
        keys: The keys.

    Raises:
        BuildError: Nothing is built yet, or by an earlier version of this program.
    """
    wanted = list(dict.fromkeys(keys))
    path = exchange / "pseudonyms.parquet"
    problem = BuildError("the last build has no table of persons", hint="call `loyalty run` first")
    if not path.is_file():
        raise problem
    try:
        connection.execute(f"create or replace temp view pseudonyms as from read_parquet({quoting.files(path)})")
        rows = connection.execute(_PERSONS, {"keys": wanted}).fetchall()
    except duckdb.CatalogException:
        raise problem from None
    found = {row[0]: Person(*row) for row in rows}
    return tuple(found[key] for key in wanted if key in found)
