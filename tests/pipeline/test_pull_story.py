"""One daily run pulls a CRM, a loyalty programme and the database of tills, and joins them with files of a shop and a
survey: it finds the people and their purchases. Levels and an audience with a holdout group are pushed into the CRM.
The second day takes what has changed, and finds what the contact changed.
"""

import csv
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.activation.push import push
from pipelines.activation.push_report import PushReport
from pipelines.config.settings import Settings, load_settings
from pipelines.connectors.pull_report import PullReport, last_pull
from pipelines.connectors.pulled_source import pulled_sources
from pipelines.reading import open_version
from tests.conftest import SampleHome
from tests.four_systems import customer_keys, wrong_people, wrong_purchases_of_the_shop
from tests.pulled_systems import EVENING, PulledSystems, fill_systems, later
from tests.scheduled_run import scheduled_run
from tests.targets.postgres_server import server, skip_without_postgres
from tests.vendors.fxiaoke import APP_ID, APP_SECRET, PERMANENT_CODE, USER, serving_fxiaoke
from tests.vendors.zoho import CLIENT, serving_zoho
from tests.vendors.zoho_modules import Record, time_of

MORE = """
audiences:
  win_back: {where: recency_days > 15, channel: email, holdout: 0.4, effect_days: 3}
push:
  - source: zoho
    object: Contacts
    fields: {level: Loyalty_Level, next_action: Next_Action}
    audiences: {field: Loyalty_Audiences, names: [win_back]}
"""

pytestmark = [pytest.mark.story, pytest.mark.postgres]


@dataclass
class Story:
    """What two days gave.

    Attributes:
        systems: The five systems.
        warehouse: A copy of the warehouse after the first day.
        first: The reports of the pulls of the first day, by source.
        second: Those of the second day.
        version: The version of the second day.
        deleted_case: A case that the CRM deleted on the second day.
        pushed: What was pushed between the days.
        levels: The levels of the first day, by customer.
        contacts: The contacts of the CRM after the push.
        changed: The contacts that the CRM changed after the first day.
        arms: The people of the audience who have a contact, by arm.
        bought: Those of them who bought on the second day.
    """

    systems: PulledSystems
    warehouse: Path
    first: dict[str, PullReport]
    second: dict[str, PullReport]
    version: Path
    deleted_case: str
    pushed: PushReport
    levels: dict[str, str]
    contacts: dict[str, Record]
    changed: set[str]
    arms: dict[str, set[str]]
    bought: set[str]


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    skip_without_postgres(with_pulls=True)
    folder = tmp_path_factory.mktemp("pulled")
    patch = pytest.MonkeyPatch()
    for name, value in {
        **{f"ZOHO_{name.upper()}": value for name, value in CLIENT.items()},
        "FXIAOKE_APP_ID": APP_ID,
        "FXIAOKE_APP_SECRET": APP_SECRET,
        "FXIAOKE_PERMANENT_CODE": PERMANENT_CODE,
        "FXIAOKE_OPEN_USER_ID": USER,
    }.items():
        patch.setenv(name, value)
    with patch.context() as environment, server() as postgres:
        environment.setenv("LOYALTY_SQL", postgres)
        systems = fill_systems(sample_home, folder, postgres)
        with serving_zoho(systems.zoho) as zoho, serving_fxiaoke(systems.fxiaoke):
            systems.write_config(zoho, systems.fxiaoke.url, more=MORE)
            yield told(systems)
    patch.undo()


