"""A whole run where every name and every cell is hostile: it ends well, and each is found as it came, as text."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.base.text import has_control_characters
from tests.conftest import Loyalty
from tests.faults.hostile_records import NOTES
from tests.pipeline.landing_desk import Desk

HOME = 'it\'s {a} {{ 7*7 }} [b]*{b,c} ${HOME} "home"; #1 50%20 % 🍵 <x> [red]x[/y]'
FILE = 'sku=1/it\'s {{ 7*7 }} "q"; drop table x; -- [bold]a[/z] <script>.csv'
COLUMNS = ['pay"; drop table x; --', "{{ 7*7 }}", "landing_raw", "<script>alert(1)</script>", "=cmd"]
REFUSED = "\x1b[2J\x1b]8;;http://x\x07 [link=http://x]l[/link] \u202e =1+1"


@dataclass(frozen=True)
class Run:
    """A home that has been run.

    Attributes:
        home: Its folder.
        config: Its config.
        output: What the run printed as JSON.
    """

    home: Path
    config: Path
    output: str


def _quoted(values: list[str]) -> str:
    return ",".join('"' + value.replace('"', '""') + '"' for value in values)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, loyalty: Loyalty) -> Run:
    """Orders whose references, coupons, channels and statuses are hostile; one is refused with a hostile amount."""
    folder = tmp_path_factory.mktemp("untrusted") / HOME
    own = '"' + COLUMNS[0].replace('"', '""') + '"'
    columns = {"order_id": own, "customer_ref": "who", "ordered_at": "day", "gross": "paid"}
    group = {
        "match": "*.csv",
        "entities": {"orders": {"columns": {**columns, "coupon_code": "note", "channel": "note", "store_id": "note"}}},
    }
    desk = Desk(folder, group, currency="GBP")
    notes = [note for note in NOTES if not note.startswith("three")]
    text = _quoted([*COLUMNS, "who", "day", "paid", "note"]) + "\n"
    for number, note in enumerate(notes):
        text += _quoted([f"{number} {note}", *["x"] * 4, note, f"2024-05-{number + 1:02}", "10", note]) + "\n"
    text += _quoted([REFUSED, *["x"] * 4, REFUSED, "2024-05-03", REFUSED, REFUSED]) + "\n"
    desk.put(FILE, text)
    config = folder / "loyalty.yml"
    config.write_text(
        yaml.safe_dump(
            {
                "home": str(desk.home),
                "currency": "GBP",
                "timezone": "UTC",
                "sources": [{"mapping": str(desk.mapping), "files": str(desk.inbox)}],
                "engine": {"memory_limit": "2GB", "threads": 2},
            },
            allow_unicode=True,
        )
    )
    done = loyalty("run", "--config", config, "--json")
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"
    return Run(desk.home, config, done.stdout)


def test_the_run_publishes_below_a_home_of_any_name(run: Run, loyalty: Loyalty) -> None:
    said = json.loads(run.output)
    assert said["status"] == "published" and said["rows"]["accepted"] == len(NOTES) - 1
    path = Path(loyalty("path", "--config", run.config).stdout.rstrip("\n"))
    assert path.is_dir() and path.is_relative_to(run.home.resolve())


def test_every_cell_reaches_the_marts_as_it_came(run: Run) -> None:
    current = (run.home / "published" / "current").resolve()
    orders = pq.read_table(current / "marts" / "fct_order" / "part-0.parquet").to_pylist()
    notes = {note for note in NOTES if not note.startswith("three")}
    assert {order["coupon_code"] for order in orders if "coupon_code" in order} <= notes
    with duckdb.connect(str(run.home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        staged = connection.execute(
            "select order_id, customer_ref, store_id, file_name from staging.stg_orders"
        ).fetchall()
    assert {row[1] for row in staged} == {row[2] for row in staged} == notes
    assert {row[0].partition(" ")[2] for row in staged} == notes
    assert {row[3] for row in staged} == {FILE}


def test_what_is_shown_of_a_refused_row_does_not_act(run: Run, loyalty: Loyalty) -> None:
    terminal = {"FORCE_COLOR": "1", "COLUMNS": "300", "TERM": "xterm-256color"}
    for command in (["status"], ["quarantine", "list"], ["quarantine", "show"], ["quarantine", "show", "--reveal"]):
        done = loyalty(*command, "--config", run.config, **terminal)
        assert done.returncode == 0, done.stderr
        assert "\x1b[2J" not in done.stdout and "\x1b]8" not in done.stdout and "\u202e" not in done.stdout
    assert "\\x1b[2J" in done.stdout and "[link=http://x]l[/link]" in done.stdout
    shown = json.loads(loyalty("quarantine", "show", "--reveal", "--json", "--config", run.config).stdout)
    assert [row["row_key"] for row in shown] == [REFUSED.strip()]


def test_names_stand_in_the_manifest_as_they_are(run: Run) -> None:
    manifest = json.loads((run.home / "published" / "current" / "manifest.json").read_text())
    (file,) = manifest["inputs"]["files"]
    assert file["file_name"] == FILE


def test_a_refused_file_s_name_does_not_act_either(run: Run, loyalty: Loyalty, tmp_path: Path) -> None:
    odd = run.config.parent / "in" / "a\x1b[2J\n[red]b.csv"
    odd.write_text("x\n")
    try:
        home = tmp_path / "home"
        shutil.copytree(run.home / "landing", home / "landing")
        for command in ("check", "run"):
            done = loyalty(command, "--config", run.config, "--home", home, FORCE_COLOR="1")
            assert done.returncode == 3
            assert "a\\x1b[2J\\n[red]b.csv: its name has" in done.stderr
            assert "\x1b[2J" not in done.stderr + done.stdout
        log = "".join(path.read_text() for path in (home / "state" / "logs").glob("*.log"))
        assert "a\\x1b[2J\\n[red]b.csv" in log and not has_control_characters(log.replace("\n", ""))
    finally:
        odd.unlink()
