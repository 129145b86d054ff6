"""An audience with a holdout group is exported in every format, and a later run finds what the contact changed."""

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call

pytestmark = pytest.mark.story

HEADER_LINES = 2
AUDIENCES = """
audiences:
  win_back: {where: recency_days > 15, channel: email, holdout: 0.4, effect_days: 10}
  everybody: {where: behaviour_score is not null, channel: phone, holdout: 0}
"""
FORMATS = ("csv", "klaviyo", "google", "zoho", "fxiaoke")
Story = dict[str, Any]


def plant(sample: Path, customers: list[str], day: str) -> None:
    """Add an order of each customer on a day, with an order of the newest day as a template."""
    newest = (sample / "inbox" / "orders_2025-06-30.csv").read_text(encoding="utf-8").splitlines()
    columns = newest[HEADER_LINES - 1].split(",")
    order = dict(zip(columns, newest[HEADER_LINES].split(","), strict=True))
    order |= dict.fromkeys(("Promised", "Delivered", "Cancelled", "E-mail"), "")
    order |= {"Placed": f"{day} 10:00:00", "Paid": f"{day} 10:00:00", "Changed": f"{day}T09:00:00Z"}
    lines = newest[:HEADER_LINES]
    for number, customer in enumerate(customers):
        order |= {"Order": f"O9{day.replace('-', '')}{number:04}", "Customer": customer}
        lines.append(",".join(order[name] for name in columns))
    (sample / "inbox" / f"orders_{day}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def touched(home: Path) -> dict[str, list[str]]:
    """The members with a touch, by arm: each by the reference in the shop, whichever source's file names it."""
    arms: dict[str, list[str]] = {"treated": [], "control": []}
    with duckdb.connect(str(home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        identity = connection.execute(
            "select source, customer_ref, customer_key from intermediate.int_customer_identity"
        )
        keys = {(source, ref): key for source, ref, key in identity.fetchall()}
    of_shop = {key: ref for (source, ref), key in sorted(keys.items()) if source == "sample"}
    for touches in sorted((home / "audience_touches").glob("*/audience_win_back_*.csv")):
        with touches.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                arms[row["arm"]].append(of_shop[keys[touches.parent.name, row["customer_ref"]]])
    return arms


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Two runs with an export between them; four of five treated customers buy, and one who was held out."""
    folder = tmp_path_factory.mktemp("audience")
    home, sample = folder / "home", folder / "sample"
    shutil.copytree(sample_home.home, home, symlinks=True)
    shutil.copytree(sample_home.sample, sample)
    config = sample / "loyalty.yml"
    config.write_text(config.read_text(encoding="utf-8") + AUDIENCES, encoding="utf-8")
    where = ("--config", config, "--home", home)

    def loyalty(*words: str) -> Any:
        done = call(*words, "--json", *where)
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        return json.loads(done.stdout)

    loyalty("run")
    listed = {one["audience"]: one for one in loyalty("audience")}
    exported = {name: loyalty("audience", "win_back", "--format", name) for name in FORMATS}
    loyalty("audience", "everybody", "--format", "csv")
    arms = touched(home)
    buyers = [ref for number, ref in enumerate(arms["treated"]) if number % 5]
    plant(sample, [*buyers, arms["control"][0]], "2025-07-05")
    plant(sample, [arms["control"][1]], "2025-07-15")  # too late to count
    version = Path(loyalty("run")["published"])
    again = loyalty("audience", "win_back", "--format", "csv")
    return {
        "where": where,
        "home": home,
        "listed": listed,
        "exported": exported,
        "arms": arms,
        "version": version,
        "again": again,
    }


def test_every_format_has_the_same_members(story: Story) -> None:
    counts = [one["counts"] for one in story["exported"].values()]
    assert len(counts) == len(FORMATS)
    assert all(one == counts[0] for one in counts)
    listed = story["listed"]["win_back"]
    assert counts[0]["members"] == counts[0]["added"] > 20
    assert counts[0]["members"] + counts[0]["held_out"] + counts[0]["suppressed"] == listed["members"]
    assert counts[0]["held_out"] > 10


def test_the_planted_effect_is_found(story: Story) -> None:
    effects = duckdb.sql(f"from '{story['version']}/marts/rpt_audience_effect/*.parquet'").df().to_dict("records")
    (effect,) = effects  # the other audience has no holdout group
    treated, control = len(story["arms"]["treated"]), len(story["arms"]["control"])
    assert (effect["audience"], effect["n_treated_closed"], effect["n_control_closed"]) == (
        "win_back",
        treated,
        control,
    )
    assert effect["n_treated_bought"] == treated - -(-treated // 5)
    assert effect["n_control_bought"] == 1
    assert effect["lift_share_low"] > 0.3
    assert effect["lift_mean_low_amount"] > 0
    assert 0 < effect["detectable_share"] < 0.5


def test_those_who_came_back_are_removed_from_the_tool(story: Story) -> None:
    counts = story["again"]["counts"]
    assert counts["removed"] > 0
    assert counts["members"] == story["exported"]["csv"]["counts"]["members"] - counts["removed"] + counts["added"]


def test_a_member_who_is_forgotten_leaves_all_files(story: Story) -> None:
    home, where = story["home"], story["where"]
    with (home / "audiences" / "win_back" / "csv" / "members.csv").open(encoding="utf-8", newline="") as file:
        members = list(csv.DictReader(file))
    exported = [path.read_bytes() for path in (home / "audiences").glob("*/*/*.csv")]
    person = next(  # an address of a club stays, because it is also the address of others
        one for one in members if one["email"] and all(text.count(one["email"].encode()) < 2 for text in exported)
    )
    done = call("forget", person["customer_ref"], "--source", person["source"], "--yes", "--json", *where)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    (certificate,) = (home / "erasures").glob("*-*.json")
    assert "win_back/csv" in json.loads(certificate.read_text())["audiences"]
    for folder in ("audiences", "audience_touches"):
        kept = [path for path in (home / folder).rglob("*") if path.is_file()]
        assert folder == "audience_touches" or kept
        for path in kept:
            content = path.read_bytes()
            assert person["customer_ref"].encode() not in content, path
            assert person["email"].encode() not in content, path
            assert person["customer_key"].encode() not in content, path
