"""Exports of Fxiaoke: the screen's CSV with Chinese labels, and pages of the interface's JSON."""

import csv
import shutil
from datetime import datetime
from pathlib import Path

import pytest
import xlsxwriter

from pipelines.base.entities import ENTITIES
from pipelines.landing import RefusedFiles
from tests.exports.exported import EXPORTS, land_export
from tests.pipeline.landing_desk import Desk


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return land_export("fxiaoke", tmp_path_factory.mktemp("fxiaoke"), warnings=1)


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return land_export("fxiaoke_api", tmp_path_factory.mktemp("fxiaoke_api"))


def test_a_member_is_linked_with_its_account_by_number_and_people_of_one_name_are_not_one(screen: Desk) -> None:
    columns = "customer_ref, person_ref, account_ref, name, email, phone, signed_up_at"
    assert screen.rows("customers", columns, "customer_ref") == [
        ("A-1", None, "A-1", "王芳", "wang@example.com", "13800138000", "2023-01-05 01:00:00"),
        ("A-2", None, "A-2", "王芳", None, None, "2023-02-05 01:00:00"),
        ("C-1", None, "A-1", "张伟", "zhang@example.com", "13900139000", "2023-01-06 01:00:00"),
        ("M-1", "A-1", None, "王芳", None, "13800138000", "2023-02-28 16:30:00"),
    ]
    columns = "birth_date, gender, country, region, city, segment, industry, owner, acquisition_channel, updated_at"
    assert screen.rows("customers", columns, "customer_ref") == [
        (None, None, "中国", "上海", "上海", "重要客户", "零售", "李雷", "转介绍", "2024-04-30 10:00:00"),
        (None, None, None, None, None, None, None, None, None, "2023-02-05 01:00:00"),
        ("1980-02-29", "男", None, None, None, None, None, "李雷", None, "2024-04-30 10:00:00"),
        ("1990-05-01", "女", None, None, None, "金卡", None, None, "小程序", "2024-04-30 10:00:00"),
    ]


def test_points_that_are_spent_or_expire_are_lost_and_an_unknown_change_is_quarantined(screen: Desk) -> None:
    columns = "event_id, customer_ref, occurred_at, kind, points, expires_at, order_id"
    assert screen.rows("loyalty_events", columns, "event_id") == [
        ("M-1-enrol", "M-1", "2023-02-28 16:30:00", "enrol", None, None, None),
        ("P-1", "M-1", "2024-04-01 02:00:00", "earn", "200", "2025-03-31 16:00:00", "SO-1"),
        ("P-2", "M-1", "2024-04-02 02:00:00", "redeem", "-50", None, None),
        ("P-3", "M-1", "2024-04-03 02:00:00", "expire", "-10", None, None),
    ]
    assert screen.rows("unreadable", "file_name, record, rule") == [("会员积分明细_20240501.csv", 4, "LND-009")]


def test_orders_count_when_they_are_in_force_and_returns_have_their_own_day(screen: Desk) -> None:
    assert screen.rows("orders", "order_id, customer_ref, phone, ordered_at, status, channel, currency, total") == [
        ("SO-1", "A-1", "13800138000", "2024-03-31 16:00:00", "confirmed", "门店", "CNY", "1200.50"),
        ("SO-2", "A-2", None, "2024-04-01 16:00:00", "pending approval", None, "CNY", "90.00"),
        ("SO-3", "A-2", None, "2024-04-02 16:00:00", "cancelled", None, "CNY", "70.00"),
    ]
    columns = "return_id, order_id, customer_ref, returned_at, amount, amount_basis, currency, kind, reason"
    assert screen.rows("returns", columns) == [
        ("R-1", "SO-1", "A-1", "2024-04-08 16:00:00", "1100.00", "gross", "CNY", "return", "破损")
    ]


