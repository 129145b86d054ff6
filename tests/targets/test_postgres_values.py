"""The values of marts in a real server of PostgreSQL: each one arrives exactly.

Needs the server (Debian: apt-get install --no-install-recommends postgresql) and the extra (make setup-postgres).
"""

import random
import struct
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.publication import Version
from pipelines.publication.targets import TargetError
from tests.targets.one_mart import MART, write_mart
from tests.targets.postgres_server import OWNER, execute, query
from tests.targets.postgres_target import schemas, target

pytestmark = pytest.mark.postgres

LONG = 'a,"b"\n' * 1_000_000
TEXTS = [
    *("", " ", " x ", '"', '""', "a,b", 'say "a"', "a\nb", "\n", "\r", "a\r\n", "\t", "\\", "\\.", "a\n\\.\nb", "\\N"),
    *("NULL", "null", "\x01", "\x7f", "\x85", "\u2028", "\ufeff", "e\u0301", "é", "汉字", "🜲", "'", ";", "#", LONG),
]
EXACT = {
    "decimal(18, 2)": ["9999999999999999.99", "-0.01", "0"],
    "decimal(38, 10)": ["9999999999999999999999999999.9999999999", "-0.0000000001", "1"],
    "decimal(38, 0)": ["99999999999999999999999999999999999999", "-1", "0"],
    "decimal(4, 4)": ["0.9999", "-0.0001", "0"],
    "tinyint": ["-128", "127", "0"],
    "smallint": ["-32768", "32767", "0"],
    "integer": ["-2147483648", "2147483647", "0"],
    "bigint": ["-9223372036854775808", "9223372036854775807", "0"],
    "utinyint": ["255", "0", "1"],
    "usmallint": ["65535", "0", "1"],
    "uinteger": ["4294967295", "0", "1"],
    "ubigint": ["18446744073709551615", "0", "1"],
    "boolean": ["true", "false", "true"],
}
DAYS = ["0001-01-01", "0044-03-15 (BC)", "4713-01-01 (BC)", "1582-10-10", "9999-12-31", "12345-01-01", "294246-12-31"]


def listed(values: list[str]) -> str:
    """A query of numbered values: its columns are i and v."""
    return f"select * from (values {', '.join(f'({i}, {value})' for i, value in enumerate(values))}) as t (i, v)"


def literal(text: str | None) -> str:
    """A text for DuckDB, also with control characters."""
    if text is None:
        return "null"
    if text == LONG:
        return f"repeat({literal(text[:6])}, 1000000)"
    return f"decode(unhex('{text.encode().hex()}'))"


def loaded(uri: str, version: Version, select: str = "v", order: str = "i") -> list[Any]:
    """The values of a column after the load."""
    target(uri).add(version)
    return [value for (value,) in query(uri, f"select {select} from {MART} order by {order}")]


def test_texts_arrive_exactly_and_an_empty_text_is_not_null(uri: str, tmp_path: Path) -> None:
    texts = [None, *TEXTS, None]
    assert loaded(uri, write_mart(tmp_path, listed([literal(text) for text in texts]))) == texts


@pytest.mark.parametrize("text", [None, "", "\\.", "a\n\\.", "x"])
def test_a_mart_of_one_column_may_have_any_text(uri: str, tmp_path: Path, text: str | None) -> None:
    values = ["first", text, "last"]
    select = f"select v from ({listed([literal(value) for value in values])}) order by i"
    assert loaded(uri, write_mart(tmp_path, select), order="ctid") == values


