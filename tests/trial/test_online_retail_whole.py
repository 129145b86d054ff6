"""Online Retail whole, and as a daily schedule runs it over ten days: the long trials (`make trial`)."""

from pathlib import Path

import pytest

from tests.contradictions import contradictions
from tests.trial.raw import online_retail, rows
from tests.trial.retail_checks import check_ledger, check_level_outcomes, check_marts, check_said, check_staging
from tests.trial.shop import Shop, fingerprint

pytestmark = [pytest.mark.trial, pytest.mark.slow]


def test_all_305_files_as_of_the_last_day(online_retail_files: Path, tmp_path: Path) -> None:
    shop = Shop(tmp_path / "whole", "online_retail")
    shop.receive(sorted(online_retail_files.glob("*.csv")))
    version = shop.run("--as-of", "2011-12-09")
    with online_retail(shop.inbox) as con:
        check_ledger(con, shop.home)
        check_staging(con, shop.warehouse)
        check_marts(con, version, shop.home, "2011-12-09")
        assert rows(con, "select sum(n_lines) from fct_order") == [(531_282,)]
        assert rows(con, "select count(*) from fct_return") == [(9_288,)]
        check_level_outcomes(con, shop.warehouse, "2011-12-09")
        check_said(con, "2011-12-09")
        assert contradictions(lambda query: rows(con, query)) == {}


def test_ten_days_one_by_one_give_the_bytes_of_one_run(online_retail_files: Path, tmp_path: Path) -> None:
    files = sorted(online_retail_files.glob("*.csv"))[:210]
    daily = Shop(tmp_path / "daily", "online_retail")
    daily.receive(files[:200])
    daily.run()
    published = {}
    for file in files[200:]:
        daily.receive([file])
        published[file.stem] = fingerprint(daily.run(build="incremental"))

    once = Shop(tmp_path / "once", "online_retail", key=daily.key)
    once.receive(files)
    version = once.run()
    assert published[files[209].stem] == fingerprint(version)

    that_day = Shop(tmp_path / "that_day", "online_retail", key=daily.key)
    that_day.receive(files[:205])
    run_of_the_day = fingerprint(that_day.run())
    assert published[files[204].stem] == run_of_the_day
    assert fingerprint(daily.run("--as-of", files[204].stem, build="backfill")) == run_of_the_day
    assert fingerprint(daily.current()) == fingerprint(version)

    with online_retail(daily.inbox) as con:
        check_ledger(con, daily.home)
        check_staging(con, daily.warehouse)
        check_marts(con, version, once.home, files[209].stem)
