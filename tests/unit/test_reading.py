"""The reader: one version whatever is published meanwhile, exact types, and errors that list what exists."""

import errno
import fcntl
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pandas as pd
import pytest
from typer.testing import CliRunner

from pipelines.base.errors import ConfigError, PublicationError
from pipelines.cli.app import app
from pipelines.publication import Retention, Version, delete_version, erase_customers, list_versions, set_current
from pipelines.reading import OpenVersion, open_version
from tests.unit.publication_marts import publisher

LOCKS = {name: getattr(fcntl, name) for name in ("LOCK_SH", "LOCK_EX", "LOCK_NB")}
AT_ONCE = Retention(days=1, grace_minutes=0)
Publish = Callable[..., Version]


@pytest.fixture
def publish(tmp_path: Path) -> Publish:
    return publisher(tmp_path)


@pytest.fixture
def version(publish: Publish, tmp_path: Path) -> OpenVersion:
    publish(5, "aaaa")
    return open_version(tmp_path)


def ids(home: Path) -> list[str]:
    return [version.id for version in list_versions(home / "published")]


def test_a_frame_has_exact_types_and_unknown_stays_unknown(version: OpenVersion) -> None:
    frame = version.read("dim_customer")
    assert [str(kind) for kind in frame.dtypes] == [
        "string[pyarrow]",
        "decimal128(18, 2)[pyarrow]",
        "string[pyarrow]",
    ]
    assert all(isinstance(kind, pd.ArrowDtype) for kind in frame.dtypes)
    assert frame["spent amount"].sum() == Decimal("1.75") * 49
    assert frame["segment"].isna().sum() == 17
    assert str(version.read("fct_order")["ordered_on"].dtype) == "date32[day][pyarrow]"


def test_a_frame_equals_the_published_rows_in_the_order_of_the_key(version: OpenVersion) -> None:
    with version.duckdb() as connection:
        rows = connection.execute("from dim_customer order by customer_key").fetchall()
    frame = version.read("dim_customer").astype(object)
    assert list(frame.where(frame.notna(), None).itertuples(index=False, name=None)) == rows


def test_columns_and_the_condition_select(version: OpenVersion) -> None:
    frame = version.read("dim_customer", columns=["segment", "customer_key"], where='"spent amount" > 3')
    assert list(frame.columns) == ["segment", "customer_key"]
    assert len(frame) == 7
    assert version.read("dim_customer", where="false").shape == (0, 3)


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("nothing = 1", "nothing"),
        ("", "Parser Error"),
        ("true; drop view dim_customer", "Parser Error"),
        ("true) union (select 1", "Parser Error"),
        ("customer_key", "Conversion Error"),
        ("exists (select * from read_text('{file}'))", "Permission Error"),
        ("exists (select * from '{file}')", "(Catalog|Permission) Error"),
        ("exists (select * from fct_order)", "fct_order"),
        ("exists (select * from frame)", "frame"),
    ],
)
def test_a_condition_reads_nothing_but_its_mart(version: OpenVersion, tmp_path: Path, condition: str, why: str) -> None:
    file = tmp_path / "file.csv"
    file.write_text("a\n1\n")
    frame = pd.DataFrame({"a": [1]})  # DuckDB would find it by its name
    with pytest.raises(ConfigError, match=why) as refused:
        version.read("dim_customer", where=condition.format(file=file))
    assert "the columns are customer_key, spent amount, segment" in str(refused.value)
    assert len(frame) == 1


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("random() < 0.5", r"random\(\)"),
        ("segment is null or (Random() between 0 and 0.5)", r"random\(\)"),
        ('"random"() < 0.5', r"random\(\)"),
        ("list_transform([1], lambda x: random())[1] > 0.5", r"random\(\)"),
        ("uuid()::varchar > customer_key", r"uuid\(\)"),
        ("current_date > date '2026-01-01'", "current_date"),
        ("CURRENT_TIMESTAMP > timestamp '2026-01-01'", "current_timestamp"),
        ("localtime > time '12:00'", "localtime"),
        ("current_localtime() > time '12:00'", r"current_localtime\(\)"),
        ("now() > timestamp '2026-01-01'", r"now\(\)"),
        ("age(timestamp '2026-01-01') > interval 1 day", r"age\(\)"),
        ("current_schema = segment", "current_schema"),
        ("exists (select 1 from dim_customer where random() < 0.5)", r"random\(\)"),
        ("customer_key in (select customer_key from dim_customer using sample 5 rows)", "a sample"),
    ],
)
def test_a_condition_whose_result_can_change_is_refused(version: OpenVersion, condition: str, what: str) -> None:
    with pytest.raises(
        ConfigError, match=f"the result of {what} can change, but the same version must give"
    ) as refused:
        version.read("dim_customer", where=condition)
    assert "as_of_on" in refused.value.hint