def test_a_return_that_becomes_void_after_an_export_no_longer_counts(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: fxiaoke\n", encoding="utf-8")
    header = "退货单编号,销售订单编号,客户编号,退货日期,退货单金额(元),生命状态,最后修改时间\n"
    desk.put("退货单_1.csv", f"{header}R-1,SO-1,A-1,2024-03-10,400.00,正常,2024-03-10 10:00:00\n")
    desk.put("退货单_2.csv", f"{header}R-1,SO-1,A-1,2024-03-10,400.00,作废,2024-03-20 10:00:00\n")
    desk.land()
    assert desk.rows("returns", "return_id, amount, updated_at") == [("R-1", "400.00", "2024-03-10 02:00:00")]
    assert desk.rows("deletions", "entity, record_id, deleted_at") == [("returns", "R-1", "2024-03-20 02:00:00")]


def test_cases_and_contacts_with_customers(screen: Desk) -> None:
    columns = "case_id, customer_ref, phone, channel, opened_at, first_response_at, closed_at, kind, priority, status"
    assert screen.rows("cases", f"{columns}, body, resolution, satisfaction") == [
        (
            *("W-1", "A-1", "13800138000", "电话", "2024-04-05 02:00:00", "2024-04-05 03:00:00"),
            *("2024-04-06 02:00:00", "complaint", "高", "已完成", "杯子破损", "已补发", "4"),
        )
    ]
    columns = "interaction_id, customer_ref, phone, occurred_at, kind, direction, channel, body, duration_s, agent"
    assert screen.rows("interactions", columns, "interaction_id") == [
        ("S-1", "A-1", None, "2024-04-06 02:00:00", "visit", None, None, "介绍新品", None, "李雷"),
        ("S-2", "A-2", None, "2024-04-07 02:00:00", "note", None, None, "备注", None, "李雷"),
        ("V-1", "A-1", "13800138000", "2024-04-05 01:50:00", "call", "呼入", "phone", "报告破损", "125", "韩梅梅"),
    ]


def test_an_export_in_gbk_is_read_as_the_documentation_says(tmp_path: Path) -> None:
    mapping = "extends: fxiaoke\nfiles: {points: {encoding: gbk}}\n"
    desk = Desk(tmp_path)
    desk.mapping.write_text(mapping, encoding="utf-8")
    name = "会员积分明细_20240501.csv"
    desk.put(name, (EXPORTS / "fxiaoke" / name).read_text(encoding="utf-8-sig").encode("gbk"))
    desk.land()
    assert desk.rows("loyalty_events", "event_id, points") == [("P-1", "200"), ("P-2", "-50"), ("P-3", "-10")]


def test_workbooks_give_the_same_rows_as_csv(screen: Desk, tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: fxiaoke\n", encoding="utf-8")
    for export in (EXPORTS / "fxiaoke").iterdir():
        with (
            export.open(encoding="utf-8-sig", newline="") as file,
            xlsxwriter.Workbook(desk.inbox / f"{export.stem}.xlsx") as book,
        ):
            sheet, moment = book.add_worksheet(), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
            for number, row in enumerate(csv.reader(file)):
                for column, text in enumerate(row):
                    if len(text) == 19 and text[10] == " ":
                        sheet.write_datetime(number, column, datetime.fromisoformat(text), moment)
                    elif text:
                        sheet.write_string(number, column, text)
    assert len(desk.land().warnings) == 1  # the change of points that nobody explained
    for entity in ("customers", "loyalty_events", "orders", "returns", "cases", "interactions"):
        columns = ", ".join(ENTITIES[entity].columns)
        assert desk.rows(entity, columns, "1") == screen.rows(entity, columns, "1")


def test_pages_of_the_interface_people_and_points(api: Desk) -> None:
    columns = "customer_ref, person_ref, account_ref, name, email, phone, signed_up_at, birth_date"
    assert api.rows("customers", f"{columns}, region, city, segment, industry, owner, acquisition_channel") == [
        (
            *("5fa0c1", "A-1", "5fa0c1", "王芳", "wang@example.com", "13800138000", "2024-04-01 00:00:00", None),
            *("上海", "上海", "重要客户", "零售", "李雷", "转介绍"),
        ),
        (
            *("5fa0c2", None, "5fa0c1", "张伟", "zhang@example.com", "13900139000", "2024-04-01 00:00:00"),
            *("1980-02-29", None, None, None, None, "李雷", None),
        ),
        (
            *("5fa0c3", "5fa0c1", None, "王芳", None, "13800138000", "2024-04-01 00:00:00"),
            *(None, None, None, "金卡", None, None, None),
        ),
    ]
    columns = "event_id, customer_ref, occurred_at, kind, points, expires_at, order_id"
    assert api.rows("loyalty_events", columns, "event_id") == [
        ("5fa0c3-enrol", "5fa0c3", "2024-04-01 00:00:00", "enrol", None, None, None),
        ("5fa0d1", "5fa0c3", "2024-04-01 00:00:00", "earn", "200.00", "2025-04-01 00:00:00", "5fa0e1"),
        ("5fa0d2", "5fa0c3", "2024-04-01 00:00:01", "redeem", "-50.00", None, None),
    ]


def test_pages_of_the_interface_orders_returns_cases_and_contacts(api: Desk) -> None:
    assert api.rows("orders", "order_id, customer_ref, ordered_at, status, currency, total, updated_at") == [
        ("5fa0e1", "5fa0c1", "2024-04-01 00:00:00", "confirmed", "CNY", "1200.50", "2024-04-01 00:00:05"),
        ("5fa0e2", "5fa0c1", "2024-04-01 00:00:00", "cancelled", "CNY", "90.00", "2024-04-01 00:00:00"),
    ]
    assert api.rows("returns", "return_id, order_id, customer_ref, returned_at, amount, amount_basis, reason") == [
        ("5fa0f1", "5fa0e1", "5fa0c1", "2024-04-02 00:00:00", "1100.00", "gross", "破损")
    ]
    assert api.rows("cases", "case_id, customer_ref, channel, opened_at, closed_at, kind, status, body") == [
        ("5fa101", "5fa0c1", "电话", "2024-04-01 00:00:00", "2024-04-01 01:00:00", "complaint", "已完成", "杯子破损")
    ]
    columns = "interaction_id, customer_ref, occurred_at, kind, direction, channel, body, duration_s, agent"
    assert api.rows("interactions", columns) == [
        ("5fa121", "5fa0c1", "2024-04-01 00:00:00", "visit", None, None, "介绍新品", None, "李雷"),
        ("5fa111", "5fa0c1", "2024-04-01 00:00:00", "call", "呼入", "phone", "报告破损", "125", "李雷"),
    ]


def test_an_error_that_the_interface_gives_with_http_200_is_not_an_empty_page(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: fxiaoke_api\n", encoding="utf-8")
    shutil.copyfile(EXPORTS / "fxiaoke_api" / "MemberObj_1.json", desk.inbox / "MemberObj_1.json")
    desk.put("AccountObj_1.json", '{"traceId": "x", "errorCode": 20016, "errorMessage": "token expired"}')
    with pytest.raises(RefusedFiles, match="AccountObj_1"):
        desk.land()


def test_an_amount_in_another_form_is_kept_for_staging_instead_of_being_another_amount(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: fxiaoke\n", encoding="utf-8")
    amounts = ["1,200.50", "1.200,50", "12,50", "1200,50", "-1,234,567", "1200.5", "￥90"]
    orders = "".join(f'SO-{n},A-1,2024-04-01,"{text}",正常\n' for n, text in enumerate(amounts))
    desk.put("销售订单_1.csv", f"销售订单编号,客户编号,下单日期,销售订单金额(元),生命状态\n{orders}")
    returns = "".join(f'R-{n},A-1,2024-04-01,"{text}",正常\n' for n, text in enumerate(amounts))
    desk.put("退货单_1.csv", f"退货单编号,客户编号,退货日期,退货单金额(元),生命状态\n{returns}")
    desk.land()
    kept = ["1200.50", "1.200,50", "12,50", "1200,50", "-1234567", "1200.5", "￥90"]
    assert [amount for (amount,) in desk.rows("orders", "total")] == kept
    assert [amount for (amount,) in desk.rows("returns", "amount")] == kept
