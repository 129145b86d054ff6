"""A shop, a CRM and a survey tool know one person by three references: what links them, and what the check says."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.identity.linked import declared_links
from pipelines.landing import load_mapping, separate_customers, separate_orders
from tests.pipeline.landing_desk import Desk

ORDERS: dict[str, Any] = {
    "match": "shop/*.csv",
    "entities": {
        "orders": {"columns": {"order_id": "id", "customer_ref": "cust", "ordered_at": "at", "total": "total"}}
    },
}
ANSWERS: dict[str, Any] = {
    "match": "survey/*.csv",
    "entities": {
        "survey_answers": {
            "columns": {
                "response_id": "id",
                "question_id": "'nps'",
                "customer_ref": "lower(mail)",
                "answered_at": "at",
                "answer_number": "score",
            }
        }
    },
}
CONTACTS: dict[str, Any] = {
    "match": "crm/*.csv",
    "entities": {"customers": {"columns": {"customer_ref": "Record Id", "person_ref": "Shop Id", "email": "Email"}}},
}
# Who has which e-mail, as the shop says: it links the references of the survey tool with those of the shop.
ALIASES = {"where": "mail is not null", "columns": {"customer_ref": "lower(mail)", "person_ref": "cust"}}
FILES = {
    "shop/o.csv": "id,cust,mail,at,total\n1,C1,ann@x.org,2024-05-01,10.00\n2,C2,bob@x.org,2024-05-02,10.00\n",
    "survey/t.csv": "id,mail,score,at\nt1,Ann@x.org,9,2024-05-02\n",
    "crm/c.csv": "Record Id,Email,Shop Id\nz9,ann@x.org,C1\nz10,bob@x.org,C2\n",
}


def write(path: Path, source: str, *groups: dict[str, Any]) -> Path:
    path.write_text(yaml.safe_dump({"source": source, "files": list(groups)}, sort_keys=False))
    return path


def config(folder: Path, *mappings: Path) -> Path:
    for name, text in FILES.items():
        path = folder / "in" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    kind = {"shop.yml": "in/shop", "survey.yml": "in/survey", "crm.yml": "in/crm"}
    sources = [{"mapping": str(one), "files": kind.get(one.name, "in")} for one in mappings]
    path = folder / "loyalty.yml"
    path.write_text(yaml.safe_dump({"currency": "GBP", "timezone": "UTC", "sources": sources}))
    return path


def with_columns(group: dict[str, Any], **columns: str) -> dict[str, Any]:
    ((entity, rows),) = group["entities"].items()
    return {**group, "entities": {entity: {**rows, "columns": {**rows["columns"], **columns}}}}


def alone(group: dict[str, Any]) -> dict[str, Any]:
    return {**group, "match": "*.csv"}


def test_the_check_warns_of_sources_whose_customers_cannot_be_linked_and_says_what_to_do(tmp_path: Path) -> None:
    path = config(
        tmp_path,
        write(tmp_path / "shop.yml", "shop", alone(ORDERS)),
        write(tmp_path / "survey.yml", "survey", alone(ANSWERS)),
        write(tmp_path / "crm.yml", "crm", alone(CONTACTS)),
    )
    done = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert done.exit_code == 0, done.stderr
    assert "warning customers of the sources shop and survey cannot be linked" in done.stderr
    assert "Map `email` or `phone`" in done.stderr and "`person_source`" in done.stderr
    assert f"{tmp_path}/crm.yml:8: person_ref is read as a reference of the source crm" in done.stderr
    told = json.loads(CliRunner().invoke(app, ["check", "--config", str(path), "--json"]).stdout)
    assert len(told["warnings"]) == 2 and told["problems"] == []


def test_one_mapping_with_one_source_makes_them_one_customer_and_the_check_is_silent(tmp_path: Path) -> None:
    both = {**ORDERS, "entities": {**ORDERS["entities"], "customers": ALIASES}}
    desk = Desk(tmp_path, both, ANSWERS, CONTACTS)
    for name, text in FILES.items():
        desk.put(name, text)
    assert separate_customers([load_mapping(desk.mapping)]) == []
    desk.land()
    ((answered_by,),) = desk.rows("survey_answers", "customer_ref")
    with duckdb.connect() as connection:
        records = desk.rows("customers", "source, customer_ref, person_ref")
        columns = "source varchar, customer_ref varchar, person_source varchar, person_ref varchar"
        connection.execute(f"create table customers ({columns})")
        connection.executemany("insert into customers values (?, ?, null, ?)", records)
        links = declared_links(connection, [("shop", answered_by)])
    assert {ref for link in links for ref in link} == {("shop", "ann@x.org"), ("shop", "C1"), ("shop", "z9")}
    assert ("C1",) in desk.rows("orders", "customer_ref")


@pytest.mark.parametrize(
    ("sources", "warnings"),
    [
        ({"shop": ORDERS, "rates": {"match": "*", "entities": {"products": {"columns": {"product_id": "sku"}}}}}, 0),
        ({"shop": ORDERS, "readme": {"match": "*", "ignore": "words"}}, 0),
        ({"shop": ORDERS, "survey": ANSWERS}, 1),
        ({"shop": ORDERS, "crm": CONTACTS}, 2),
        ({"shop": with_columns(ORDERS, email="mail"), "survey": ANSWERS}, 1),
        ({"shop": with_columns(ORDERS, email="mail"), "survey": with_columns(ANSWERS, email="mail")}, 0),
        ({"shop": with_columns(ORDERS, phone="tel"), "crm": CONTACTS}, 1),
        ({"shop": ORDERS, "crm": with_columns(CONTACTS, person_source="'shop'")}, 0),
    ],
)
def test_only_sources_that_name_customers_are_warned_about(
    tmp_path: Path, sources: dict[str, dict[str, Any]], warnings: int
) -> None:
    mappings = [load_mapping(write(tmp_path / f"{name}.yml", name, group)) for name, group in sources.items()]
    assert len(separate_customers(mappings)) == warnings


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("'shop'", None),
        ("'Shop'", "Shop"),
        (" 'the ''old'' shop' ", "the 'old' shop"),
        ("source_name", None),
        ("'sh' || 'opp'", None),
    ],
)
def test_a_person_source_that_no_source_has_as_its_name_is_warned_about_with_its_place(
    tmp_path: Path, expression: str, named: str | None
) -> None:
    shop = load_mapping(write(tmp_path / "shop.yml", "shop", with_columns(ORDERS, email="mail")))
    crm = load_mapping(write(tmp_path / "crm.yml", "crm", with_columns(CONTACTS, email="m", person_source=expression)))
    warnings = separate_customers([shop, crm])
    assert len(warnings) == (named is not None)
    for warning in warnings:
        assert f"person_source is '{named}', and no source of loyalty.yml has this name (crm, shop)" in warning
        assert warning.startswith(f"{tmp_path}/crm.yml:")
    # also if nothing else is configured
    assert len(separate_customers([crm])) == (expression != "source_name" and "||" not in expression)


@pytest.mark.parametrize(
    ("expression", "named"),
    [("'shop'", None), ("' shop '", None), ("'Shop '", "Shop"), ("source_name", None), ("'sh' || 'opp'", None)],
)
def test_an_order_source_that_no_source_has_as_its_name_is_warned_about_with_its_place(
    tmp_path: Path, expression: str, named: str | None
) -> None:
    shop = load_mapping(write(tmp_path / "shop.yml", "shop", ORDERS))
    answers = with_columns(ANSWERS, order_id="order_no", order_source=expression)
    survey = load_mapping(write(tmp_path / "survey.yml", "survey", answers))
    warnings = separate_orders([shop, survey])
    assert len(warnings) == (named is not None)
    for warning in warnings:
        assert f"order_source is '{named}', and no source of loyalty.yml has this name (shop, survey)" in warning
        assert warning.startswith(f"{tmp_path}/survey.yml:")


def test_an_order_source_without_orders_is_warned_about(tmp_path: Path) -> None:
    shop = load_mapping(write(tmp_path / "shop.yml", "shop", ORDERS))
    crm = load_mapping(write(tmp_path / "crm.yml", "crm", CONTACTS))
    answers = with_columns(ANSWERS, order_id="order_no", order_source="' crm '")
    survey = load_mapping(write(tmp_path / "survey.yml", "survey", answers))
    (warning,) = separate_orders([shop, crm, survey])
    assert warning.startswith(f"{tmp_path}/survey.yml:")
    assert "order_source is 'crm', and the source crm has no orders. The records are linked to no order" in warning


def test_an_order_of_a_source_without_orders_is_warned_about(tmp_path: Path) -> None:
    answers = with_columns(ANSWERS, order_id="order_no")
    shop = load_mapping(write(tmp_path / "shop.yml", "shop", ORDERS, answers))
    assert separate_orders([shop]) == []
    survey = load_mapping(write(tmp_path / "survey.yml", "survey", answers))
    (warning,) = separate_orders([shop, survey])
    assert warning.startswith(f"{tmp_path}/survey.yml:")
    assert "order_id is read as an order of the source survey, which has no orders" in warning
    lines = {"match": "*", "entities": {"order_lines": {"columns": {"order_id": "id", "line_id": "n"}}}}
    assert separate_orders([shop, survey, load_mapping(write(tmp_path / "lines.yml", "survey", lines))]) == []
    payments = {"payment_id": "id", "order_id": "order_no", "paid_at": "at", "amount": "total"}
    till = {"match": "*", "entities": {"payments": {"columns": payments}}}
    (warning,) = separate_orders([shop, load_mapping(write(tmp_path / "till.yml", "till", till))])
    assert "payments have no order_source. If the order is in another source, set `source` in this mapping" in warning
    assert separate_orders([shop, load_mapping(write(tmp_path / "till.yml", "shop", till))]) == []
    # an empty order_source means the source of the mapping
    for name, expected in (("shop", 0), ("survey", 1)):
        empty = with_columns(ANSWERS, order_id="order_no", order_source="''")
        warnings = separate_orders([shop, load_mapping(write(tmp_path / "empty.yml", name, empty))])
        assert [("order_id is read as an order of the source" in one) for one in warnings] == [True] * expected
    # each entity of each file by itself
    known = with_columns(ANSWERS, order_id="order_no", order_source="'shop'")
    both = load_mapping(write(tmp_path / "both.yml", "survey", known, {**answers, "match": "other/*.csv"}))
    (warning,) = separate_orders([shop, both])
    assert "order_id is read as an order of the source survey" in warning


def test_the_check_warns_about_orders_of_sources_that_have_none(tmp_path: Path) -> None:
    answers = alone(with_columns(ANSWERS, order_id="id"))
    shop = write(tmp_path / "shop.yml", "shop", alone(ORDERS))
    path = config(tmp_path, shop, write(tmp_path / "survey.yml", "survey", answers))
    done = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert done.exit_code == 0, done.stderr
    assert "order_id is read as an order of the source survey" in done.stderr


def test_a_source_that_was_never_pulled_is_known_by_its_name(tmp_path: Path) -> None:
    answers = alone(with_columns(ANSWERS, order_id="id", order_source="'shopify'"))
    path = config(tmp_path, write(tmp_path / "survey.yml", "survey", answers))
    settings = yaml.safe_load(path.read_text())
    shop = {"mapping": "shopify_api", "files": "pulled", "pull": {"shopify": {"url": "https://a.myshopify.com"}}}
    path.write_text(yaml.safe_dump({**settings, "sources": [*settings["sources"], shop]}))
    done = CliRunner().invoke(app, ["check", "--config", str(path)])
    assert done.exit_code == 0, done.stderr
    assert "order_source" not in done.stderr


def test_two_mappings_of_one_source_do_not_stand_apart(tmp_path: Path) -> None:
    first = load_mapping(write(tmp_path / "a.yml", "shop", ORDERS))
    second = load_mapping(write(tmp_path / "b.yml", "shop", CONTACTS))
    assert separate_customers([first, second]) == []


def test_a_built_in_mapping_knows_that_its_person_ref_is_one_of_its_own_source(tmp_path: Path) -> None:
    shop = load_mapping(write(tmp_path / "shop.yml", "shop", with_columns(ORDERS, email="mail")))
    own = tmp_path / "own.yml"
    own.write_text("extends: fxiaoke\ntimezone: UTC\n", encoding="utf-8")
    assert separate_customers([shop, load_mapping("fxiaoke")]) == []
    assert separate_customers([shop, load_mapping(own)]) == []
    member = "extends: fxiaoke\nfiles: {members: {entities: {customers: {columns: {person_ref: 卡号}}}}}\n"
    own.write_text(member, encoding="utf-8")
    (warning,) = separate_customers([shop, load_mapping(own)])
    assert warning.startswith(f"{own}:2: person_ref is read as a reference of the source fxiaoke")
