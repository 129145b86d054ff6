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
from pipelines.landing import read_mapping
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


@pytest.mark.parametrize("is_beside", [True, False])
def test_a_file_with_few_columns_is_of_the_system_of_its_name_if_another_one_of_it_is_beside(
    tmp_path: Path, is_beside: bool
) -> None:
    (tmp_path / "Contacts_2024_05_01.csv").write_text("Record Id,Club,Shoe Size,Pet,Team\nzcrm_1,a,40,cat,b\n")
    if is_beside:
        shutil.copy(EXPORTS / "zoho" / "Deals_2024_05_01.csv", tmp_path)
        assert draft_mapping(files(tmp_path), Wishes(), TODAY).text == "extends: zoho\n"
    else:
        assert "extends" not in draft_mapping(files(tmp_path), Wishes(), TODAY).text


def test_files_of_two_systems_are_two_sources(tmp_path: Path) -> None:
    shutil.copy(EXPORTS / "shopify" / "customers_export.csv", tmp_path)
    shutil.copy(EXPORTS / "stripe" / "unified_payments.csv", tmp_path)
    (tmp_path / "points.csv").write_text("Member ID,Points,Date\n1,5,2024-01-01\n")
    listed = "shopify: customers_export.csv; stripe: unified_payments.csv; not recognised: points.csv"
    with pytest.raises(InputError, match=f"2 systems: {listed}"):
        draft_mapping(files(tmp_path), Wishes(), TODAY)


def test_a_column_with_a_canonical_name_is_found() -> None:
    """`gross` is not: systems call other amounts by this word."""
    missing = [
        f"{entity}.{column}"
        for entity, names in entity_names().items()
        for column in names.columns
        if names.rank(column, column) is None
    ]
    assert missing == ["orders.gross"]


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


@pytest.mark.parametrize(
    ("system", "name", "content", "entry"),
    [
        (
            "zoho",
            "Kampagnen.csv",
            "Record Id,Campaign Owner,Campaign Name,Type,Status\nzcrm_1,Ada,S,E,A\n",
            "campaigns",
        ),
        (
            "zoho",
            "Interessenten.csv",
            "Record Id,Lead Owner,Company,First Name,Email,Lead Status,Created Time\nzcrm_2,A,B,C,e@x.org,New,\n",
            "leads",
        ),
        ("fxiaoke", "等级设置.csv", "等级名称,所需成长值,创建时间\n金卡,1000,2024/01/01\n", "grades"),
    ],
)
@pytest.mark.parametrize("is_beside", [True, False])
def test_a_renamed_file_that_a_mapping_ignores_is_listed_with_the_reason(
    tmp_path: Path, system: str, name: str, content: str, entry: str, is_beside: bool
) -> None:
    if is_beside:
        shutil.copytree(EXPORTS / system, tmp_path, dirs_exist_ok=True)
    (tmp_path / name).write_text(content, encoding="utf-8")
    draft = draft_mapping(files(tmp_path), Wishes(), TODAY)
    mapping = yaml.safe_load(draft.text)
    assert mapping["extends"] == system and list(mapping["files"]) == [entry] and "to decide" not in draft.text
    (known,) = (group for group in read_mapping(system).files if group.name == entry)
    assert mapping["files"][entry]["match"] == [*known.match, name]
    remarks = [remark.text for file, remark in draft.remarks if file == name]
    assert f"the built-in mapping {system} ignores it: {known.ignore}" in remarks


def test_an_own_file_of_touches_with_names_of_an_ignored_file_is_read(tmp_path: Path) -> None:
    text = "Email,Campaign Name,Type,Status,Sent At\nada@example.com,Spring,Mail,ok,2024-04-01 08:00:00\n"
    (tmp_path / "touches.csv").write_text(text)
    assert "campaign_touches" in draft_mapping(files(tmp_path), Wishes(source="x"), TODAY).text


@pytest.mark.parametrize("first", ["id,at", "#,Submit Date (UTC)"])
def test_questions_in_a_file_of_customers_are_to_decide(tmp_path: Path, first: str) -> None:
    question = "How likely are you to recommend us to a friend?"
    (tmp_path / "x.csv").write_text(f"{first},email,{question}\n1,2024-01-01 10:00:00,a@x.org,9\n")
    draft = draft_mapping(files(tmp_path), Wishes(), TODAY)
    open_ones = [remark.text for _, remark in draft.remarks if remark.is_open]
    assert any(f"`{question}`" in text and "--entity survey_answers" in text for text in open_ones)


def test_a_file_that_is_no_workbook_is_not_called_a_table_without_delimiter(tmp_path: Path) -> None:
    (tmp_path / "f.xlsx").write_text("not a workbook\n")
    with pytest.raises(InputError, match=r"ends in \.xlsx, but it is not an Excel workbook"):
        draft_mapping(files(tmp_path), Wishes(), TODAY)


def test_column_names_that_differ_only_in_case_are_named_if_no_entity_fits(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("Foo,Total,total\na,1,2\n")
    with pytest.raises(InputError, match="several columns are called `Total`"):
        draft_mapping(files(tmp_path), Wishes(), TODAY)
