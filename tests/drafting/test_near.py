"""A file that a built-in mapping nearly reads is never drafted as something else without a word about it."""

import csv
import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from pipelines.base.errors import InputError
from pipelines.drafting import Remark, Wishes, draft_mapping
from tests.exports.exported import EXPORTS

TODAY = date(2024, 5, 31)


def without(source: Path, target: Path, *names: str) -> Path:
    """A copy of a CSV file without some columns."""
    with source.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    kept = [number for number, name in enumerate(header) if name not in names]
    assert len(kept) == len(header) - len(names)
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([row[number] for number in kept] for row in (header, *rows))
    return target


def about(remarks: tuple[tuple[str, Remark], ...], mapping: str) -> list[Remark]:
    return [remark for _, remark in remarks if f"the built-in mapping {mapping}" in remark.text]


@pytest.mark.parametrize("name", ["orders_export.csv", "verkauf.csv"])
@pytest.mark.parametrize(
    ("system", "file", "column", "advice"),
    [
        ("shopify", "orders_export.csv", "Created at", "export it again with what is missing"),
        ("shopify", "orders_export.csv", "Financial Status", "add what is missing to `optional` of its entry orders"),
        ("stripe", "unified_payments.csv", "id", "export it again with what is missing"),
    ],
)
def test_a_file_that_lacks_a_column_of_a_built_in_mapping_is_marked(
    tmp_path: Path, system: str, file: str, column: str, advice: str, name: str
) -> None:
    path = without(EXPORTS / system / file, tmp_path / name, column)
    try:
        draft = draft_mapping([path], Wishes(timezone="UTC", currency="EUR"), TODAY)
    except InputError as error:  # no entity fits what is left
        text = error.hint or ""
    else:
        (remark,) = about(draft.remarks, system)
        assert remark.is_decisive
        text = remark.text
        assert "extends" not in draft.text
        assert "# to decide before a run: the file looks like " in draft.text
    assert f"the built-in mapping {system} (" in text and f"but lacks `{column}`" in text and advice in text


def test_a_file_without_a_needed_column_is_marked_beside_files_of_its_system(tmp_path: Path) -> None:
    (tmp_path / "customers_export.csv").write_bytes((EXPORTS / "shopify" / "customers_export.csv").read_bytes())
    without(EXPORTS / "shopify" / "orders_export.csv", tmp_path / "orders_export.csv", "Created at")
    draft = draft_mapping(sorted(tmp_path.iterdir()), Wishes(), TODAY)
    assert draft.text.startswith("extends: shopify")
    assert any(remark.is_decisive and "`Created at`" in remark.text for remark in about(draft.remarks, "shopify"))


def test_json_without_a_needed_field_is_marked(tmp_path: Path) -> None:
    (order, *_) = json.loads((EXPORTS / "woocommerce" / "orders.json").read_text(encoding="utf-8"))
    del order["date_created_gmt"]
    (tmp_path / "orders.json").write_text(json.dumps([order]), encoding="utf-8")
    draft = draft_mapping([tmp_path / "orders.json"], Wishes(timezone="UTC"), TODAY)
    (remark,) = about(draft.remarks, "woocommerce")
    assert remark.is_decisive and "`date_created_gmt`" in remark.text


def test_a_file_with_the_name_and_usual_columns_of_an_entry_is_told_which_one(tmp_path: Path) -> None:
    path = tmp_path / "opened_a.csv"
    path.write_bytes((EXPORTS / "klaviyo" / "opened_spring.csv").read_bytes())
    draft = draft_mapping([path], Wishes(timezone="UTC"), TODAY)
    (remark,) = about(draft.remarks, "klaviyo")
    assert not remark.is_open and "klaviyo (entry opened)" in remark.text


def test_nothing_is_said_of_files_of_other_systems_and_of_what_the_user_says(tmp_path: Path) -> None:
    other = tmp_path / "verkauf.csv"
    other.write_text("Order Number,Customer,Order Date,Total,Status\n1,7,2024-01-15,10.00,paid\n")
    draft = draft_mapping([other], Wishes(timezone="UTC", currency="EUR"), TODAY)
    assert not [remark for _, remark in draft.remarks if "built-in" in remark.text]
    path = without(EXPORTS / "shopify" / "orders_export.csv", tmp_path / "orders.csv", "Created at")
    said = Wishes(timezone="UTC", currency="EUR", entity="orders", columns={"ordered_at": "Paid at"})
    assert not about(draft_mapping([path], said, TODAY).remarks, "shopify")


@pytest.mark.parametrize("columns", ["Paid Sum", "Note"])
def test_orders_without_an_amount_are_marked_beside_files_of_a_known_system(tmp_path: Path, columns: str) -> None:
    shutil.copy(EXPORTS / "shopify" / "customers_export.csv", tmp_path)
    (tmp_path / "kasse.csv").write_text(f"Order ID,Customer,Order Date,{columns}\n1,7,2024-01-15,10.00\n")
    draft = draft_mapping(sorted(tmp_path.iterdir()), Wishes(timezone="UTC", currency="EUR"), TODAY)
    assert draft.text.startswith("extends: shopify")
    (remark,) = [remark for _, remark in draft.remarks if "no column has the amount of the order" in remark.text]
    assert remark.is_decisive and f"`{columns}`" in remark.text and "# to decide before a run: total: " in draft.text
