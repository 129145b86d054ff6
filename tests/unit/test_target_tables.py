"""What a database as a target cannot have, and which keys its tables get."""

from typing import Any

import pyarrow as pa
import pytest

from pipelines.publication import PublishedTable, Reference
from pipelines.publication.targets import TargetError
from pipelines.publication.targets.postgres_tables import create_table, references


def table(name: str, key: tuple[str, ...], **more: Any) -> PublishedTable:
    return PublishedTable(name=name, description="", key=key, rows=0, columns=(), files=(), **more)


def test_a_column_that_the_database_cannot_have_is_named() -> None:
    mart = table("m", ("a",))
    with pytest.raises(TargetError, match=r"m\.a has the type list"):
        create_table("s", mart, pa.schema([("a", pa.list_(pa.string()))]))
    with pytest.raises(TargetError, match="longer than 63 bytes"):
        create_table("s", mart, pa.schema([("汉" * 22, pa.string())]))
    schema = pa.schema([('a"b', pa.decimal128(18, 2)), ("t", pa.timestamp("us")), ("u", pa.uint64())])
    assert create_table("s", mart, schema) == (
        'create table "s"."m" ("a""b" numeric(18, 2), "t" timestamp with time zone, "u" numeric(20, 0))'
    )


def test_a_reference_is_a_foreign_key_only_to_a_key_without_null() -> None:
    to = Reference(column="c", mart="d", to_column="k")
    mart, other = table("m", ("a",), references=(to,)), table("d", ("k",))
    both = {"m": mart, "d": other}
    foreign, index = references("s", mart, both, {"m": (), "d": ()})
    assert foreign == 'alter table "s"."m" add foreign key ("c") references "s"."d" ("k")'
    assert index == 'create index on "s"."m" ("c")'
    assert references("s", mart, both, {"m": (), "d": ("k",)}) == [index]
    assert references("s", mart, {"m": mart}, {"m": ()}) == [index]
