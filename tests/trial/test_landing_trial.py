"""Landing on real files: every record of every file is accounted for, against a count of its own."""

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import duckdb
import pytest

from pipelines.landing import LandingReport, Outcome, SourceFiles, check_sources, land, load_mapping, read_ledger

pytestmark = pytest.mark.trial

EXAMPLES = Path(__file__).parents[2] / "examples"
TODAY = date(2024, 1, 1)


def _land(home: Path, example: str, folder: Path) -> LandingReport:
    return land(home, [SourceFiles(load_mapping(EXAMPLES / example / "mapping.yml"), folder)], today=TODAY)


@pytest.fixture(scope="module")
def retail(tmp_path_factory: pytest.TempPathFactory, online_retail_files: Path) -> tuple[Path, LandingReport]:
    """A home with all of Online Retail landed."""
    home = tmp_path_factory.mktemp("retail")
    return home, _land(home, "online_retail", online_retail_files)


def test_online_retail_reconciles_file_by_file(retail: tuple[Path, LandingReport], online_retail_files: Path) -> None:
    home, report = retail
    expected = {}
    for path in sorted(online_retail_files.glob("*.csv")):
        fates: Counter[str] = Counter()
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                invoice, quantity = row["InvoiceNo"], int(row["Quantity"])
                fates["records"] += 1
                if invoice.startswith("C"):
                    fates["returns"] += 1
                elif invoice.startswith("A"):
                    fates["bad_debts"] += 1
                else:
                    fates["order_lines" if quantity > 0 else "stock_adjustments"] += 1
        expected[path.name] = fates
    found = {
        file.file_name: Counter({"records": file.records, **file.rows, **file.skips, "unreadable": file.unreadable})
        for file in report.of(Outcome.LANDED)
    }
    assert len(found) == 305
    assert found == expected
    assert sum(fates["records"] for fates in found.values()) == 541_909
    assert report.rows == {"order_lines": 531_282, "returns": 9_288}
    assert read_ledger(home).num_rows == 610


def test_online_retail_s_duplicates_stand_and_its_ids_are_whole(retail: tuple[Path, LandingReport]) -> None:
    home, _ = retail
    with duckdb.connect() as connection:
        lines = f"read_parquet('{home}/landing/order_lines/source=online_retail/*/part.parquet')"
        query = f"select count(*), count(distinct line_id), count(*) filter (customer_ref like '%.%') from {lines}"
        assert connection.execute(query).fetchone() == (531_282, 531_282, 0)
        returns = f"read_parquet('{home}/landing/returns/source=online_retail/*/part.parquet')"
        query = f"select count(*) filter (amount::decimal(18, 2) < 0 or quantity::decimal(18, 4) <= 0) from {returns}"
        assert connection.execute(query).fetchone() == (0,)


def test_online_retail_lands_once(retail: tuple[Path, LandingReport], online_retail_files: Path) -> None:
    home, _ = retail
    report = _land(home, "online_retail", online_retail_files)
    assert len(report.of(Outcome.SKIPPED)) == 305 and not report.landed_batches and not report.warnings


def test_olist_reconciles_file_by_file(tmp_path: Path, olist_folder: Path) -> None:
    (checked,) = check_sources(tmp_path, [SourceFiles(load_mapping(EXAMPLES / "olist" / "mapping.yml"), olist_folder)])
    assert (checked.files, checked.ignored, checked.problems) == (6, 2, ())
    report = _land(tmp_path, "olist", olist_folder)
    expected = {}
    for path in olist_folder.glob("olist_*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            expected[path.name] = sum(1 for _ in csv.reader(file)) - 1
    del expected["olist_sellers_dataset.csv"]
    assert {file.file_name: file.records for file in report.of(Outcome.LANDED)} == expected
    assert {file.file_name: sum(file.rows.values()) for file in report.of(Outcome.LANDED)} == expected
    assert report.unreadable == report.skipped == 0
    with duckdb.connect() as connection:
        orders = f"read_parquet('{tmp_path}/landing/orders/source=olist/*/part.parquet')"
        query = f"select min(ordered_at), count(*) filter (status = 'cancelled'), count(delivered_at) from {orders}"
        raw = f"read_csv('{olist_folder}/olist_orders_dataset.csv', all_varchar = true)"
        expected_row = connection.execute(
            "select strftime(timezone('UTC', timezone('America/Sao_Paulo',"
            " min(strptime(order_purchase_timestamp, '%m/%d/%Y %H:%M')))), '%Y-%m-%d %H:%M:%S'),"
            " count(*) filter (order_status in ('canceled', 'unavailable')), count(order_delivered_customer_date)"
            f" from {raw}"
        ).fetchone()
        assert connection.execute(query).fetchone() == expected_row
