"""The order of arrival does not matter: staging and as-of, as dbt compiles them, on any delivery of the same versions.

Rows with keys may come in any number of files, twice, late, renamed, split and put together: what is known of a key
and what it was on a day stay the same. Whole runs of this are in tests/faults/test_deliveries.py.
"""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.dbt.landed import Row, land, prepare
from tests.dbt.warehouse import open_warehouse

AS_OF = date(2024, 3, 15)
FIRST_LANDED = date(2024, 4, 1)  # after all that the rows speak of, so that nothing lies in the future

# Of each entity: its key and a column that corrections change.
ENTITIES = {
    "orders": ("order_id", "gross"),
    "cases": ("case_id", "closed_at"),
    "customers": ("customer_ref", "country"),
    "returns": ("return_id", "amount"),
    "fx_rates": ("currency", "rate"),
}
FIXED: dict[str, dict[str, str]] = {
    "orders": {"ordered_at": "2024-03-05 10:00:00", "currency": "GBP", "customer_ref": "c"},
    "cases": {"opened_at": "2024-03-05 10:00:00", "status": "closed"},
    "customers": {},
    "returns": {"order_id": "o", "returned_at": "2024-03-06 10:00:00", "kind": "return"},
    "fx_rates": {"day": "2024-03-05"},
}
DELETABLE = {"orders", "cases", "customers", "returns"}
KEYS = {"currency": ["EUR", "USD"]}
VALUES = {
    "closed_at": ["2024-03-06 10:00:00", "2024-03-18 10:00:00", "soon", None],
    "country": ["GB", "FR", None],
    "rate": ["1.5", "0.9", "nonsense"],
}


# The place of each file among the deliveries of its name.
PLACES = ("stg_delivery", "stg_batch")


def models_of(entity: str) -> list[tuple[str, str]]:
    """(schema, model) from what landed to what was so on the day."""
    landed = [f"stg_{name}{suffix}" for name in (entity, "deletions") for suffix in ("__checked", "")]
    staged = [("staging", model) for model in (*PLACES, *landed)]
    return [*staged, ("staging", f"int_{entity}_as_of")]


File = tuple[date, date | None, dict[str, list[Row]], str]


@dataclass(frozen=True)
class Version:
    """One row as a source delivers it.

    Attributes:
        row: Canonical columns.
        file_on: The date of the file that it comes in.
        entity: The entity; that of the test, or deletions.
    """

    row: tuple[tuple[str, str | None], ...]
    file_on: date | None
    entity: str


def versions(entity: str) -> st.SearchStrategy[Version]:
    key, changed = ENTITIES[entity]
    days = st.sampled_from([date(2024, 3, day) for day in (5, 14, 15, 16, 20)])
    row = st.fixed_dictionaries(
        {
            key: st.sampled_from(KEYS.get(key, ["1", "2"])),
            changed: st.sampled_from(VALUES.get(changed, ["10", "11", "ten"])),
            "updated_at": st.none() | days.map(lambda day: f"{day} 12:00:00"),
        }
    )
    stated = st.builds(
        lambda row, file_on: Version(tuple({**FIXED[entity], **row}.items()), file_on, entity), row, st.none() | days
    )
    return stated | deletions(entity) if entity in DELETABLE else stated


def deletions(entity: str) -> st.SearchStrategy[Version]:
    row = st.fixed_dictionaries(
        {
            "entity": st.just(entity),
            "record_id": st.sampled_from(["1", "2"]),
            "deleted_at": st.sampled_from([f"2024-03-{day} 12:00:00" for day in ("05", "14", "15", "16")]),
        }
    )
    return st.builds(lambda row: Version(tuple(row.items()), None, "deletions"), row)


@st.composite
def deliveries(draw: st.DrawFn, rows: Sequence[Version]) -> list[File]:
    """Files that hold the rows, each at least once: (landed on, file date, rows by entity, name)."""
    again = draw(st.lists(st.sampled_from(rows), max_size=3))
    order = draw(st.permutations([*rows, *again]))
    files: list[File] = []
    for version in order:
        fits = [file for file in files if file[1] == version.file_on]
        if fits and draw(st.booleans()):
            fits[-1][2].setdefault(version.entity, []).append(dict(version.row))
        else:
            landed_on = FIRST_LANDED + timedelta(days=draw(st.integers(0, 9)))
            rows_of = {version.entity: [dict(version.row)]}
            files.append((landed_on, version.file_on, rows_of, draw(st.text("abc", min_size=1, max_size=2))))
    return files


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Iterator["Compiled"]:
    home = tmp_path_factory.mktemp("arrival")
    models = [
        *PLACES,
        *(model for entity in ENTITIES for model in (f"stg_{entity}__checked", f"stg_{entity}", f"int_{entity}_as_of")),
        *("stg_deletions__checked", "stg_deletions"),
    ]
    with open_warehouse(home) as warehouse:
        warehouse.ingest(AS_OF)  # conditions on kinds are compiled from the seeds
        warehouse.dbt("compile", "--full-refresh", "--select", *models, as_of=AS_OF)
    found = {path.stem: path.read_text() for path in (home / "target" / "compiled").rglob("*.sql")}
    yield Compiled(home, {model: found[model] for model in models})


@dataclass(frozen=True)
class Compiled:
    """The models' SQL, and the folder that it reads landed files from.

    Attributes:
        home: Its `landing/` is filled anew for each delivery.
        sql: By model, in the order of building.
    """

    home: Path
    sql: dict[str, str] = field(repr=False)

    def build(self, entity: str, files: list[File]) -> tuple[object, object]:
        """What is known of every key (versions and refusals, each once), and what each is on the day."""
        landing = self.home / "landing"
        shutil.rmtree(landing)
        prepare(landing)
        for number, (landed_on, file_on, rows, name) in enumerate(files):
            land(landing, "shop", landed_on, rows, file_on=file_on, name=f"{name}{number}")
        columns = ", ".join((*ENTITIES[entity], "updated_at"))
        with duckdb.connect() as connection:
            # paths in the SQL are relative to the home, in which dbt runs
            connection.execute(f"set file_search_path = '{self.home}'")
            connection.execute("attach ':memory:' as warehouse")
            for schema in ("staging", "intermediate"):
                connection.execute(f"create schema warehouse.{schema}")
            # every file has a name of its own here, so nothing is delivered again
            connection.execute(f"attach '{self.home}/warehouse.duckdb' as staged (read_only)")
            connection.execute(
                "create table warehouse.staging.stg_redelivered_row as from staged.staging.stg_redelivered_row limit 0"
            )
            # no row has an e-mail, so none is of a guest
            connection.execute("create table warehouse.staging.int_guest (email varchar, guest_ref varchar)")
            for schema, model in models_of(entity):
                connection.execute(f"create table warehouse.{schema}.{model} as {self.sql[model]}")
            known = connection.execute(
                f"select distinct {columns}, broken_rules from warehouse.staging.stg_{entity}__checked order by all"
            ).fetchall()
            on_the_day = connection.execute(
                f"select {columns} from warehouse.staging.int_{entity}_as_of order by all"
            ).fetchall()
        return known, on_the_day


@pytest.mark.parametrize("entity", ENTITIES)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_known_does_not_depend_on_how_it_came(compiled: Compiled, entity: str, data: st.DataObject) -> None:
    rows = data.draw(st.lists(versions(entity), min_size=1, max_size=6, unique=True))
    one, other = (compiled.build(entity, data.draw(deliveries(rows))) for _ in range(2))
    assert one == other