def told(systems: PulledSystems) -> Story:
    """Both days."""
    settings = load_settings(systems.config)
    assert [result.success for result in scheduled_run(settings)] == [True, True], reports(systems)
    first = reports(systems)
    warehouse = systems.folder / "first.duckdb"
    warehouse.write_bytes(settings.paths.warehouse.read_bytes())
    levels = current_levels(settings)
    for name in ("Loyalty_Level", "Next_Action", "Loyalty_Audiences"):
        systems.zoho.modules["Contacts"].fields[name] = "text"
    pushed = push(settings, settings.push[0])
    contacts = systems.zoho.contents("Contacts")
    arms = read_arms(settings.paths.audience_touches, systems)
    systems.set_clock(later(1))
    deleted = change_the_systems(systems)
    systems.set_clock(later(2))
    bought = {*sorted(arms["treated"])[1:], sorted(arms["control"])[0]}
    for number, person in enumerate(sorted(bought)):
        systems.sell(person, f"T-{number}", later(2))
    systems.set_clock(later(5))
    systems.sell(next(iter(systems.person_of.values())), "T-LAST", later(5))
    assert [result.success for result in scheduled_run(settings)] == [True, True], reports(systems)
    changed = systems.zoho.modules["Contacts"].records.values()
    return Story(
        systems=systems,
        warehouse=warehouse,
        first=first,
        second=reports(systems),
        version=(settings.paths.published / "current").resolve(),
        deleted_case=deleted,
        pushed=pushed,
        levels=levels,
        contacts=contacts,
        changed={one["id"] for one in changed if time_of(one["Modified_Time"]) >= EVENING},
        arms=arms,
        bought=bought,
    )


def change_the_systems(systems: PulledSystems) -> str:
    """Change some records of the CRM and of the programme, and give the case that was deleted."""
    cases = sorted(systems.zoho.modules["Cases"].records)
    systems.zoho.put("Cases", cases[0], Status="Closed")
    systems.zoho.delete("Cases", cases[1])
    contact = sorted(systems.zoho.modules["Contacts"].records)[0]
    systems.zoho.put("Contacts", contact, Mailing_Country="AT")
    systems.fxiaoke.create(
        "MemberIntegralDetailObj",
        _id="new-points",
        member_id=sorted(systems.fxiaoke.objects["MemberObj"].records)[0],
        integral_type="消费赠送",
        integral_value="70",
        change_time=systems.fxiaoke.clock(),
    )
    return cases[1]


def current_levels(settings: Settings) -> dict[str, str]:
    with open_version(settings.home) as version:
        rows = version.duckdb().sql("select customer_key, level from customer_loyalty where level is not null")
        return dict(rows.fetchall())


def read_arms(folder: Path, systems: PulledSystems) -> dict[str, set[str]]:
    """The people of the campaign touches that the push wrote, by arm."""
    arms: dict[str, set[str]] = {"treated": set(), "control": set()}
    (path,) = (folder / "zoho").glob("audience_win_back_*.csv")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if person := systems.person_of.get(("zoho", row["customer_ref"])):
                arms[row["arm"]].add(person)
    return arms


def reports(systems: PulledSystems) -> dict[str, PullReport]:
    found = {one.name: last_pull(one) for one in pulled_sources(load_settings(systems.config))}
    return {name: report for name, report in found.items() if report}


@pytest.fixture(scope="module")
def warehouse(story: Story) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(story.warehouse), read_only=True) as connection:
        yield connection


def new_records(pulls: dict[str, PullReport]) -> dict[str, dict[str, int]]:
    return {
        source: {one.name: one.new_records for one in report.objects if one.new_records}
        for source, report in pulls.items()
    }


def test_the_first_day_pulls_everything(story: Story) -> None:
    found = new_records(story.first)
    zoho = {name: len(story.systems.zoho.modules[name].records) for name in ("Contacts", "Cases", "Calls")}
    assert found["zoho"] == zoho | {"Cases": zoho["Cases"] + 1}  # the one that is deleted on the second day
    fxiaoke = {name: len(stored.records) for name, stored in story.systems.fxiaoke.objects.items() if stored.records}
    assert sum(found["fxiaoke"].values()) == sum(fxiaoke.values()) - 1  # the points of the second day
    assert found["tills"]["sales"] > 50


