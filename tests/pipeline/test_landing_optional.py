"""Optional columns: an export may lack them, because each company shows other fields on its screens."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.landing import RefusedFiles
from pipelines.landing.check import check_sources
from tests.pipeline.landing_desk import Desk

CONTACTS: dict[str, Any] = {
    "match": "*.csv",
    "optional": ["Record Id", "Contact Id", "Email"],
    "entities": {"customers": {"columns": {"customer_ref": 'coalesce("Record Id", "Contact Id")', "email": "Email"}}},
}


def test_an_optional_column_that_a_file_lacks_is_null_and_the_other_one_is_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONTACTS)
    desk.put("new.csv", "record id,Email\nn1,ann@example.org\n")
    desk.put("old.csv", "Contact Id\no1\n")
    desk.land()
    assert desk.rows("customers", "customer_ref, email") == [("n1", "ann@example.org"), ("o1", None)]


def test_optional_columns_of_parquet(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**CONTACTS, "match": "*.parquet", "format": "parquet"})
    pq.write_table(pa.table({"Contact Id": [7]}), desk.inbox / "a.parquet")
    desk.land()
    assert desk.rows("customers", "customer_ref, email") == [("7", None)]


def test_a_file_without_any_column_of_the_key_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, CONTACTS)
    desk.put("a.csv", "Id,Email\n1,ann@example.org\n")
    with pytest.raises(RefusedFiles, match=r"none of `Contact Id`, `Record Id`, from which customers\.customer_ref"):
        desk.land()


def test_a_column_that_is_not_optional_is_still_needed(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**CONTACTS, "optional": ["Contact Id", "Record Id"]})
    desk.put("a.csv", "Record Id\n1\n")
    with pytest.raises(RefusedFiles, match="lacks `Email`"):
        desk.land()


def test_all_columns_can_be_optional_and_the_check_lists_what_stays_empty(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**CONTACTS, "optional": "*"})
    desk.put("a.csv", "Record Id\n1\n")
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.problems == ()
    assert checked.notes == (
        "a.csv: canonical columns stay empty, because the file lacks their source columns: customers.email",
    )


def test_an_expression_that_has_a_value_without_any_column_is_not_listed_as_empty(tmp_path: Path) -> None:
    columns = {"customer_ref": "Record Id", "country": "coalesce(Country, 'DE')", "city": "upper(City)"}
    desk = Desk(tmp_path, {"match": "*.csv", "optional": "*", "entities": {"customers": {"columns": columns}}})
    desk.put("a.csv", "Record Id\n1\n")
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.notes == (
        "a.csv: canonical columns stay empty, because the file lacks their source columns: customers.city",
    )


def test_entries_with_a_name_that_have_no_file_are_in_one_line(tmp_path: Path) -> None:
    others = [{**CONTACTS, "match": f"{name}.csv", "name": name} for name in ("leads", "deals")]
    desk = Desk(tmp_path, *others, {**CONTACTS, "match": "x.csv"}, CONTACTS)
    desk.put("a.csv", "Record Id,Email\n1,ann@example.org\n")
    (checked,) = check_sources(desk.home, desk.sources())
    assert checked.notes[0].startswith("no file matches x.csv (")
    assert checked.notes[1:3] == ("no file for these entries of the mapping: leads, deals",)


ORDERS: dict[str, Any] = {
    "match": "*.csv",
    "optional": "*",
    "entities": {
        "orders": {
            "columns": {
                "order_id": "Id",
                "ordered_at": "Date",
                "status": {"sql": "Stage", "values": {"Closed Won": "paid", "*": "open"}},
            }
        }
    },
}


def test_a_file_without_the_status_of_orders_is_refused_because_all_of_them_would_count(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ORDERS)
    desk.put("a.csv", "Id,Date,Phase\n1,2024-01-01,Closed Lost\n")
    with pytest.raises(RefusedFiles, match=r"none of `Stage`, from which orders\.status is made"):
        desk.land()


def test_who_names_the_status_as_optional_lands_orders_without_it(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {**ORDERS, "optional": ["Stage"]})
    desk.put("a.csv", "Id,Date,Phase\n1,2024-01-01,Closed Lost\n")
    desk.land()
    assert desk.rows("orders", "order_id, status") == [("1", None)]
