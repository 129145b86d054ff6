"""What `loyalty explain` needs to know about persons: their keys, and the files behind the facts about them.

Only reads. A key is known to the restricted tables of the last build; files and lines are in its staging.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base.database import open_to_read
from pipelines.base.entities import ENTITIES
from pipelines.base.errors import BuildError, UnknownPersonError
from pipelines.config.secret_key import existing_keys
from pipelines.config.settings import Settings
from pipelines.privacy.customer_keys import customer_keys, refs_of
from pipelines.privacy.find import find_person, open_landed
from pipelines.publication.explanation import Record

_KEY = re.compile(r"[0-9a-f]{32}")
# An order that was delivered only as lines has no row of its own: the first entity with the key counts.
_ENTITIES = {
    "order": ("orders", "order_lines"),
    "return": ("returns",),
    "interaction": ("interactions",),
    "case": ("cases",),
    "referral": ("referrals",),
    "answer": ("survey_answers",),
}


@dataclass(frozen=True)
class Place:
    """Where a row was delivered.

    Attributes:
        file: The file, by its path below the folder of its source.
        line: The line in it, or in its part, counted from 1.
        part: The sheet or the member of an archive; None for other files.
    """

    file: str
    line: int
    part: str | None = None


def as_key(asked: str) -> str | None:
    """The customer_key that `asked` has the form of. A reference of a source can have the same form."""
    text = asked.strip().lower()
    return text if _KEY.fullmatch(text) else None


def keys_of(settings: Settings, asked: str, *, by: str | None, source: str | None) -> tuple[str, ...]:
    """The keys that a customer can have in a version. The caller has the run lock.

    Args:
        settings: The settings.
        asked: A reference (also as SOURCE:REF), an e-mail address or a phone number.
        by: The kind of `asked`; None to detect it.
        source: The source of the reference.

    Raises:
        UnknownPersonError: There is no data about the person.
        ConfigError: `asked` could mean different people.
    """
    try:
        with open_landed(settings.paths.landing) as connection:
            found = find_person(connection, settings, asked.strip(), by=by, source=source)
    except duckdb.Error as problem:
        # the engine's message could quote the searched value
        raise BuildError(
            f"the data about the person cannot be read: {type(problem).__name__}",
            hint="raise `engine.memory_limit` in loyalty.yml, and try again",
        ) from None
    if not found.subject:
        raise UnknownPersonError(
            "there is no data about this person",
            hint="check the spelling, --by and --source; erased persons, and customer keys from before a merge or a"
            " change of the secret key, are not known",
        )
    return customer_keys(existing_keys(settings.paths.key, settings.key_text), refs_of(found.subject))


def places_of(warehouse: Path, records: Iterable[Record]) -> dict[Record, tuple[Place, ...]]:
    """The files and lines that delivered rows. It is empty without a warehouse.

    Args:
        warehouse: The warehouse of the last build.
        records: The keys of the rows.
    """
    wanted = list(dict.fromkeys(records))
    if not wanted or not warehouse.is_file():
        return {}
    with open_to_read(warehouse) as connection:
        return {record: places for record in wanted if (places := _places(connection, record))}


def _places(connection: duckdb.DuckDBPyConnection, record: Record) -> tuple[Place, ...]:
    for entity in _ENTITIES[record.kind]:
        columns = ENTITIES[entity].key[: len(record.key)]
        where = " and ".join(f"cast({column} as varchar) = ?" for column in columns)
        rows = connection.execute(
            f"select distinct file_name, line, part from staging.stg_{entity}"  # noqa: S608 (names of ours)
            f" where source = ? and {where} order by all",
            [record.source, *record.key],
        ).fetchall()
        if rows:
            return tuple(Place(file, line, part) for file, line, part in rows)
    return ()