def test_no_row_is_rejected(warehouse: duckdb.DuckDBPyConnection) -> None:
    assert warehouse.execute("select file_name, broken_rules from staging.stg_quarantine").fetchall() == []


def test_the_people_are_found_across_the_systems(story: Story, warehouse: duckdb.DuckDBPyConnection) -> None:
    known = customer_keys(warehouse)
    person_of = dict(story.systems.person_of)
    of_tills = {("tills", ref): person for (source, ref), person in person_of.items() if source == "shopify"}
    person_of |= {reference: person for reference, person in of_tills.items() if reference in known}
    assert len(person_of) > len(story.systems.person_of) + 10
    assert wrong_people(warehouse, person_of) == []


def test_each_person_bought_on_the_days_and_for_the_amount_that_the_truth_names(
    story: Story, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    assert wrong_purchases_of_the_shop(warehouse, sample_home, story.systems.person_of) == []


def test_the_second_day_pulls_only_what_has_changed(story: Story) -> None:
    found = new_records(story.second)
    assert found["zoho"] == {"Cases": 1, "Cases_deleted": 1, "Contacts": len(story.changed)}
    assert found["fxiaoke"] == {"MemberIntegralDetailObj": 1}
    assert found["tills"]["sales"] == len(story.bought) + 1


def test_a_deleted_case_counts_no_more(story: Story) -> None:
    with duckdb.connect() as connection:
        cases = connection.execute(
            f"select case_id from '{story.version}/marts/fct_case/*.parquet' where source = 'zoho'"
        ).fetchall()
    assert (story.deleted_case,) not in cases
    assert len(cases) == len(story.systems.zoho.modules["Cases"].records)


def test_what_landed_is_what_the_servers_have(story: Story) -> None:
    for name in ("Contacts", "Cases", "Calls"):
        found: dict[str, Any] = {}
        gone: set[str] = set()
        for path in sorted((story.systems.folder / "pulled" / "zoho").glob(f"{name}*.jsonl.gz")):
            rows = [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
            if path.name.startswith(f"{name}_deleted"):
                gone |= {row["id"] for row in rows}
            else:
                found |= {row["id"]: row for row in rows}
        expected = story.systems.zoho.contents(name)
        assert found.keys() - gone == expected.keys()
        for identity, record in expected.items():
            assert {key: found[identity].get(key) for key in record} == record


def test_the_crm_has_the_levels_of_its_contacts(story: Story, warehouse: duckdb.DuckDBPyConnection) -> None:
    keys = {ref: key for (source, ref), key in customer_keys(warehouse).items() if source == "zoho"}
    expected = {ref: story.levels[key] for ref, key in keys.items() if key in story.levels and ref in story.contacts}
    assert len(expected) > 20
    found = {ref: one["Loyalty_Level"] for ref, one in story.contacts.items() if one.get("Loyalty_Level")}
    assert found == expected
    assert story.pushed.refused == 0


def test_held_out_members_are_not_named_in_the_crm(story: Story) -> None:
    persons: dict[str | None, set[str]] = {"win_back": set(), None: set()}
    for ref, one in story.contacts.items():
        if person := story.systems.person_of.get(("zoho", ref)):
            persons["win_back" if one.get("Loyalty_Audiences") == "win_back" else None].add(person)
    assert len(story.arms["treated"]) > 3 and len(story.arms["control"]) > 1
    assert persons["win_back"] == story.arms["treated"]
    assert persons[None] >= story.arms["control"]


def test_the_effect_of_the_contact_is_found(story: Story) -> None:
    effects = duckdb.sql(f"from '{story.version}/marts/rpt_audience_effect/*.parquet'").df().to_dict("records")
    (effect,) = effects
    treated, control = story.arms["treated"], story.arms["control"]
    assert effect["n_treated_closed"] == len(treated)
    assert effect["n_control_closed"] == len(control)
    assert effect["n_treated_bought"] == len(treated & story.bought) == len(treated) - 1
    assert effect["n_control_bought"] == len(control & story.bought) == 1
