"""A home with a database: two days' runs, a rollback and an erasure, as a BI tool with the reader's role sees them."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call
from tests.targets.postgres_server import OWNER, execute, query, server, skip_without_postgres

pytestmark = [pytest.mark.postgres, pytest.mark.story, pytest.mark.slow]  # four full runs

SECRET = "not-to-be-shown"
SCHEMAS = "select nspname::text from pg_namespace where nspname like 'loyalty%' order by 1"
HEADER_LINES = 2


@pytest.fixture
def uri() -> Iterator[str]:
    skip_without_postgres()
    with server() as uri:
        execute(uri, "create role bi_reader login")
        yield f"{uri}&password={SECRET}"  # the server trusts its socket; the password must appear nowhere


class Shop:
    """A copy of the sample's home that publishes to a database."""

    def __init__(self, sample_home: SampleHome, folder: Path, uri: str) -> None:
        self.home, self.sample, self.uri = folder / "home", folder / "sample", uri
        shutil.copytree(sample_home.home, self.home, symlinks=True)
        shutil.copytree(sample_home.sample, self.sample)
        with (self.sample / "loyalty.yml").open("a") as config:
            config.write("\npublish: {postgres: {reader_role: bi_reader, versions: all}}\n")

    def loyalty(self, *arguments: str) -> Any:
        """What a command prints as JSON."""
        where = ("--config", self.sample / "loyalty.yml", "--home", self.home)
        done = call(*arguments, "--json", *where, LOYALTY_POSTGRES=self.uri)
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        assert SECRET not in done.stdout + done.stderr
        return json.loads(done.stdout)

    def add_a_day(self) -> None:
        """Deliver one more order, a copy of one of the last day."""
        newest = max((self.sample / "inbox").glob("orders_*.csv"))
        lines = newest.read_text(encoding="utf-8").splitlines()
        columns = lines[HEADER_LINES - 1].split(",")
        order = dict(zip(columns, lines[HEADER_LINES].split(","), strict=True)) | {"Order": "O99999991"}
        text = "\n".join([*lines[:HEADER_LINES], ",".join(order[name] for name in columns)]) + "\n"
        (self.sample / "inbox" / "orders_2025-07-01.csv").write_text(text, encoding="utf-8")

    def read(self, statement: str) -> list[Any]:
        """The rows of a query by the role of the BI tool."""
        return query(self.uri.replace(f"user={OWNER}", "user=bi_reader"), statement)

    def check_equal(self, version: str, schema: str = "loyalty") -> None:
        """Check that every mart of a schema has the rows of a version in the home."""
        folder = self.home / "published" / "versions" / version
        manifest = json.loads((folder / "manifest.json").read_text())
        counts = {table["name"]: table["rows"] for table in manifest["tables"]}
        assert len(counts) > 50
        texts = [f"""select '{name}', count(*) from "{schema}"."{name}" """ for name in counts]
        assert dict(self.read(" union all ".join(texts))) == counts
        figures = "select sum(net_amount)::varchar, count(customer_key), max(ordered_on)::varchar from"
        with duckdb.connect() as connection:
            ours = connection.execute(f"{figures} '{folder}/marts/fct_order/*.parquet'").fetchall()
        assert self.read(f'{figures} "{schema}".fct_order') == ours


def test_days_a_rollback_and_an_erasure(sample_home: SampleHome, tmp_path: Path, uri: str) -> None:
    shop = Shop(sample_home, tmp_path, uri)
    assert shop.loyalty("run")["status"] == "unchanged"  # the home has the version, the database gets it
    (first,) = (version["id"] for version in shop.loyalty("versions"))
    shop.check_equal(first)

    shop.add_a_day()
    assert not [warning for warning in shop.loyalty("run")["warnings"] if "PostgreSQL" in warning]
    second = next(version["id"] for version in shop.loyalty("versions") if version["is_current"])
    assert [name for (name,) in query(uri, SCHEMAS)] == ["loyalty", f"loyalty_{first}"]
    shop.check_equal(second)
    shop.check_equal(first, f"loyalty_{first}")
    with pytest.raises(Exception, match="permission denied"):
        shop.read("delete from loyalty.customer_loyalty")

    assert shop.loyalty("publish", "--current", first)["current"] == first
    assert [name for (name,) in query(uri, SCHEMAS)] == ["loyalty", f"loyalty_{second}"]
    shop.check_equal(first)

    with duckdb.connect(str(shop.home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        ((reference, key),) = connection.execute(
            "select any_value(customer_ref), customer_key from intermediate.int_customer_identity"
            " join marts.fct_order using (customer_key) where customer_ref not like '@%'"
            " group by customer_key order by count(*) desc, customer_key limit 1"
        ).fetchall()
    theirs = f"from loyalty.fct_order where customer_key = '{key}'"
    assert shop.read(f"select count(*) > 0 {theirs}") == [(True,)]
    certificate = shop.loyalty("forget", reference, "--yes")
    became = {one["id"]: one["became"] for one in certificate["versions"]}
    assert became.keys() == {first, second}
    (target,) = certificate["targets"]
    assert target == {
        "name": "PostgreSQL",
        "removed": sorted([first, second]),
        "versions": sorted(became.values()),
    }
    assert [name for (name,) in query(uri, SCHEMAS)] == ["loyalty", f"loyalty_{became[second]}"]
    shop.check_equal(became[first])
    columns = shop.read(
        "select format('%I.%I', table_schema, table_name), column_name::text from information_schema.columns"
        " where table_schema like 'loyalty%' and column_name like '%customer_key'"
    )
    assert len(columns) > 40
    counts = [f"select count(*) as n from {table} where {column} = '{key}'" for table, column in columns]
    assert shop.read(f"select sum(n)::bigint from ({' union all '.join(counts)}) as t") == [(0,)]
