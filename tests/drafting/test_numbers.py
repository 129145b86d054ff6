"""How a draft reads numbers with other signs beside them: what it removes, and what it leaves to the user."""

from collections.abc import Iterator

import duckdb
import pytest

from pipelines.drafting.numbers import Numbers, numbers_of


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def numbers(connection: duckdb.DuckDBPyConnection, *values: str) -> tuple[Numbers, list[str]]:
    """How the values are read, and what they become."""
    connection.execute("create or replace temp table sample (value varchar)")
    connection.executemany("insert into sample values (?)", [[value] for value in values])
    found = numbers_of(lambda sql: connection.execute(sql).fetchall(), "sample", "value")
    sql = found.sql.replace("{}", "value") if found.sql else "value"
    return found, [row[0] for row in connection.execute(f"select {sql} from sample").fetchall()]


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (("1.000,50 €", "EUR 12,00", "3,10"), ["1000.50", "12.00", "3.10"]),
        (("Rs. 1 000.50", "rs 12.00"), ["1000.50", "12.00"]),
        (("￥1,200.50", "1200.50元"), None),  # ￥ may also be yen
        (("1,200.50元", "RMB 1200.50"), ["1200.50", "1200.50"]),
        (("3 pcs", "12 PCS"), ["3", "12"]),
        (("1 000.50", "1'000.50"), ["1000.50", "1000.50"]),
    ],
)
def test_one_unit_is_removed(
    connection: duckdb.DuckDBPyConnection, values: tuple[str, ...], read: list[str] | None
) -> None:
    found, became = numbers(connection, *values)
    assert (found.doubt == "") == (read is not None)
    if read is not None:
        assert became == read
        assert found.unread == 0


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        (("1.2万", "800"), "`万` (1)"),
        (("3.5k", "2k"), "`K` (2)"),
        (("1e3", "1 000.50"), "`E` (1)"),
        (("10.00 DR", "12.00 CR"), "`CR` (1), `DR` (1)"),
        (("10.00 USD", "12.00 EUR"), "`EUR` (1), `USD` (1)"),
    ],
)
def test_letters_that_may_change_a_number_are_left_in_place(
    connection: duckdb.DuckDBPyConnection, values: tuple[str, ...], unit: str
) -> None:
    found, became = numbers(connection, *values)
    assert unit in found.doubt
    for value, after in zip(values, became, strict=True):
        assert [one for one in after if one.isalpha()] == [one for one in value if one.isalpha()]
    assert found.unread > 0
