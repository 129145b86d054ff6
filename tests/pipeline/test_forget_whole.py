"""A person who stands in every part of a home that has been run, and is forgotten: read back byte by byte.

The runs happen once, in order, in the fixture; each test looks at one promise.
"""

import json
import re
import stat
import subprocess
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from pipelines.identity.pseudonyms import customer_key
from pipelines.publication import KEPT_AS_NOBODYS, MartTable, audit, list_versions, publish, resolve_current
from pipelines.sample import write_sample
from tests.conftest import LOYALTY, clean_environment, share_compiled
from tests.pipeline import person

pytestmark = pytest.mark.story

Rows = dict[str, list[tuple[Any, ...]]]


@dataclass(frozen=True)
class Story:
    """The results of each step.

    Attributes:
        home: The home.
        open_files: What others could read after a run, by its umask.
        held: What `export` said of her.
        explained: `explain` of her second reference before.
        before: Where she stood.
        keys_before: Her pseudonyms, and in which versions they stood.
        marts_before: Every other customer's rows of the current version.
        certificate: The report of `forget --json`.
        after: Where she stood then.
        keys_after: In which versions her pseudonyms stood then.
        marts_after: Every other customer's rows of the current version then.
        facts_after: Her orders in the current version then.
        again: The run after that, in which her files came again.
        at_last: Where she stood then.
        unknown: `export` then.
        unexplained: `explain` then, by reference and by key.
    """

    home: Path
    open_files: dict[int, list[str]]
    held: dict[str, Any]
    explained: subprocess.CompletedProcess[str]
    before: dict[str, list[str]]
    keys_before: dict[str, list[str]]
    marts_before: Rows
    certificate: dict[str, Any]
    after: dict[str, list[str]]
    keys_after: dict[str, list[str]]
    marts_after: Rows
    facts_after: list[tuple[Any, ...]]
    again: dict[str, Any]
    at_last: dict[str, list[str]]
    unknown: subprocess.CompletedProcess[str]
    unexplained: list[subprocess.CompletedProcess[str]]


def command(config: Path, *arguments: str | Path, umask: int = 0o022) -> subprocess.CompletedProcess[str]:
    with share_compiled(config) if arguments[0] == "run" else nullcontext():
        return subprocess.run(
            [str(LOYALTY), *map(str, arguments), "--config", str(config)],
            env=clean_environment(),
            umask=umask,
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )


def well(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    return done.stdout


def open_to_others(home: Path) -> list[str]:
    """What lies below home and can be read or entered by others than its owner, but for what is published."""
    return [
        f"{path.relative_to(home)} {stat.S_IMODE(path.lstat().st_mode):04o}"
        for path in home.rglob("*")
        if not path.is_relative_to(home / "published") and not path.is_symlink() and path.lstat().st_mode & 0o077
    ]


def others(home: Path, keys: set[str]) -> Rows:
    """Every mart of the current version without some customers' rows, and without whose the orders of nobody are."""
    version = resolve_current(home / "published")
    found = {}
    for table in audit(version).tables:
        columns = [column.name for column in table.columns]
        persons = [column for column in columns if column.endswith("customer_key")]
        listed = ", ".join(f"'{key}'" for key in keys)
        if table.name in KEPT_AS_NOBODYS:
            columns = [column for column in columns if column not in persons]
            where = "true"
        else:
            where = " and ".join(f"coalesce({column} not in ({listed}), true)" for column in persons) or "true"
        select = ", ".join(f'"{column}"' for column in columns)
        files = [str(version / file.path) for file in table.files]
        with duckdb.connect() as connection:
            found[table.name] = connection.execute(
                f"select {select} from read_parquet({files}) where {where} order by all"
            ).fetchall()
    return found


def published_keys(home: Path, refs: tuple[str, ...]) -> set[str]:
    """The keys of some references of the CRM in the marts: of their references known first, which can be a guest's."""
    with duckdb.connect(str(home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select distinct customer_key from intermediate.int_customer_identity"
            " where source = 'crm' and list_contains(?, customer_ref)",
            [list(refs)],
        ).fetchall()
    return {key for (key,) in found}


def keep_another_version(home: Path, as_of: date) -> None:
    """The same marts once more as those of an earlier day, which `current` does not follow."""
    manifest = audit(resolve_current(home / "published"))
    tables = [MartTable(table.name, table.key, table.description) for table in manifest.tables]
    warehouse = home / "state" / "warehouse.duckdb"
    assert not publish(warehouse, home / "published", as_of=as_of, run_id="earlier", tables=tables).is_current


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("forget")
    write_sample(folder / "shop", customers=100, days=60, seed=7)
    names = [path.name for path in (folder / "shop" / "inbox").iterdir()]
    last = date.fromisoformat(max(found[0] for name in names if (found := re.search(r"\d{4}-\d{2}-\d{2}", name))))
    person.settings(folder)
    config = folder / "loyalty.yml"
    content = yaml.safe_load(config.read_text())
    shop = {"mapping": "sample", "files": str(folder / "shop" / "inbox")}
    few = {"min_rows": 1000}  # a shop this small has little of anything, and much of it planted as bad
    config.write_text(yaml.safe_dump({**content, "quarantine": few, "sources": [shop, *content["sources"]]}))
    home, inbox = folder / "home", folder / "inbox"
    day, earlier = last - timedelta(days=20), last - timedelta(days=5)
    cut_off = f'{{"interaction_id": "I9", "who": "{person.REF}", "mail": "{person.EMAIL}", cut off'
    person.write(
        inbox, day.isoformat(), person.rows(day.isoformat()), person.bobs_rows(day.isoformat()), unreadable=cut_off
    )

    well(command(config, "run", "--json"))
    open_files = {0o022: open_to_others(home)}
    keep_another_version(home, earlier)
    key = (home / "key").read_text().strip().encode()
    refs = (person.REF, person.PERSON_REF, person.SECOND_REF)
    keys = {customer_key(key, "crm", ref) for ref in refs} | published_keys(home, refs)
    out = folder / "held.json"
    well(command(config, "export", person.REF, "--out", out))
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    explained = command(config, "explain", person.SECOND_REF)
    before, keys_before = person.traces(home), person.traces(home / "published", tuple(keys))
    marts_before = others(home, keys)

    certificate = json.loads(well(command(config, "forget", person.REF, "--yes", "--json", umask=0o002)))
    after, keys_after = person.traces(home), person.traces(home / "published", tuple(keys))
    marts_after = others(home, keys)
    version = resolve_current(home / "published")
    with duckdb.connect() as connection:
        facts = connection.execute(
            f"select order_id, customer_key, gross_amount from '{version}/marts/fct_order/*.parquet'"
            " where source = 'crm' order by all"
        ).fetchall()

    later = (last - timedelta(days=1)).isoformat()
    (home / "key").write_text("the-key-that-is-in-force-from-now-on-and-makes-others\n" + (home / "key").read_text())
    person.write(inbox, later, person.rows(later), unreadable=cut_off)
    again = json.loads(well(command(config, "run", "--json", umask=0o002)))
    open_files[0o002] = open_to_others(home)
    return Story(
        home=home,
        open_files=open_files,
        held=json.loads(out.read_text()),
        explained=explained,
        before=before,
        keys_before=keys_before,
        marts_before=marts_before,
        certificate=certificate,
        after=after,
        keys_after=keys_after,
        marts_after=marts_after,
        facts_after=facts,
        again=again,
        at_last=person.traces(home, tuple(text for text in person.STRINGS if text != person.NAME)),
        unknown=command(config, "export", person.REF),
        unexplained=[command(config, "explain", asked) for asked in (person.REF, min(keys))],
    )


def test_nothing_of_them_is_left_anywhere_below_home(story: Story) -> None:
    assert any(name.startswith("landing/") for name in story.before)
    assert "state/warehouse.duckdb" in story.before
    assert "exchange/pseudonyms.parquet" in story.before
    assert story.after == {}


def test_no_log_event_artifact_or_published_file_ever_named_them(story: Story) -> None:
    places = {name.partition("/")[0] for name in story.before}
    assert places == {"landing", "state", "exchange"}
    assert [name for name in story.before if name.startswith("state/")] == ["state/warehouse.duckdb"]
    assert story.certificate["logs_removed"] == []


def test_every_kept_version_is_written_anew_without_them_and_stays_whole(story: Story) -> None:
    assert len({name.split("/")[1] for name in story.keys_before}) == 2
    assert story.keys_after == {}
    replaced = story.certificate["versions"]
    assert len(replaced) == 2
    for one in replaced:
        assert one["rows"]["dim_customer"] == 1
        assert not (story.home / "published" / "versions" / one["id"]).exists()
        assert (story.home / "published" / "versions" / one["became"]).is_dir()
    for version in list_versions(story.home / "published"):
        audit(version.path)


def test_everybody_else_is_as_before_in_the_versions_that_are_kept(story: Story) -> None:
    assert story.marts_after == story.marts_before


def test_their_orders_stay_in_the_books_as_those_of_nobody(story: Story) -> None:
    assert [row for row in story.facts_after if row[1] is not None and row[0].startswith("A")] == []
    assert {row[0] for row in story.facts_after} >= {"A1", "A2"}


def test_a_file_that_brings_them_back_lands_without_them_and_the_run_is_green(story: Story) -> None:
    assert story.again["status"] == "published"
    assert story.again["build"] == "full"
    assert story.again["rows"]["erased"] > 0
    assert story.at_last == {}


def test_another_key_gives_everybody_another_name(story: Story) -> None:
    def keys(folder: Path) -> set[str]:
        with duckdb.connect() as connection:
            return {
                key
                for (key,) in connection.execute(
                    f"select customer_key from '{folder}/marts/dim_customer/*.parquet'"
                ).fetchall()
            }

    kept = story.home / "published" / "versions" / story.certificate["versions"][-1]["became"]
    now = keys(resolve_current(story.home / "published"))
    assert now
    assert not now & keys(kept)


def test_what_is_held_is_told_with_file_and_line(story: Story) -> None:
    held = story.held["held"]
    assert {name.partition(".")[0] for name in held} >= {"landed", "staging", "marts", "published"}
    first = held["landed.customers"][0]
    assert (first["name"], first["line"]) == (person.NAME, 1)
    assert first["file_name"].startswith("customers_")
    assert len(held["landed.orders"]) == 3
    assert held["marts.dim_customer"][0]["customer_key"] in story.held["customer_keys"]
    assert held["landed.unreadable"]
    assert person.BOB not in {row.get("customer_ref") for row in held["landed.customers"]}


def test_who_is_not_held_is_said_so(story: Story) -> None:
    assert story.unknown.returncode == 8
    assert "error " in story.unknown.stderr


def test_a_reference_with_the_form_of_a_key_is_explained(story: Story) -> None:
    assert (story.explained.returncode, story.explained.stderr) == (0, "")
    assert story.explained.stdout.split()[1] in story.held["customer_keys"]


def test_an_erased_person_cannot_be_explained(story: Story) -> None:
    assert [done.returncode for done in story.unexplained] == [8, 8]
    assert [done.stdout for done in story.unexplained] == ["", ""]


@pytest.mark.parametrize("umask", [0o022, 0o002])
def test_what_is_personal_is_the_owners_alone(story: Story, umask: int) -> None:
    assert story.open_files[umask] == []
    version = resolve_current(story.home / "published")
    assert stat.S_IMODE((version / "manifest.json").stat().st_mode) == 0o640
