"""The values of a recognised export are checked, and the columns that its built-in mapping does not read are listed."""

import csv
import io
import shutil
from datetime import date
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.exports.exported import EXPORTS
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
SHOPIFY = EXPORTS / "shopify"


def saved(folder: Path, delimiter: str, **changed: str) -> Draft:
    """The draft for the orders of Shopify whose first record was changed by a spreadsheet program."""
    header, first, *_ = csv.reader((SHOPIFY / "orders_export.csv").read_text().splitlines())
    for name, value in changed.items():
        first[header.index(name.replace("_", " "))] = value
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows([header, first])
    path = folder / "orders_export.csv"
    path.write_text(text.getvalue())
    return draft_mapping([path], Wishes(), TODAY)


def decisions(draft: Draft) -> list[str]:
    return [remark.text for _, remark in draft.remarks if remark.is_decisive]


def test_times_that_no_format_of_a_built_in_mapping_reads_are_to_decide(tmp_path: Path) -> None:
    draft = saved(tmp_path, ",", Created_at="20/01/2024 10:00")
    (text,) = decisions(draft)
    assert text.startswith("ordered_at: 1 of 1 value in `Created at` would be rejected: no format of the built-in")
    assert '`timestamps: ["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S %z", iso]` for the entry `orders`' in text
    assert draft.built_in is None and draft.text.startswith("# to decide before a run: orders_export.csv: ordered_at:")


def test_decimal_commas_in_a_file_of_a_built_in_mapping_are_to_decide(tmp_path: Path) -> None:
    draft = saved(tmp_path, ";", Total="1.045,00", Lineitem_price="45,00")
    total, price = decisions(draft)
    assert total.startswith("total: 1 of 1 value in `Total` would be rejected: they are not numbers.")
    draft_of_total = r"""`total: replace(regexp_replace("Total", '[.](\d{3})\b', '\1', 'g'), ',', '.')`"""
    assert f"{draft_of_total} (they are written with a decimal comma)" in total
    assert price.startswith("unit_price: ")


def test_the_proposed_change_reads_the_values(tmp_path: Path) -> None:
    saved(tmp_path, ",", Created_at="20/01/2024 10:00")
    mapping = tmp_path / "m.yml"
    mapping.write_text(
        'extends: shopify\nfiles:\n  orders:\n    timestamps: ["%d/%m/%Y %H:%M", "%Y-%m-%d %H:%M:%S %z", iso]\n'
    )
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(mapping.read_text())
    desk.put("orders_export.csv", (tmp_path / "orders_export.csv").read_bytes())
    desk.land()
    assert desk.rows("orders", "ordered_at") == [("2024-01-20 10:00:00",)]


def test_values_in_the_form_of_the_export_leave_nothing_to_decide(tmp_path: Path) -> None:
    assert not decisions(saved(tmp_path, ","))


def test_a_run_refuses_the_draft_until_the_values_are_decided(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    saved(tmp_path, ",", Created_at="20/01/2024 10:00")
    inbox = tmp_path / "inbox"
    inbox.mkdir()
    shutil.move(tmp_path / "orders_export.csv", inbox)
    options = ["--timezone", "Europe/Berlin", "--currency", "EUR", "--industry", "retail"]
    for command in (["init", "inbox", *options], ["check", "--config", "loyalty.yml"]):
        found = CliRunner().invoke(app, command)
        assert found.exit_code == 3 and "mappings/shopify.yml:1: to decide before a run: orders_export" in found.output


def test_columns_that_a_built_in_mapping_does_not_read_are_listed(tmp_path: Path) -> None:
    rows = list(csv.reader((SHOPIFY / "customers_export.csv").read_text().splitlines()))
    text = io.StringIO()
    csv.writer(text).writerows([[*rows[0], "Loyalty Card"], *([*row, "77"] for row in rows[1:])])
    (tmp_path / "customers_export.csv").write_text(text.getvalue())
    draft = draft_mapping([tmp_path / "customers_export.csv"], Wishes(), TODAY)
    listed = draft.unmapped["customers (customers_export.csv)"]
    assert listed[-1] == "Loyalty Card" and "Email" not in listed
    found = CliRunner().invoke(app, ["map", str(tmp_path / "customers_export.csv")])
    assert "not mapped: " in found.output and "Loyalty Card" in found.output


def form(folder: Path, *days: str) -> Path:
    """The linked sheet of a Google form with one response per day."""
    path = folder / "Customer survey (Responses) - Form responses 1.csv"
    answers = "".join(f"{day} 12:00:00,9\n" for day in days)
    path.write_text(f"Timestamp,How likely are you to recommend us to a friend?\n{answers}")
    return path


@pytest.mark.parametrize("days", [("03/04/2024", "05/04/2024"), (*["03/04/2024"] * 20, "13/04/2024")])
def test_dates_whose_day_may_be_the_month_of_a_built_in_mapping_are_to_decide(
    tmp_path: Path, days: tuple[str, ...]
) -> None:
    path = form(tmp_path, *days)
    (text,) = decisions(draft_mapping([path], Wishes(), TODAY))
    assert "values in `Timestamp` or `时间戳记` can be read as `%m/%d/%Y %H:%M:%S`, which the built-in mapping" in text
    assert "`03/04/2024 12:00:00` is 2024-03-04 12:00:00 or 2024-04-03 12:00:00" in text
    mapping = 'timestamps: ["%d/%m/%Y %H:%M:%S", "%Y/%m/%d %H:%M:%S", iso]'
    assert f"write `{mapping}` for the entry `responses`" in text
    desk = Desk(tmp_path / "desk")
    desk.mapping.write_text(f"extends: google_forms\nfiles: {{responses: {{{mapping}}}}}\n")
    desk.put("responses.csv", path.read_bytes())
    desk.land()
    assert desk.rows("survey_answers", "min(answered_at)", "1") == [("2024-04-03 12:00:00",)]


def test_dates_that_the_data_or_the_user_decide_leave_nothing_to_decide(tmp_path: Path) -> None:
    assert not decisions(draft_mapping([form(tmp_path, "03/04/2024", "04/13/2024")], Wishes(), TODAY))
    open_days = form(tmp_path, "03/04/2024", "05/04/2024")
    assert not decisions(draft_mapping([open_days], Wishes(dates="month-first"), TODAY))
    assert decisions(draft_mapping([open_days], Wishes(dates="day-first"), TODAY))
