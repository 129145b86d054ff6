"""The quarantine over several runs: a file with too much in it stops one, is let through, and is mended later.

The runs happen once, in order, in the fixture; each test looks at one promise.
"""

import csv
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.conftest import SampleHome, call, copy_inboxes
from tests.unit.sample_files import planted

pytestmark = pytest.mark.story

DOUBTFUL, REFUSED, ROWS = "orders_2025-07-01.csv", 80, 120
CORRECTED = "orders_2025-07-02.csv"


@dataclass(frozen=True)
class Story:
    """What one home went through after the sample's run.

    Attributes:
        published: What readers saw before.
        stopped: The run that met a file of which two thirds are refused.
        published_then: What readers saw after it.
        let_through: The report of the run under a raised limit.
        mended: The report of the run under the usual limits, with a corrected file.
        sample_keys: Keys of the sample's own dirty orders that the corrected file has.
        rows: (file, row key, whether it is resolved) of every refused order at the end.
    """

    published: Path
    stopped: "subprocess.CompletedProcess[str]"
    published_then: Path
    let_through: dict[str, Any]
    mended: dict[str, Any]
    sample_keys: set[str]
    rows: set[tuple[str, str, bool]]


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def write_orders(inbox: Path, name: str, like: Path, orders: dict[str, dict[str, str]]) -> None:
    """A file of orders: a good one's text under each key, with some columns changed."""
    title, header, good, *_ = lines(like)
    rows = []
    for key, changes in orders.items():
        row = {**dict(zip(header, good, strict=True)), "Order": key, **changes}
        rows.append([row[column] for column in header])
    with (inbox / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([title, header, *rows])


@pytest.fixture(scope="module")
def story(sample_home: SampleHome, tmp_path_factory: pytest.TempPathFactory) -> Story:
    folder = tmp_path_factory.mktemp("quarantine")
    home, config = folder / "home", folder / "loyalty.yml"
    shutil.copytree(sample_home.home, home, symlinks=True)
    inbox = copy_inboxes(sample_home, folder)
    settings = sample_home.config.read_text()
    config.write_text(settings)
    like = inbox / "orders_2025-06-29.csv"

    def run() -> "subprocess.CompletedProcess[str]":
        return call("run", "--json", "--config", config, "--home", home)

    def report() -> dict[str, Any]:
        done = run()
        assert done.returncode == 0, f"{done.stdout[-2000:]}\n{done.stderr[-3000:]}"
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def current() -> Path:
        return (home / "published" / "current").resolve(strict=True)

    published = current()
    keys = [f"N-{n}" for n in range(ROWS)]
    doubtful = {key: {"Gross": "ten"} if n < REFUSED else {} for n, key in enumerate(keys)}
    write_orders(inbox, DOUBTFUL, like, doubtful)
    stopped, published_then = run(), current()

    own = "entities: {orders: {stop_share: 0.7, stop_value_share: 0.9}}"
    raised = settings.replace("{min_rows: 100}", f"{{min_rows: 100, {own}}}")
    assert raised != settings
    config.write_text(raised)
    let_through = report()

    config.write_text(settings)
    sample_keys = {bad.key for bad in planted(sample_home.sample) if bad.entity == "orders" and bad.key}
    mended_now = [*sample_keys, *keys[: REFUSED // 2]]
    write_orders(inbox, CORRECTED, like, {key: {"Changed": "2025-07-02T08:00:00Z"} for key in mended_now})
    mended = report()
    with duckdb.connect(str(home / "state" / "warehouse.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select file_name, coalesce(row_key, ''), is_resolved from staging.stg_quarantine where entity = 'orders'"
        ).fetchall()
    return Story(published, stopped, published_then, let_through, mended, sample_keys, set(rows))


def test_a_file_with_too_much_in_quarantine_stops_the_run_and_says_where_to_look(story: Story) -> None:
    assert story.stopped.returncode == 4
    told = json.loads(story.stopped.stdout)
    assert told["exit_code"] == 4
    for fact in (f"sample orders, {DOUBTFUL}: 80 of 120 rows (66.7%, ", "ORD-007 80; "):
        assert fact in told["error"]
        assert fact in story.stopped.stderr
    assert f"loyalty quarantine show --source sample --entity orders --file {DOUBTFUL}" in told["hint"]
    assert "Traceback" not in story.stopped.stderr
    assert story.published_then == story.published


def test_a_raised_limit_lets_the_file_through_and_warns(story: Story) -> None:
    (warning,) = [words for words in story.let_through["warnings"] if "warn_share" in words]
    assert f"sample orders, {DOUBTFUL}: 80 of 120 rows" in warning
    assert story.let_through["status"] == "published"


def test_a_file_that_was_let_through_does_not_stop_a_later_run(story: Story) -> None:
    assert story.mended["status"] == "published"
    assert not [words for words in story.mended["warnings"] if DOUBTFUL in words]


def test_dirty_rows_that_are_corrected_later_are_resolved_and_no_others(story: Story) -> None:
    assert len(story.sample_keys) > 5
    resolved = {key for _, key, is_resolved in story.rows if is_resolved}
    assert resolved == story.sample_keys | {f"N-{n}" for n in range(REFUSED // 2)}
    still_open = {key for file, key, is_resolved in story.rows if file == DOUBTFUL and not is_resolved}
    assert still_open == {f"N-{n}" for n in range(REFUSED // 2, REFUSED)}