@pytest.mark.parametrize(
    "condition",
    [
        "segment = 'random()' or segment like 'now%'",
        "age(timestamp '2026-01-02', timestamp '2026-01-01') > interval 1 hour",
        "hash(customer_key) % 2 = 0 and lower(segment) is not null",
        "(select count(*) from dim_customer) = 50",
    ],
)
def test_a_condition_that_only_looks_so_is_taken(version: OpenVersion, condition: str) -> None:
    assert len(version.read("dim_customer", where=condition)) == len(version.read("dim_customer", where=condition))


def test_an_unknown_name_is_refused_with_what_exists(version: OpenVersion, tmp_path: Path) -> None:
    for look in (version.read, version.path, version.describe):
        with pytest.raises(ConfigError, match=r"'dim_custmer' .*`dim_customer`\? The marts are dim_customer, f"):
            look("dim_custmer")
    with pytest.raises(ConfigError, match=r"column 'Segment'; did you mean `segment`\? Its columns are customer_key"):
        version.read("dim_customer", columns=["Segment"])
    with pytest.raises(ConfigError, match="'segment' is named twice"):
        version.read("dim_customer", columns=["segment", "segment"])
    with pytest.raises(ConfigError, match="must be a list of names"):
        version.read("dim_customer", columns="segment")
    with pytest.raises(PublicationError, match="no version 2026-01-06_x") as refused:
        open_version(tmp_path, "2026-01-06_x")
    assert "2026-01-05_aaaa" in refused.value.hint
    with pytest.raises(PublicationError, match="has no folder published"):
        open_version(tmp_path / "elsewhere")


