"""A home of an earlier program with other columns: the next run rebuilds what it must and keeps what the home has."""

import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from pipelines.base import quoting
from pipelines.base.database import connect
from pipelines.base.durable import sha256_of
from pipelines.config.secret_key import load_key
from pipelines.landing import index, packs
from pipelines.privacy.subject import Subject
from pipelines.privacy.tombstones import TOMBSTONES, add_tombstones
from pipelines.publication import SCHEMA_VERSION, audit, list_versions, resolve_current
from tests.conftest import SampleHome, call, copy_inboxes

pytestmark = pytest.mark.story

# The names of schema version 1, by table and present name.
BEFORE = {
    "rpt_clv_validation": {
        "predicted": "told",
        "actual": "seen",
        "deviance_gap": "behind",
        "deviance_gap_error": "behind_error",
    },
    "customer_rfm": {
        "rfm_segment": "segment",
        "rfm_segment_at_month_end": "segment_at_month_end",
    },
    "rpt_nps": {"slice_by": "segment_kind", "slice_value": "segment"},
    "rpt_clv_by_segment": {"slice_by": "segment_kind", "slice_value": "segment"},
}
INNER = {
    ("seeds", "rfm_segments"): {"rfm_segment": "segment"},
    ("intermediate", "int_customer_rfm"): {"rfm_segment": "segment"},
    ("intermediate", "int_nps_slice"): BEFORE["rpt_nps"],
    ("intermediate", "int_clv_slice"): BEFORE["rpt_nps"],
}
KEPT = ("landing", "key", "erasures")


@dataclass(frozen=True)
class Upgrade:
    """What happened.

    Attributes:
        home: Where.
        old: The folder of the version that the earlier program published.
        before: What only the home has, by its path below it: the bytes of each file.
        done: The run of the present program.
    """

    home: Path
    old: Path
    before: dict[str, bytes]
    done: subprocess.CompletedProcess[str]


def kept_files(home: Path) -> dict[str, bytes]:
    """What a home is: without the index and the packs, which are made again from the landed files."""
    found = {
        str(path.relative_to(home)): path.read_bytes()
        for name in KEPT
        for path in ([home / name] if (home / name).is_file() else sorted((home / name).rglob("*")))
        if path.is_file()
    }
    made_again = tuple(f"landing/{name}/" for name in (index.FOLDER, packs.FOLDER))
    return {name: content for name, content in found.items() if not name.startswith(made_again)}


def rename(connection: duckdb.DuckDBPyConnection, schema: str, table: str, names: dict[str, str]) -> None:
    ((kind,),) = connection.execute(
        "select table_type from information_schema.tables where table_schema = ? and table_name = ?", [schema, table]
    ).fetchall()
    relation = f"{quoting.name(schema)}.{quoting.name(table)}"
    if kind == "VIEW":
        connection.execute(f"drop view {relation}")
        return
    for now, then in names.items():
        connection.execute(f"alter table {relation} rename column {quoting.name(now)} to {quoting.name(then)}")


def rename_in_parquet(path: Path, names: dict[str, str]) -> None:
    renamed = ", ".join(f"{quoting.name(now)} as {quoting.name(then)}" for now, then in names.items())
    fresh = path.with_name("fresh.parquet")
    with connect() as connection:
        connection.execute(
            f"copy (select * rename ({renamed}) from read_parquet({quoting.files(path)}, hive_partitioning = false))"
            f" to {quoting.path(fresh)} (format parquet)"
        )
    fresh.replace(path)


def make_old_version(folder: Path) -> None:
    """Rewrite a version as schema version 1 had it: names, manifest, hashes."""
    manifest = json.loads((folder / "manifest.json").read_text())
    del manifest["schema_version"]
    manifest["format"] = 3
    manifest["versions"]["build"] = "earlier"
    with duckdb.connect(str(folder / manifest["database"]["path"])) as connection:
        for table, names in BEFORE.items():
            rename(connection, "main", table, names)
    for table in manifest["tables"]:
        if names := BEFORE.get(table["name"]):
            for column in table["columns"]:
                column["name"] = names.get(column["name"], column["name"])
            table["key"] = [names.get(column, column) for column in table["key"]]
            rename_in_parquet(folder / table["files"][0]["path"], names)
    files = [manifest["database"], *(table["files"][0] for table in manifest["tables"])]
    for file in files:
        file["bytes"] = (folder / file["path"]).stat().st_size
        file["sha256"] = sha256_of(folder / file["path"])
    (folder / "manifest.json").write_text(json.dumps(manifest))


def make_old_home(home: Path) -> Path:
    """Make the state of a home what a program of schema version 1 left; gives the version's folder."""
    old = resolve_current(home / "published")
    make_old_version(old)
    with duckdb.connect(str(home / "state" / "warehouse.duckdb")) as connection:
        tables = {("marts", table): names for table, names in BEFORE.items()} | INNER
        for (schema, table), names in tables.items():
            rename(connection, schema, table, names)
        connection.execute("update seeds.labels set code = 'true' where code = 'true_loyalty'")
    rename_in_parquet(home / "exchange" / "value_validation.parquet", BEFORE["rpt_clv_validation"])
    path = home / "state" / "build.json"
    state = json.loads(path.read_text())
    for part in state.values():
        part["fingerprint"] = "earlier"
    path.write_text(json.dumps(state))
    add_tombstones(home / "erasures", load_key(home / "key"), Subject(refs=frozenset({("sample", "gone")})), "erasure")
    return old


@pytest.fixture(scope="module")
def upgrade(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Upgrade:
    folder = tmp_path_factory.mktemp("upgrade")
    home, config = folder / "home", folder / "loyalty.yml"
    shutil.copytree(sample_home.home, home, symlinks=True)
    copy_inboxes(sample_home, folder)
    config.write_bytes(sample_home.config.read_bytes())
    old = make_old_home(home)
    before = kept_files(home)
    return Upgrade(home, old, before, call("run", "--json", "--config", config, "--home", home))


def test_the_next_run_publishes_the_present_columns(upgrade: Upgrade) -> None:
    assert upgrade.done.returncode == 0, upgrade.done.stderr
    current = resolve_current(upgrade.home / "published")
    assert current != upgrade.old
    manifest = audit(current)
    assert manifest.schema_version == SCHEMA_VERSION
    columns = {table.name: {column.name for column in table.columns} for table in manifest.tables}
    for table, names in BEFORE.items():
        assert columns[table] >= names.keys() and columns[table].isdisjoint(names.values()), table


def test_landing_ledger_key_and_tombstones_are_kept(upgrade: Upgrade) -> None:
    assert f"erasures/{TOMBSTONES}" in upgrade.before
    after = kept_files(upgrade.home)
    assert {name: after.get(name) for name in upgrade.before} == upgrade.before


def test_the_version_of_the_earlier_program_stays_readable(upgrade: Upgrade) -> None:
    found = {version.id: version for version in list_versions(upgrade.home / "published")}
    version = found[upgrade.old.name]
    assert (version.problem, version.schema_version) == ("", 1)
    manifest = audit(version.path)
    columns = {table.name: {column.name for column in table.columns} for table in manifest.tables}
    assert columns["customer_rfm"] >= {"segment", "segment_at_month_end"}
