"""A late order corrects figures of past months, and the next version lists them with the reason."""

import json
import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call

pytestmark = pytest.mark.story

HEADER_LINES = 2
PLACED, MONTH_END = "2025-04-10 10:00:00", "2025-04-30"


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], list[Any]]:
    """The restatement of the version that a late order led to, and what `loyalty versions` lists then."""
    folder = tmp_path_factory.mktemp("late")
    home, sample = folder / "home", folder / "sample"
    shutil.copytree(sample_home.home, home, symlinks=True)
    shutil.copytree(sample_home.sample, sample)
    newest = (sample / "inbox" / "orders_2025-06-30.csv").read_text(encoding="utf-8").splitlines()
    columns = newest[HEADER_LINES - 1].split(",")
    # an order of the last day as a template, of the same customer but placed in April
    late = dict(zip(columns, newest[HEADER_LINES].split(","), strict=True))
    late |= {"Order": "O99999991", "Placed": PLACED, "Paid": PLACED, "Changed": "2025-04-10T08:00:00Z"}
    late |= dict.fromkeys(("Promised", "Delivered", "Cancelled"), "")
    lines = [*newest[:HEADER_LINES], ",".join(late[name] for name in columns)]
    (sample / "inbox" / "orders_2025-07-01.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    where = ("--config", sample / "loyalty.yml", "--home", home)
    done = call("run", "--json", *where)
    assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
    version = Path(json.loads(done.stdout)["published"])
    restated = json.loads((version / "restatement.json").read_text())
    return restated, json.loads(call("versions", "--json", *where).stdout)


def test_the_late_order_is_listed_in_its_month_with_its_reason(story: tuple[dict[str, Any], list[Any]]) -> None:
    restated, (new, old) = story
    assert (restated["version"], restated["compared_with"]) == (new["id"], old["id"])
    assert {"reason": "late_rows", "detail": ["fct_order"], "n_rows": 1} in restated["reasons"]
    orders, revenue = (
        [one for one in restated["changes"] if one["figure"] == figure] for figure in ("orders", "revenue_amount")
    )
    assert [(one["month_end_on"], one["new"] - one["old"], one["n_customers"]) for one in orders] == [(MONTH_END, 1, 1)]
    assert [(one["month_end_on"], Decimal(one["new"]) > Decimal(one["old"])) for one in revenue] == [(MONTH_END, True)]


def test_every_listed_number_of_customers_is_that_of_the_two_versions(story: tuple[dict[str, Any], list[Any]]) -> None:
    restated, (new, old) = story
    customers = [one for one in restated["changes"] if one["figure"] == "customers" and one["group_by"]]
    assert customers, "the customer has bought once more, so that a rank or level of theirs differs"
    for one in customers:
        for name, version in (("old", old), ("new", new)):
            ((n,),) = duckdb.execute(
                f"""
                select count(*) from '{version["path"]}/marts/customer_loyalty_history/*.parquet'
                where {one["group_by"]} = ?
                    and ?::date between valid_from_on and coalesce(valid_to_on, date '9999-12-31')
                """,
                [one["group"], one["month_end_on"]],
            ).fetchall()
            assert one[name] == n


def test_versions_say_how_many_figures_they_corrected(story: tuple[dict[str, Any], list[Any]]) -> None:
    restated, (new, old) = story
    assert (new["n_restated"], old["n_restated"]) == (len(restated["changes"]), 0)
