"""Online Retail as a daily schedule runs it, short: 21 files at once, then another day (CI).

The long form, over all 305 files, is in test_online_retail_whole.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pytest

from tests.trial.raw import online_retail
from tests.trial.retail_checks import check_ledger, check_marts, check_staging
from tests.trial.shop import Shop, fingerprint

pytestmark = [pytest.mark.trial, pytest.mark.slow]


@dataclass(frozen=True)
class Days:
    """What the runs left behind.

    Attributes:
        daily: The shop that ran 21 files, then the 22nd day's, then the 21st day again.
        once: The shop that ran all 22 files in one go, under the same key.
        last_on: The 22nd file's day.
        before_on: The 21st file's day.
        published: What each run of `daily` published: after 21 files and after 22.
        backfilled: What the run of the 21st day published when 22 files were there.
        current_after: What readers saw after that backfill.
    """

    daily: Shop
    once: Shop
    last_on: str
    before_on: str
    published: tuple[dict[str, str], dict[str, str]]
    backfilled: dict[str, str]
    current_after: dict[str, str]


@pytest.fixture(scope="module")
def days(online_retail_files: Path, tmp_path_factory: pytest.TempPathFactory) -> Days:
    files = sorted(online_retail_files.glob("*.csv"))[:22]
    folder = tmp_path_factory.mktemp("online_retail")
    daily = Shop(folder / "daily", "online_retail")
    daily.receive(files[:21])
    before = fingerprint(daily.run())
    daily.receive(files[21:])
    after = fingerprint(daily.run(build="incremental"))
    before_on, last_on = files[20].stem, files[21].stem
    backfilled = daily.run("--as-of", before_on, build="backfill")
    once = Shop(folder / "once", "online_retail", key=daily.key)
    once.receive(files)
    once.run()
    return Days(
        daily=daily,
        once=once,
        last_on=last_on,
        before_on=before_on,
        published=(before, after),
        backfilled=fingerprint(backfilled),
        current_after=fingerprint(daily.current()),
    )


@pytest.fixture(scope="module")
def raw(days: Days) -> Iterator[duckdb.DuckDBPyConnection]:
    with online_retail(days.daily.inbox) as con:
        yield con


def test_days_run_one_by_one_give_the_bytes_of_one_run(days: Days) -> None:
    assert days.published[1] == fingerprint(days.once.current())


def test_a_backfill_gives_the_bytes_of_the_run_of_that_day(days: Days) -> None:
    assert days.backfilled == days.published[0]


def test_a_backfill_leaves_what_readers_see(days: Days) -> None:
    assert days.current_after == days.published[1]


def test_every_record_of_every_file_is_accounted_for(days: Days, raw: duckdb.DuckDBPyConnection) -> None:
    check_ledger(raw, days.daily.home)
    check_staging(raw, days.daily.warehouse)


def test_the_marts_say_what_the_raw_files_say(days: Days, raw: duckdb.DuckDBPyConnection) -> None:
    check_marts(raw, days.once.current(), days.once.home, days.last_on)