def test_an_open_version_stays_the_same_while_others_are_published_and_removed(
    version: OpenVersion, publish: Publish, tmp_path: Path
) -> None:
    before = version.read("dim_customer")
    publish(5, "bbbb", retention=AT_ONCE)
    publish(6, "cccc", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-06_cccc", "2026-01-05_aaaa"]
    pd.testing.assert_frame_equal(version.read("dim_customer"), before)
    assert open_version(tmp_path).id == "2026-01-06_cccc"
    version.close()
    publish(7, "dddd", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-07_dddd"]
    with pytest.raises(PublicationError, match="2026-01-05_aaaa was removed"):
        version.read("dim_customer")
    with pytest.raises(PublicationError, match="2026-01-05_aaaa was removed"):
        version.duckdb()


def test_a_version_is_kept_for_the_time_of_a_with_block_or_of_its_object(publish: Publish, tmp_path: Path) -> None:
    publish(5, "aaaa")
    with open_version(tmp_path) as version:
        publish(6, "bbbb", retention=AT_ONCE)
        assert ids(tmp_path) == ["2026-01-06_bbbb", version.id]
    version = open_version(tmp_path)
    publish(7, "cccc", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-07_cccc", version.id]
    del version
    publish(8, "dddd", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-08_dddd"]


def test_the_hold_of_a_killed_reader_ends(publish: Publish, tmp_path: Path) -> None:
    publish(5, "aaaa")
    reads = (
        f"from pipelines.reading import open_version\nkept = open_version({str(tmp_path)!r})\nprint(kept.id)\ninput()"
    )
    with subprocess.Popen([sys.executable, "-c", reads], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as reader:
        assert reader.stdout and reader.stdout.readline() == b"2026-01-05_aaaa\n"
        publish(6, "bbbb", retention=AT_ONCE)
        assert ids(tmp_path) == ["2026-01-06_bbbb", "2026-01-05_aaaa"]
        reader.kill()
    publish(7, "cccc", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-07_cccc"]


def test_without_locks_the_grace_period_applies(
    publish: Publish, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(handle: int, kind: int) -> None:
        raise OSError(errno.EBADF, "as some network mounts answer for a folder")

    monkeypatch.setattr("pipelines.publication.holds.fcntl", SimpleNamespace(flock=flock, **LOCKS))
    publish(5, "aaaa")
    version = open_version(tmp_path)
    publish(6, "bbbb", retention=Retention(days=1, grace_minutes=60))
    assert len(version.read("dim_customer")) == 50
    publish(7, "cccc", retention=AT_ONCE)
    assert ids(tmp_path) == ["2026-01-07_cccc"]


def test_erasure_and_deletion_do_not_wait_for_readers(version: OpenVersion, publish: Publish, tmp_path: Path) -> None:
    key = version.read("dim_customer")["customer_key"][0]
    erase_customers(tmp_path / "published", [key])
    with pytest.raises(PublicationError, match="a person in it was erased"):
        version.read("dim_customer")
    again = open_version(tmp_path)
    assert len(again.read("dim_customer")) == 49
    publish(6, "bbbb")
    delete_version(tmp_path / "published", again.id)
    with pytest.raises(PublicationError, match="somebody deleted it"):
        again.read("dim_customer")


def test_a_version_can_be_opened_by_its_id(version: OpenVersion, publish: Publish, tmp_path: Path) -> None:
    publish(6, "bbbb")
    assert open_version(tmp_path, "2026-01-05_aaaa").as_of == date(2026, 1, 5)
    assert open_version(tmp_path).as_of == date(2026, 1, 6)
    set_current(tmp_path / "published", "2026-01-05_aaaa")
    assert open_version(str(tmp_path)).id == version.id
    (tmp_path / "published" / "versions" / "2026-01-06_bbbb" / "loyalty.duckdb").unlink()
    with pytest.raises(PublicationError, match=r"2026-01-06_bbbb is damaged: .*loyalty.duckdb is missing"):
        open_version(tmp_path, "2026-01-06_bbbb")


def test_what_is_there_is_listed_and_described(version: OpenVersion) -> None:
    assert version.marts == ["dim_customer", "fct_order"]
    assert version.describe("dim_customer").to_dict("list") == {
        "column": ["customer_key", "spent amount", "segment"],
        "type": ["VARCHAR", "DECIMAL(18,2)", "VARCHAR"],
        "description": ["The customer's pseudonym.", "What it's worth.", ""],
    }
    (file,) = version.path("dim_customer").iterdir()
    assert duckdb.sql(f"from '{file}'").shape == (50, 3)


@pytest.mark.parametrize("home", ["s3://bucket/prefix", "https://storage.example.org/bucket/prefix"])
def test_an_address_is_refused_with_what_to_do_instead(home: str) -> None:
    with pytest.raises(PublicationError, match=f"reads a home on this machine, but {home} is an address") as refused:
        open_version(home)
    assert "docs/object-storage.md" in refused.value.hint


def test_a_connection_cannot_write_and_does_not_mind_others(version: OpenVersion) -> None:
    path = version.folder / "loyalty.duckdb"
    with duckdb.connect(str(path), read_only=True, config={"threads": 1}) as other, version.duckdb() as connection:
        assert other.execute("select count(*) from fct_order").fetchall() == [(50,)]
        connection.execute("create temporary table mine as select count(*) as n from fct_order")
        assert connection.execute("from mine").fetchall() == [(50,)]
        for statement in ("delete from dim_customer", "create table more (a integer)"):
            with pytest.raises(duckdb.Error, match="read-only"):
                connection.execute(statement)


def test_a_file_that_cannot_be_read_is_named(version: OpenVersion) -> None:
    (version.path("dim_customer") / "part-0.parquet").write_bytes(b"PAR1 cut")
    with pytest.raises(PublicationError, match="2026-01-05_aaaa cannot be read"):
        version.read("dim_customer")


def test_pandas_is_imported_only_for_a_frame() -> None:
    code = "import sys, pipelines.reading; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("name", [1, None, ["x"]])
def test_a_name_that_is_not_a_text_is_an_error_of_the_caller(version: OpenVersion, name: Any) -> None:
    mart = version.marts[0]
    with pytest.raises(ConfigError, match="there is no mart"):
        version.read(name)
    with pytest.raises(ConfigError, match=f"{mart} has no column"):
        version.read(mart, columns=[name])


def test_a_damaged_version_is_refused_alike_by_export_and_report(version: OpenVersion, tmp_path: Path) -> None:
    (version.folder / "manifest.json").write_text("{")
    (tmp_path / "in").mkdir()
    (tmp_path / "mapping.yml").write_text("source: shop\nfiles: []\n")
    (config := tmp_path / "loyalty.yml").write_text(
        f"home: {tmp_path}\ncurrency: EUR\ntimezone: UTC\nsources: [{{mapping: mapping.yml, files: in}}]\n"
    )
    for words in (["export", "x", "--format", "csv", "--version"], ["report", "--version"]):
        done = CliRunner().invoke(app, [*words, version.id, "--config", str(config)])
        assert done.exit_code == 6, done.stderr
        assert f"the version {version.id} is damaged" in done.stderr.replace("\n", " ")
        assert "Choose another one from `loyalty versions`" in done.stderr.replace("\n", " ")
