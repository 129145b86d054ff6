"""What is published is a function of the rows: the same bytes, in files that every reader opens."""

import hashlib
import json
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from pipelines.base import database
from pipelines.base.errors import PublicationError
from pipelines.publication import (
    MartTable,
    Reporting,
    Retention,
    Version,
    audit,
    erase_customers,
    list_versions,
    publish,
    why_not_current,
)
from pipelines.publication.versions import current_id
from tests.unit.publication_marts import CUSTOMERS, ORDERS, TABLES, build, publisher

ROWS = 300_000  # more than two row groups


def parquet_hashes(version: Version) -> dict[str, str]:
    assert version.manifest
    return {file.path: file.sha256 for table in version.manifest.tables for file in table.files}


def test_parquet_is_byte_for_byte_the_same_whatever_the_threads_and_the_order_of_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for order in ("i", "hash(i)"):
        warehouse = build(tmp_path / order / "warehouse.duckdb", rows=ROWS, order=order)
        for threads in (1, 2, 4):
            monkeypatch.setattr(database, "_limits", {"threads": threads})
            target = tmp_path / order / str(threads)
            version = publish(warehouse, target, as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
            seen.append(parquet_hashes(version))
    assert len(seen) == 6
    assert all(hashes == seen[0] for hashes in seen)


def test_rows_that_came_and_went_leave_no_trace_in_the_bytes(tmp_path: Path) -> None:
    """A table remembers that a column once held NULL, and left to itself DuckDB writes that column otherwise."""
    seen = []
    for name in ("never", "once"):
        warehouse = build(tmp_path / name / "warehouse.duckdb")
        if name == "once":
            with duckdb.connect(str(warehouse)) as connection:
                connection.execute("insert into marts.dim_customer values ('zz', null, null)")
                connection.execute("delete from marts.dim_customer where customer_key = 'zz'")
        version = publish(warehouse, tmp_path / name / "out", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
        seen.append(parquet_hashes(version))
    assert seen[0] == seen[1]


def test_another_value_gives_other_bytes_in_that_mart_alone(tmp_path: Path) -> None:
    warehouse = build(tmp_path / "warehouse.duckdb")
    first = publish(warehouse, tmp_path / "a", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update marts.dim_customer set segment = 'x' where customer_key = md5('7')")
    second = publish(warehouse, tmp_path / "b", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
    changed = {path for path, digest in parquet_hashes(first).items() if parquet_hashes(second)[path] != digest}
    assert changed == {"marts/dim_customer/part-0.parquet"}


def test_parquet_and_database_hold_the_marts_rows_sorted_by_key(tmp_path: Path) -> None:
    warehouse = build(tmp_path / "state [1]" / "warehouse.duckdb", order="hash(i)")
    version = publish(warehouse, tmp_path / "it's [x]*", as_of=date(2026, 1, 1), run_id="r", tables=TABLES)
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        expected = connection.execute("select * from marts.fct_order order by customer_key, ordered_on").fetchall()
    assert len(expected) == 50
    with duckdb.connect(str(version.path / "loyalty.duckdb"), read_only=True) as connection:
        assert connection.execute("select * from fct_order").fetchall() == expected
    escaped = str(version.path).replace("[", "[[]").replace("*", "[*]")
    with duckdb.connect() as connection:
        found = connection.execute("select * from read_parquet(?)", [f"{escaped}/marts/fct_order/*.parquet"]).fetchall()
    assert found == expected


def test_the_database_carries_descriptions_no_index_and_no_log(tmp_path: Path) -> None:
    version = publisher(tmp_path)(1)
    names = sorted(path.name for path in version.path.iterdir())
    assert names == ["loyalty.duckdb", "manifest.json", "marts", "restatement.json"]
    with duckdb.connect(str(version.path / "loyalty.duckdb"), read_only=True) as connection:
        comments = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        columns = dict(
            connection.execute(
                "select column_name, comment from duckdb_columns() where table_name = 'dim_customer' and not internal"
            ).fetchall()
        )
        indexes = connection.execute("select count(*) from duckdb_indexes()").fetchone()
    assert comments == {"dim_customer": CUSTOMERS.description, "fct_order": None}
    assert columns == {**CUSTOMERS.columns, "segment": None}
    assert indexes == (0,)


def stated(version: Version) -> tuple[object, ...]:
    """Where a version states its currency and zone: manifest, Parquet's metadata, comments of table and columns."""
    assert version.manifest
    metadata = pq.read_metadata(version.path / "marts" / "dim_customer" / "part-0.parquet").metadata
    with duckdb.connect(str(version.path / "loyalty.duckdb"), read_only=True) as connection:
        tables = dict(connection.execute("select table_name, comment from duckdb_tables()").fetchall())
        (spent,) = connection.execute(
            "select comment from duckdb_columns() where table_name = 'dim_customer' and column_name = 'spent amount'"
        ).fetchone() or (None,)
    return version.manifest.reporting, metadata[b"reporting_currency"], metadata[b"timezone"], tables, spent


def test_a_version_states_its_currency_and_zone_wherever_somebody_may_look_and_keeps_them_in_an_erasure(
    tmp_path: Path,
) -> None:
    reporting = Reporting(currency="EUR", timezone="Europe/Berlin")
    warehouse, published = build(tmp_path / "warehouse.duckdb"), tmp_path / "published"
    customers = MartTable("dim_customer", ("customer_key",), "One row.", {"spent amount": "In the reporting currency."})
    how = {"as_of": date(2026, 1, 1), "run_id": "run", "tables": [customers, ORDERS]}
    version = publish(warehouse, published, reporting=reporting, **how)  # type: ignore[arg-type]  # as above
    words = "Amounts are in EUR, days are of the zone Europe/Berlin, times are UTC."
    expected = (
        reporting,
        b"EUR",
        b"Europe/Berlin",
        {"dim_customer": f"One row. {words}", "fct_order": words},
        "In the reporting currency (EUR).",
    )
    assert stated(version) == expected
    assert '"currency": "EUR"' in (version.path / "manifest.json").read_text()
    erase_customers(published, [hashlib.md5(b"7", usedforsecurity=False).hexdigest()])
    (rewritten,) = list_versions(published)
    assert rewritten.id != version.id
    assert stated(rewritten) == expected
    assert why_not_current(published, version.id) == "", "readers see this version, without the person"
    erase_customers(published, [hashlib.md5(b"8", usedforsecurity=False).hexdigest()])
    assert current_id(published) not in (version.id, rewritten.id)
    assert why_not_current(published, version.id) == ""


def test_a_version_of_an_earlier_program_that_states_no_currency_is_still_read(tmp_path: Path) -> None:
    version = publisher(tmp_path)(1)
    path = version.path / "manifest.json"
    manifest = json.loads(path.read_text())
    del manifest["reporting"]
    path.write_text(json.dumps({**manifest, "format": 2}))
    (found,) = list_versions(tmp_path / "published")
    assert (found.problem, found.manifest and found.manifest.reporting) == ("", None)


def test_the_database_has_the_storage_version_that_every_1x_driver_reads(tmp_path: Path) -> None:
    # The header's version number stands behind the magic bytes: 64 is that of 1.0, and 2.0's own is higher.
    version = publisher(tmp_path)(1)
    header = (version.path / "loyalty.duckdb").read_bytes()[:24]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64
    duckdb.connect(str(tmp_path / "own.duckdb")).close()
    own = (tmp_path / "own.duckdb").read_bytes()[:24]
    assert int.from_bytes(own[12:20], "little") > 64


def test_the_manifest_says_what_is_there_and_its_hashes_are_the_files(tmp_path: Path) -> None:
    version = publisher(tmp_path)(
        31, "0a1b2c3d-run", inputs={"files": 3, "batches": ["b1"]}, versions={"code": "abc", "requirements.lock": "def"}
    )
    assert version.id == "2026-01-31_0a1b2c3d"
    text = (version.path / "manifest.json").read_text()
    manifest = json.loads(text)
    assert text == json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    assert (manifest["as_of"], manifest["run_id"]) == ("2026-01-31", "0a1b2c3d-run")
    assert manifest["inputs"] == {"files": 3, "batches": ["b1"]}
    assert manifest["versions"] == {"code": "abc", "requirements.lock": "def"}
    customers = manifest["tables"][0]
    assert (customers["name"], customers["rows"], customers["key"]) == ("dim_customer", 50, ["customer_key"])
    assert customers["columns"][1] == {
        "name": "spent amount",
        "type": "DECIMAL(18,2)",
        "description": "What it's worth.",
    }
    listed = {file["path"]: file for table in manifest["tables"] for file in table["files"]}
    listed |= {file["path"]: file for file in (manifest["database"], *manifest["documents"])}
    on_disk = {
        path.relative_to(version.path).as_posix()
        for path in version.path.rglob("*")
        if path.is_file() and path.name != "manifest.json"
    }
    assert listed.keys() == on_disk
    for name, file in listed.items():
        content = (version.path / name).read_bytes()
        assert (file["bytes"], file["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())


def test_an_empty_mart_is_published_with_its_columns(tmp_path: Path) -> None:
    warehouse = build(tmp_path / "warehouse.duckdb", rows=0)
    version = publish(warehouse, tmp_path / "published", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
    manifest = audit(version.path)
    assert [table.rows for table in manifest.tables] == [0, 0]
    with duckdb.connect() as connection:
        path = str(version.path / "marts" / "dim_customer" / "part-0.parquet")
        assert [column[0] for column in connection.execute("select * from read_parquet(?)", [path]).description] == [
            "customer_key",
            "spent amount",
            "segment",
        ]


def test_files_and_folders_are_closed_to_others(tmp_path: Path) -> None:
    version = publisher(tmp_path)(1)
    modes = {path: path.stat().st_mode & 0o777 for path in (tmp_path / "published").rglob("*") if not path.is_symlink()}
    assert modes[version.path / "loyalty.duckdb"] == 0o640
    assert modes[version.path / "manifest.json"] == 0o640
    assert modes[version.path] == 0o750
    assert not [path for path, mode in modes.items() if mode & (0o137 if path.is_file() else 0o027)]


def test_what_no_model_names_is_not_published(tmp_path: Path) -> None:
    warehouse = build(tmp_path / "warehouse.duckdb")
    version = publish(warehouse, tmp_path / "published", as_of=date(2026, 1, 1), run_id="run", tables=[CUSTOMERS])
    assert [path.name for path in (version.path / "marts").iterdir()] == ["dim_customer"]


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ([], "no mart"),
        ([MartTable("nothing_here", ("a",))], "nothing_here is not in the schema marts"),
        ([MartTable("dim_customer", ("customer_id",))], "no key column customer_id"),
        ([MartTable("dim_customer", ())], "no key column"),
        ([MartTable("dim_customer", ("segment",))], "to more than one row"),
        ([MartTable("../evil", ("a",))], "evil"),
        ([CUSTOMERS, ORDERS, CUSTOMERS], "dim_customer .*twice"),
    ],
)
def test_what_cannot_be_published_is_refused_with_a_remedy_and_leaves_no_trace(
    tmp_path: Path, tables: list[MartTable], words: str
) -> None:
    published = tmp_path / "published"
    warehouse = build(tmp_path / "warehouse.duckdb")
    before = publish(warehouse, published, as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
    with pytest.raises(PublicationError, match=words) as caught:
        publish(warehouse, published, as_of=date(2026, 1, 2), run_id="run", tables=tables, retention=Retention())
    assert caught.value.hint
    assert [path.name for path in (published / "versions").iterdir()] == [before.id]
    assert (published / "current").resolve() == before.path.resolve()


def test_a_missing_or_busy_warehouse_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(PublicationError, match=r"none\.duckdb") as caught:
        publish(tmp_path / "none.duckdb", tmp_path / "p", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)
    assert "loyalty run" in caught.value.hint
    (tmp_path / "text.duckdb").write_text("this is no database, but it is long enough to be read as one" * 100)
    with pytest.raises(PublicationError, match=r"text\.duckdb"):
        publish(tmp_path / "text.duckdb", tmp_path / "p", as_of=date(2026, 1, 1), run_id="run", tables=TABLES)


def test_the_warehouse_is_free_for_a_writer_afterwards(tmp_path: Path) -> None:
    publisher(tmp_path)(1)
    with duckdb.connect(str(tmp_path / "state" / "warehouse.duckdb")) as connection:
        connection.execute("create table marts.later as select 1 as a")
