"""Exports of known systems are recognised, and the names by which columns are found are valid."""

import shutil
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.base.entities import ENTITIES
from pipelines.base.errors import InputError
from pipelines.drafting import Wishes, draft_mapping
from pipelines.drafting.names import compared, entity_names
from tests.exports.exported import EXPORTS

TODAY = date(2024, 5, 31)
SYSTEMS = sorted(path.name for path in EXPORTS.iterdir() if path.is_dir() and path.name[0] != "_")


def files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.is_file()]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_exports_of_a_system_need_no_mapping_file(system: str) -> None:
    draft = draft_mapping(files(EXPORTS / system), Wishes(), TODAY)
    assert draft.built_in == system
    assert draft.text == f"extends: {system}\n"


def test_an_export_under_another_name_extends_the_built_in_mapping(tmp_path: Path) -> None:
    shutil.copy(EXPORTS / "shopify" / "orders_export.csv", tmp_path / "verkauf_20240501.csv")
    (tmp_path / "points.csv").write_text("Member ID,Points,Date\n1,5,2024-01-01\n")
    draft = draft_mapping(files(tmp_path), Wishes(), TODAY)
    assert draft.built_in is None
    mapping = yaml.safe_load(draft.text)
    assert (mapping["extends"], mapping["files"]["orders"]) == ("shopify", {"match": "verkauf_*.csv"})
    assert list(mapping["files"]["loyalty_events"]["entities"]) == ["loyalty_events"]
    # the times of Shopify state their offset, those of points.csv do not
    assert draft.text.startswith("# assumed: timezone: times without an offset are read as UTC")


def test_files_of_two_systems_are_two_sources(tmp_path: Path) -> None:
    shutil.copy(EXPORTS / "shopify" / "customers_export.csv", tmp_path)
    shutil.copy(EXPORTS / "stripe" / "unified_payments.csv", tmp_path)
    (tmp_path / "points.csv").write_text("Member ID,Points,Date\n1,5,2024-01-01\n")
    listed = "shopify: customers_export.csv; stripe: unified_payments.csv; not recognised: points.csv"
    with pytest.raises(InputError, match=f"2 systems: {listed}"):
        draft_mapping(files(tmp_path), Wishes(), TODAY)


def test_names_are_of_canonical_columns_and_distinct() -> None:
    for entity, names in entity_names().items():
        assert set(names.columns) <= set(ENTITIES[entity].columns)
        assert names.own <= set(names.columns) | set(ENTITIES[entity].columns)
        for column, known in names.columns.items():
            assert known and all(known), (entity, column)


@pytest.mark.parametrize(
    ("entity", "column", "name"),
    [
        ("orders", "order_id", "Order-ID"),
        ("orders", "order_id", "订单号"),
        ("orders", "status", "order_status"),
        ("orders", "email", "billing.email"),
        ("orders", "ordered_at", "Created date (UTC)"),
        ("orders", "total", "Gesamtbetrag"),
        ("order_lines", "unit_price", "Lineitem price"),
        ("customers", "birth_date", "Geburtstag"),
        ("customers", "phone", "Téléphone"),
        ("survey_answers", "answered_at", "提交答卷时间"),
    ],
)
def test_a_name_is_found_in_any_spelling(entity: str, column: str, name: str) -> None:
    assert entity_names()[entity].rank(column, name) is not None
    assert compared(name) == compared(name.upper())


def test_a_name_that_only_contains_a_known_one_is_not_found() -> None:
    assert entity_names()["orders"].rank("order_id", "Order ID of the supplier") is None
