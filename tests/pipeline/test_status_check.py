"""`loyalty check` lists the statuses of orders and lines with counts and value, before a run and after it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from pipelines.cli.app import app
from pipelines.landing import SourceCheck, SourceFiles, check_sources, load_mapping, status_check
from tests.pipeline.landing_desk import Desk

ORDERS: dict[str, Any] = {
    "match": "orders*.csv",
    "entities": {
        "orders": {
            "where": "kind <> 'quote'",
            "columns": {
                "order_id": "id",
                "ordered_at": "day",
                "status": "state",
                "total": "replace(total, ',', '.')",
                "currency": "currency",
            },
        }
    },
    "skips": [{"name": "quotes", "why": "nobody has ordered", "where": "kind = 'quote'"}],
}
LINES: dict[str, Any] = {
    "match": "orders*.json",
    "format": "json",
    "entities": {
        "order_lines": {
            "each": "items",
            "columns": {
                "order_id": "id",
                "line_id": "item.no",
                "quantity": "item.n",
                "unit_price": "item.price",
                "total": "item.total",
                "status": "item.state",
            },
        }
    },
}
HEADER = "id,kind,day,state,total,currency\n"


def checked(desk: Desk) -> SourceCheck:
    (found,) = check_sources(desk.home, [SourceFiles(load_mapping(desk.mapping), desk.inbox)])
    return found


def counts(desk: Desk) -> list[tuple[object, ...]]:
    return [
        (one.entity, one.status, one.status_class, one.currency, one.rows, one.amount) for one in checked(desk).statuses
    ]


def test_statuses_are_counted_as_landing_would_read_them_and_nothing_lands(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ORDERS, LINES, order_statuses={"sale": "Abgerechnet"})
    rows = [
        "1,o,2024-05-01, ABGERECHNET ,10.50,EUR",
        "2,o,2024-05-01,odd,1.25,EUR",
        '3,o,2024-05-01,Odd,"2,5",EUR',
        "4,o,2024-05-01,odd,many,USD",
        "5,o,2024-05-01,,3,EUR",
        "6,quote,2024-05-01,quoted,3,EUR",
    ]
    desk.put("orders-1.csv", HEADER + "\n".join(rows) + "\n")
    items = [
        {"no": "1", "n": "2", "price": "1.5", "state": "Cancelled"},
        {"no": "2", "n": "1", "price": "4", "total": "3.99", "state": "?!"},
    ]
    desk.put("orders-1.json", json.dumps([{"id": "1", "items": items}]))
    assert counts(desk) == [
        ("orders", "odd", "unknown", "EUR", 2, Decimal("3.75")),
        ("order_lines", "?!", "unknown", None, 1, Decimal("3.99")),
        ("order_lines", "cancelled", "cancelled", None, 1, Decimal("3.00")),
        ("orders", "abgerechnet", "sale", "EUR", 1, Decimal("10.50")),
        ("orders", "odd", "unknown", "USD", 1, None),
    ]
    assert not desk.home.exists()


def test_a_file_that_has_landed_is_counted_once_even_if_it_is_gone(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ORDERS)
    first = desk.put("orders-1.csv", HEADER + "1,o,2024-05-01,odd,10,EUR\n")
    desk.land()
    desk.put("orders-2.csv", HEADER + "2,o,2024-05-02,odd,5,EUR\n")
    assert counts(desk) == [("orders", "odd", "unknown", "EUR", 2, Decimal("15.00"))]
    first.unlink()
    desk.say(ORDERS, order_statuses={"sale": "odd"})
    assert counts(desk) == [("orders", "odd", "sale", "EUR", 2, Decimal("15.00"))]


def test_files_are_read_only_if_the_mapping_maps_a_status(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = {name: sql for name, sql in ORDERS["entities"]["orders"]["columns"].items() if name != "status"}
    plain = {"match": "plain*.csv", "entities": {"orders": {"columns": columns}}}
    desk = Desk(tmp_path, plain, ORDERS)
    desk.put("plain.csv", HEADER + "1,o,2024-05-01,odd,10,EUR\n")

    def refuse(*_: object) -> None:
        raise AssertionError("a file without a status was read")

    monkeypatch.setattr(status_check, "read", refuse)
    assert counts(desk) == []


def test_a_file_that_cannot_be_read_whole_is_a_problem_of_the_check(tmp_path: Path) -> None:
    group = {
        **ORDERS,
        "entities": {
            "orders": {"columns": {"order_id": "id", "ordered_at": "day", "status": "state", "total": "total::int"}}
        },
    }
    desk = Desk(tmp_path, {**group, "skips": []})
    desk.put("orders-1.csv", HEADER + "1,o,2024-05-01,odd,10,EUR\n2,o,2024-05-01,paid,much,EUR\n")
    desk.put("orders-2.csv", HEADER + "3,o,2024-05-01,paid,10,EUR\n")
    found = checked(desk)
    assert len(found.problems) == 1 and "orders-1.csv: the mapping does not fit the file" in found.problems[0]
    assert [(one.status, one.rows) for one in found.statuses] == [("paid", 1)]


def test_the_command_lists_unknown_statuses_as_text_and_as_json(tmp_path: Path) -> None:
    desk = Desk(tmp_path, ORDERS)
    desk.put("orders-1.csv", HEADER + "1,o,2024-05-01,odd,1234.5,EUR\n2,o,2024-05-01,paid,5,EUR\n")
    config = tmp_path / "loyalty.yml"
    config.write_text(
        yaml.safe_dump({"currency": "GBP", "timezone": "UTC", "sources": [{"mapping": "mapping.yml", "files": "in"}]})
    )
    shown = CliRunner().invoke(app, ["check", "--config", str(config)])
    assert shown.exit_code == 0
    assert "the status `odd` of orders is unknown: 1 row, 1,234.50 EUR." in shown.stdout
    assert "order_statuses" in shown.stdout and "`paid`" not in shown.stdout
    (source,) = json.loads(CliRunner().invoke(app, ["check", "--config", str(config), "--json"]).stdout)["sources"]
    assert {"entity": "orders", "status": "odd", "status_class": "unknown", "currency": "EUR"}.items() <= source[
        "statuses"
    ][0].items()
    assert source["problems"] == []