@pytest.mark.parametrize(("kind", "code", "width"), [("double", ">d", 8), ("float", ">f", 4)])
def test_every_bit_of_a_floating_point_number_arrives(
    uri: str, tmp_path: Path, kind: str, code: str, width: int
) -> None:
    drawn = random.Random(7)
    numbers = [struct.unpack(code, drawn.randbytes(width))[0] for _ in range(5_000)]
    smallest, largest = (b"\x00" * (width - 1) + b"\x01", struct.pack(code, float("inf"))[:1] + b"\x7f" * (width - 1))
    edges = [0.0, -0.0, *(struct.unpack(code, bits)[0] for bits in (smallest, largest))]
    ends = [float("inf"), float("-inf"), float("nan")]
    numbers = [*(one for one in (*numbers, *edges) if one == one), *ends]
    found = loaded(uri, write_mart(tmp_path, listed([f"'{one!r}'::{kind}" for one in numbers])), f"float{width}send(v)")
    assert [bytes(one) for one in found] == [struct.pack(code, one) for one in numbers]


def test_decimals_whole_numbers_and_booleans_arrive_exactly(uri: str, tmp_path: Path) -> None:
    rows = [
        ", ".join(f"'{values[row]}'::{kind} as c{number}" for number, (kind, values) in enumerate(EXACT.items()))
        for row in range(3)
    ]
    nulls = ", ".join(["null"] * len(EXACT))
    select = " union all ".join(f"select {i} as i, {row}" for i, row in enumerate([*rows, nulls]))
    target(uri).add(write_mart(tmp_path, select))
    with duckdb.connect() as connection:
        expected = connection.execute(f"{select} order by i").fetchall()
    assert query(uri, f"select * from {MART} order by i") == expected


@pytest.mark.parametrize("style", ["ISO, MDY", "SQL, DMY", "German, DMY"])
def test_days_and_times_are_exact_and_in_utc_whatever_the_role_prefers(uri: str, tmp_path: Path, style: str) -> None:
    days = [(f"date '{day}'", f"(date '{day}' + interval '23:59:59.999999')") for day in DAYS]
    ends = [("'infinity'::date", "'infinity'::timestamp"), ("'-infinity'::date", "'-infinity'::timestamp")]
    rows = ", ".join(f"({i}, {day}, {at}, {at}::timestamptz)" for i, (day, at) in enumerate([*days, *ends]))
    version = write_mart(tmp_path, f"select * from (values {rows}) as t (i, day_on, plain_at, zoned_at)")
    execute(uri, f"alter role {OWNER} set datestyle = '{style}'", f"alter role {OWNER} set timezone = 'Asia/Shanghai'")
    try:
        target(uri).add(version)
    finally:
        execute(uri, f"alter role {OWNER} reset all")
    numbers = "select day_on - date '1970-01-01', (extract(epoch from {0}) * 1000000)::numeric(30, 0)::bigint"
    finite = f"from {MART} where isfinite(day_on) order by i"
    with duckdb.connect() as connection:
        expected = [
            connection.execute(f"select {day} - date '1970-01-01', epoch_us({at})").fetchall()[0] for day, at in days
        ]
    assert query(uri, f"{numbers.format('plain_at')} {finite}") == expected
    assert query(uri, f"{numbers.format('zoned_at')} {finite}") == expected
    infinite = f"select day_on::text, plain_at::text, zoned_at::text from {MART} where not isfinite(day_on) order by i"
    assert query(uri, infinite) == [("infinity",) * 3, ("-infinity",) * 3]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("'alice' || chr(0) || 'alice'", "invalid byte sequence"),
        ("date '5000-01-01 (BC)'", "date out of range: …"),
        ("timestamp '5000-01-01 (BC)'", "timestamp out of range: …"),
        ("date '5877641-06-23'", "date out of range: …"),
    ],
)
def test_a_value_that_the_database_cannot_have_is_an_error_without_the_value(
    uri: str, tmp_path: Path, value: str, says: str
) -> None:
    version = write_mart(
        tmp_path, f"select 'alice' as name, case when i = 70000 then {value} end as v from range(100000) r (i)"
    )
    with pytest.raises(
        TargetError, match="PostgreSQL cannot have a value of m, so the version was not written"
    ) as failed:
        target(uri).add(version)
    assert says in failed.value.message
    assert not [word for word in ("alice", "5000", "5877641") if word in failed.value.message]
    assert "U+0000" in failed.value.hint
    assert schemas(uri) == set()
