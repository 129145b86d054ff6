"""Parts of a file entry of a mapping: records that are left out, and look-ups for other files."""

from typing import Literal

from pydantic import Field

from pipelines.landing.entity_rows import Strict
from pipelines.landing.mapping_values import EntryName, SkipName, Sql


class Skip(Strict):
    """Records that are left out on purpose and counted.

    Attributes:
        name: The name in the ledger.
        why: The reason, for readers of the mapping.
        where: The condition for records.
    """

    name: SkipName
    why: str = Field(min_length=1)
    where: Sql


class Lookup(Strict):
    """A look-up that files of a group give to other files of the source.

    Attributes:
        about: What the key identifies. It decides which rows are removed with a person who is erased.
        key: The source column or expression of the key.
        columns: The columns that other files can read, each a source column or expression.
    """

    about: Literal["customer", "order", "other"]
    key: Sql
    columns: dict[EntryName, Sql] = Field(min_length=1)
