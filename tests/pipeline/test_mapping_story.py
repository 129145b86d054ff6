"""A mapping that changes in a shop that runs: its marts become those of a shop that had the mapping from the start."""

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml

from pipelines.landing import SourceFiles, index, land, load_mapping
from tests.conftest import Loyalty
from tests.sample_shop import marts

# Slow: tests/pipeline/test_landed_again.py has the landing of a changed mapping in make test, without builds.
pytestmark = pytest.mark.slow

ORDERS = "id,who,day,amount,state,changed\n"
PHASES: list[dict[str, str]] = [
    {
        "orders.csv": ORDERS + "1,a,2024-05-01,10.00,paid,\n2,b,2024-05-01,20.00,paid,\n3,a,2024-05-02,30.00,void,\n",
        "orders_web.csv": ORDERS + "4,c,2024-05-01,5.00,paid,2024-05-01\n5,a,2024-05-03,-,paid,\n",
        "refunds.csv": "id,order,day,amount\n1,1,2024-05-03,4.00\n",
        "clients.csv": "who,country\na,DE\nb,FR\n",
    },
    # the order 2 is gone, and a client has moved
    {"orders.csv": ORDERS + "1,a,2024-05-01,11.00,paid,\n", "clients.csv": "who,country\na,IT\n"},
    {
        "orders_web.csv": ORDERS + "4,c,2024-05-01,6.00,paid,2024-05-04\n",
        "orders_shop.csv": ORDERS + "6,d,2024-05-04,9.00,paid,\n",
    },
]


def mapping(*, changed: bool) -> dict[str, Any]:
    """The mapping; the changed one has other expressions, further columns, a condition, and says what a delivery is."""
    orders = {"order_id": "id", "customer_ref": "who", "ordered_at": "day", "gross": "amount", "updated_at": "changed"}
    returns = {"return_id": "id", "order_id": '"order"', "returned_at": "day", "amount": "amount", "kind": "'refund'"}
    clients = {"customer_ref": "who", "country": "country"}
    if changed:
        orders |= {"gross": "nullif(amount, '-')", "customer_ref": "upper(who)", "status": "state"}
        clients |= {"customer_ref": "upper(who)", "segment": "'retail'"}
    rows = {"columns": orders, **({"where": "state <> 'void'"} if changed else {})}
    skips = {"skips": [{"name": "void", "why": "never paid", "where": "state = 'void'"}]} if changed else {}
    full = {"delivery": "full"} if changed else {}
    return {
        "source": "shop",
        "currency": "EUR",
        "files": [
            {"match": "orders*.csv", "entities": {"orders": rows}, **skips, **full},
            {"match": "refunds.csv", "entities": {"returns": {"amount_basis": "goods", "columns": returns}}},
            {"match": "clients.csv", "entities": {"customers": {"columns": clients}}},
        ],
    }


@dataclass(frozen=True)
class Shop:
    """A home with its inbox and its mapping.

    Attributes:
        folder: Everything is in it.
        call: The command.
    """

    folder: Path
    call: Loyalty

    def use(self, *, changed: bool) -> None:
        """Write the mapping."""
        (self.folder / "in").mkdir(parents=True, exist_ok=True)
        (self.folder / "mapping.yml").write_text(yaml.safe_dump(mapping(changed=changed), sort_keys=False))
        sources = [{"mapping": "mapping.yml", "files": "in"}]
        (self.folder / "loyalty.yml").write_text(
            yaml.safe_dump({"currency": "EUR", "timezone": "UTC", "sources": sources})
        )

    def deliver(self, phase: int) -> None:
        """Put the files of a phase into the inbox."""
        for name, content in PHASES[phase].items():
            (self.folder / "in" / name).write_text(content)

    def land(self) -> None:
        """Land without a build."""
        entry = SourceFiles(load_mapping(self.folder / "mapping.yml"), self.folder / "in")
        land(self.folder / "home", [entry], today=datetime.now(ZoneInfo("UTC")).date())

    def command(self, name: str, *options: str | Path) -> Any:
        """A command that must end well; what it printed as JSON."""
        done = self.call(name, "--config", self.folder / "loyalty.yml", "--json", *options)
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout)


@dataclass(frozen=True)
class Story:
    """What the two shops gave.

    Attributes:
        check: What `check` said of the source before the run.
        status: What `status` said.
        runs: The reports of the changed shop: after the first phase, after the change, after the last phase.
        days: By shop, the marts of the last day and of a day before.
        landings: By shop, the landed files.
    """

    check: dict[str, Any]
    status: dict[str, Any]
    runs: list[dict[str, Any]]
    days: dict[str, list[dict[str, str]]]
    landings: dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, loyalty: Loyalty) -> Story:
    folder = tmp_path_factory.mktemp("mapping")
    shop, start = Shop(folder / "changed", loyalty), Shop(folder / "start", loyalty)
    shop.use(changed=False)
    shop.deliver(0)
    runs = [shop.command("run")]
    shutil.copytree(shop.folder / "in", folder / "originals")
    shop.deliver(1)
    shop.land()
    shop.use(changed=True)
    check, status = shop.command("check")["sources"][0]["outdated"], shop.command("status")["outdated_files"]
    runs.append(shop.command("run", "--originals", folder / "originals"))
    shop.deliver(2)
    runs.append(shop.command("run"))

    start.use(changed=True)
    (start.folder / "home").mkdir()
    shutil.copy2(shop.folder / "home" / "key", start.folder / "home" / "key")
    for phase in range(3):
        start.deliver(phase)
        start.land()
    last = {"changed": runs[-1], "start": start.command("run")}
    before = {name: one.command("run", "--as-of", "2024-05-02") for name, one in (("changed", shop), ("start", start))}
    return Story(
        check,
        status,
        runs,
        {name: [marts(Path(run[name]["published"])) for run in (last, before)] for name in last},
        {one.folder.name: landed(one.folder / "home" / "landing") for one in (shop, start)},
    )


def landed(root: Path) -> dict[str, bytes]:
    """The landed files, without the index, which has the times of their change."""
    files = (path for path in root.rglob("*.parquet") if path.parent.name != index.FOLDER)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_check_and_status_report_what_was_landed_with_an_older_version(story: Story) -> None:
    assert (story.check["files"], story.check["in_inbox"]) == (5, 3)
    assert sorted(name.partition(" ")[0] for name in story.check["replaced"]) == ["clients.csv", "orders.csv"]
    assert story.status == [story.check]


def test_the_run_lands_it_again_and_builds_anew(story: Story) -> None:
    assert [run["files"]["again"] for run in story.runs] == [0, 5, 0]
    assert [run["files"]["outdated"] for run in story.runs] == [0, 0, 0]
    assert [run["build"] for run in story.runs] == ["full", "full", "incremental"]
    assert not [warning for run in story.runs for warning in run["warnings"] if "older version" in warning]


def test_the_landing_is_that_of_a_shop_that_had_the_mapping_from_the_start(story: Story) -> None:
    assert story.landings["changed"] == story.landings["start"]


def test_every_mart_is_too_as_of_every_day(story: Story) -> None:
    assert story.days["changed"] == story.days["start"]
    assert story.days["start"][0] != story.days["start"][1]
