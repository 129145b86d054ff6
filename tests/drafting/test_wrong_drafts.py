"""Tables of payment services, tills, survey tools and shops, whose draft would be wrong without its remark.

Each of these mistakes changed numbers: refunds as orders, responses as customers, cents as whole units.
"""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from pipelines.base.errors import InputError
from pipelines.drafting import Draft, Wishes, draft_mapping
from tests.pipeline.landing_desk import Desk

TODAY = date(2024, 5, 31)
HOME = Wishes(source="shop", timezone="Europe/Berlin", currency="EUR")


def drafted(folder: Path, files: dict[str, str | bytes]) -> Draft:
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return draft_mapping([folder / name for name in files], HOME, TODAY)


def entities(draft: Draft) -> list[str]:
    return [name for entry in yaml.safe_load(draft.text)["files"] for name in entry["entities"]]


def columns(draft: Draft, entity: str) -> dict[str, str]:
    found = [entry["entities"][entity]["columns"] for entry in yaml.safe_load(draft.text)["files"]]
    return dict(found[0])


def decisive(draft: Draft) -> str:
    return "\n".join(remark.text for _, remark in draft.remarks if remark.is_decisive)


def test_refunds_of_a_payment_service_are_returns_and_not_orders(tmp_path: Path) -> None:
    text = "id,charge_id,amount,currency,created,reason,status\nre_1,ch_1,12.50,EUR,1704103200,duplicate,succeeded\n"
    draft = drafted(tmp_path, {"refunds.csv": text})
    assert entities(draft) == ["returns"]
    assert columns(draft, "returns")["order_id"] == "charge_id"
    assert "status" not in decisive(draft)


@pytest.mark.parametrize(("name", "word"), [("refunds", "failed"), ("disputes", "won"), ("refunds", "pending")])
def test_money_that_was_not_paid_back_is_decided_before_a_run(tmp_path: Path, name: str, word: str) -> None:
    text = "id,charge_id,amount,currency,created,reason,status\n"
    text += f"x_1,ch_1,12.50,EUR,1704103200,duplicate,succeeded\nx_2,ch_2,3.10,EUR,1704103200,fraud,{word}\n"
    draft = drafted(tmp_path, {f"{name}.csv": text})
    assert entities(draft) == ["returns"]
    assert f"`status` is not read, and some records have `{word}`: the draft subtracts them from" in decisive(draft)


@pytest.mark.parametrize(
    ("name", "text", "taken", "near"),
    [
        (
            "feedback_export.csv",
            "Survey ID,Response Date,Customer Email,Likelihood to Recommend,Overall Satisfaction\n"
            "7001,2024-02-01 10:00,a@example.com,9,5\n",
            "customers",
            "survey_answers --column response_id=COLUMN",
        ),
        (
            "report17.csv",
            "Case ID,Contact ID,Contact Email,Type,Case Origin,Status,Priority,Start of case\n"
            "5001,0031,a@example.com,Problem,Phone,Closed,High,2024-02-01 10:00\n",
            "customers",
            "cases --column opened_at=COLUMN",
        ),
        (
            "items.csv",
            "Slip,Opened,Closed,Item,Qty,Price,Discount,Location\n"
            "51,2024-02-01 12:00,2024-02-01 13:00,Ramen,2,17.00,0.00,Downtown\n",
            "cases",
            "order_lines --column order_id=COLUMN",
        ),
    ],
)
def test_a_table_that_looks_more_like_another_entity_is_decided_before_a_run(
    tmp_path: Path, name: str, text: str, taken: str, near: str
) -> None:
    draft = drafted(tmp_path, {name: text})
    assert entities(draft) == [taken]
    assert f"the draft takes the records as {taken}, but more columns fit {near.split()[0]}" in decisive(draft)
    assert f"--entity {near}" in decisive(draft)


def test_items_of_a_restaurant_are_lines_of_their_check(tmp_path: Path) -> None:
    text = "Business Date,Check #,Opened,Closed,Item,Qty,Price,Loyalty Card\n"
    text += "02/25/2024,51,02/25/2024 11:00 PM,02/26/2024 12:10 AM,Ramen,2,17.00,LC1\n"
    found = columns(drafted(tmp_path, {"CheckItems.csv": text}), "order_lines")
    assert (found["order_id"], found["customer_ref"], found["unit_price"]) == ("Check #", "Loyalty Card", "Price")


def test_lines_without_an_amount_are_decided_and_the_numbers_are_named(tmp_path: Path) -> None:
    text = "Invoice No,Invoice Date,Qty,Worth\nA1,2024-02-01,2,45.10\nA2,2024-02-03,1,12.00\n"
    assert "no column has the amount of the line, so these orders have no value" in decisive(
        drafted(tmp_path, {"daybook.csv": text})
    )


def cents(currency: str, created: str) -> str:
    rows = "".join(f"ch_{n},{created},{1900 + n},{currency},cus_{n},paid\n" for n in range(30))
    return f"id,created,amount,currency,customer_id,status\n{rows}"


@pytest.mark.parametrize(
    ("currency", "created", "is_open"),
    [
        ("usd", "2024-02-01 10:00", True),  # web services write currencies in lower case
        ("USD", "1704103200", True),  # and times as seconds
        ("USD", "2024-02-01 10:00", False),
        ("jpy", "1704103200", False),
    ],
)
def test_whole_amounts_in_a_table_of_a_web_service_may_be_cents(
    tmp_path: Path, currency: str, created: str, is_open: bool
) -> None:
    draft = drafted(tmp_path, {"orders.csv": cents(currency, created)})
    assert ("as amounts in cents are" in decisive(draft)) is is_open


def test_one_payment_in_yen_does_not_hide_the_cents_of_the_others(tmp_path: Path) -> None:
    text = cents("usd", "1704103200") + "ch_99,1704103200,500,jpy,cus_1,paid\n"
    assert "as amounts in cents are" in decisive(drafted(tmp_path, {"orders.csv": text}))


def test_currencies_in_lower_case_get_capital_letters(tmp_path: Path) -> None:
    # staging rejects each row whose currency is not three capital letters
    draft = drafted(tmp_path, {"orders.csv": cents("usd", "1704103200")})
    assert columns(draft, "orders")["currency"] == "upper(currency)"


@pytest.mark.parametrize("name", ["Versandkosten intern", "Freight charge", "买家邮费"])
def test_shipping_that_is_not_read_is_decided_before_a_run(tmp_path: Path, name: str) -> None:
    text = f"Order ID,Customer ID,Order Date,Total,{name}\nA1,K1,2024-02-01,24.90,4.90\nA2,K2,2024-02-02,80.00,0.00\n"
    assert f"shipping: `{name}` is not read. If `Total` includes it" in decisive(drafted(tmp_path, {"o.csv": text}))


@pytest.mark.parametrize("name", ["Shipping method", "Shipping date", "Shipping discount", "Shipping ZIP code"])
def test_other_columns_of_shipping_are_no_costs(tmp_path: Path, name: str) -> None:
    text = f"Order ID,Customer ID,Order Date,Total,{name}\nA1,K1,2024-02-01,24.90,4.90\nA2,K2,2024-02-02,80.00,3.00\n"
    assert "shipping:" not in decisive(drafted(tmp_path, {"o.csv": text}))


def test_orders_of_taobao_leave_the_shipping_out_of_the_goods(tmp_path: Path) -> None:
    text = "订单编号,买家会员名,买家应付货款,买家应付邮费,总金额,订单状态,订单创建时间\n"
    text += '"=""2300000000000000977""",tb1,59.00,8.00,67.00,交易成功,2024-02-01 10:00:00\n'
    found = columns(drafted(tmp_path, {"ExportOrderList.csv": text.encode("gbk")}), "orders")
    assert (found["gross"], found["shipping"], found["total"]) == ("买家应付货款", "买家应付邮费", "总金额")
    assert found["order_id"] == r"""regexp_replace(订单编号, '^="(.*)"$', '\1')"""


def test_a_table_of_few_words_in_gbk_is_not_taken_as_windows_1252(tmp_path: Path) -> None:
    rows = "".join(f'"=""{2300000000000000977 + n}""",茶杯,59.00,2,颜色分类:红色,交易成功,SKU茶\n' for n in range(400))
    content = f"订单编号,标题,价格,购买数量,商品属性,订单状态,商家编码\n{rows}".encode("gbk")
    draft = drafted(tmp_path, {"ExportOrderDetailList.csv": content})
    assert yaml.safe_load(draft.text)["files"][0]["encoding"] == "gbk"
    assert columns(draft, "order_lines")["quantity"] == "购买数量"


def test_a_short_questionnaire_of_wjx_in_gbk_is_not_taken_for_big5(tmp_path: Path) -> None:
    header = "序号,提交答卷时间,所用时间,来源,来源详情,来自IP,1、您有多大可能向朋友或同事推荐我们？,2、您的邮箱"
    rows = "".join(
        f"{n},2024/4/{n} 9:08:07,45秒,微信,N/A,114.85.1.2(上海-上海),{n % 11},c{n}@example.com\n" for n in range(1, 21)
    )
    (tmp_path / "1_2.csv").write_bytes(f"{header}\n{rows}".encode("gbk"))
    assert draft_mapping([tmp_path / "1_2.csv"], Wishes(), TODAY).built_in == "wjx"


def test_traditional_chinese_is_named_as_an_encoding_that_is_not_supported(tmp_path: Path) -> None:
    rows = "".join(f"A{n},陳小明,台北市信義區忠孝東路,已付款,{n}00\n" for n in range(9))
    with pytest.raises(InputError) as caught:
        drafted(tmp_path, {"orders.csv": f"訂單編號,客戶姓名,地址,狀態,金額\n{rows}".encode("big5")})
    assert caught.value.message.endswith("its encoding seems to be big5, which is not supported")


def test_japanese_of_windows_is_named_as_an_encoding_that_is_not_supported(tmp_path: Path) -> None:
    rows = "".join(f"R{n},令和2年10月{n % 27 + 1}日,急須①,￥12{n:02d},発送済み,クレジットカード\n" for n in range(50))
    text = f"受注番号,受注日,商品名,合計金額（税込）,ステータス,支払方法\n{rows}"
    with pytest.raises(InputError) as caught:
        drafted(tmp_path, {"juchu.csv": text.encode("cp932")})
    assert caught.value.message.endswith("its encoding seems to be cp932, which is not supported")


def test_days_with_the_month_in_letters_and_no_separators_are_times(tmp_path: Path) -> None:
    text = "Activity ID,Membership No,Activity Type,Activity Date,Miles\nA1,7001,earn,01AUG2023,500\n"
    draft = drafted(tmp_path, {"activity.csv": text})
    assert entities(draft) == ["loyalty_events"]
    assert yaml.safe_load(draft.text)["files"][0]["timestamps"] == "%d%b%Y"


def test_a_page_of_a_web_service_is_read_by_its_list(tmp_path: Path) -> None:
    ticket = {"id": 7, "created_at": "2024-02-01T10:00:00Z", "status": "open", "priority": "high", "requester_id": 36}
    page = {"tickets": [ticket], "count": 1, "end_of_stream": True, "next_page": None}
    draft = drafted(tmp_path, {"incremental.json": json.dumps(page)})
    assert entities(draft) == ["cases"]
    assert yaml.safe_load(draft.text)["files"][0]["records"] == "tickets"


def test_one_order_with_its_lines_is_not_a_page(tmp_path: Path) -> None:
    order = {"id": "A1", "created_at": "2024-02-01T10:00:00Z", "total": 9.5, "lines": [{"sku": "TEA", "quantity": 1}]}
    assert "records" not in yaml.safe_load(drafted(tmp_path, {"orders.json": json.dumps(order)}).text)["files"][0]


def test_lines_whose_time_cannot_be_read_name_the_column(tmp_path: Path) -> None:
    text = "注文番号,会員番号,注文日,商品名,単価,個数\nA1,K1,令和2年10月16日,茶,100,2\n"
    draft = drafted(tmp_path, {"lines.csv": text})
    assert "ordered_at: `注文日` is named like a time, but no known format" in "\n".join(
        remark.text for _, remark in draft.remarks if remark.is_open
    )


def test_a_folder_that_no_entity_fits_says_why_for_each_file(tmp_path: Path) -> None:
    lines = "".join(f"D{n:010d}24032{n:09d}\n" for n in range(30))
    with pytest.raises(InputError) as caught:
        drafted(tmp_path, {"extract.txt": lines, "x.csv": "alpha,beta\nu,v\n"})
    assert "extract.txt would be ignored: no delimiter was found" in caught.value.message
    assert "`format: fixed` (docs/mapping.md, Fixed-width files)" in caught.value.message
    assert "x.csv would be ignored: no entity fits its columns" in caught.value.message


def test_events_of_a_programme_without_points_are_decided_before_a_run(tmp_path: Path) -> None:
    text = "Entry,Member ID,Date,Reason,Points In,Points Out\n"
    text += "1,7001,2024-02-01,Purchase,120,\n2,7001,2024-03-01,Gift,,50\n"
    draft = drafted(tmp_path, {"points_statement.csv": text})
    assert entities(draft) == ["loyalty_events"]
    assert "none has the points, so these events change no balance" in decisive(draft)


def test_lines_of_text_with_other_line_ends_above_a_header_are_skipped(tmp_path: Path) -> None:
    # DuckDB's sniffer fails for such a report: a program wrote its own lines above the table of another one
    rows = "".join(f'"2024-02-{n + 1:02d}","A{n}","1,2{n:02d}.50","x"\r\n' for n in range(20))
    table = f'"Order Date","Order ID","Total","Note"\r\n{rows}'
    draft = drafted(
        tmp_path, {"orders.csv": f'"Marketplace, and Webstore"\n"All amounts in USD"\n"Definitions:"\n{table}'}
    )
    assert yaml.safe_load(draft.text)["files"][0]["skip_rows"] == 3


TWO_ZONES = """Transaction ID,Date,Time,Time Zone,Customer ID,Net Sales
T1,2024-07-01,20:30:00,Eastern Time (US & Canada),C1,12.50
T2,2024-07-01,20:30:00,Pacific Time (US & Canada),C2,9.00
"""


def test_a_column_with_several_time_zones_is_decided_before_a_run(tmp_path: Path) -> None:
    draft = drafted(tmp_path, {"items.csv": TWO_ZONES})
    assert "timezone: `Time Zone` is not read and has 2 zones" in decisive(draft)
    one = drafted(tmp_path, {"items.csv": TWO_ZONES.replace("Pacific", "Eastern")})
    assert "timezone" not in decisive(one)
    assert any("Check that `timezone` of this mapping is this zone" in remark.text for _, remark in one.remarks)


def test_the_time_zones_of_people_are_only_mentioned(tmp_path: Path) -> None:
    rows = "1,ada@example.com,2024-05-01 10:00,Europe/Paris\n2,bo@example.com,2024-05-02 11:00,Asia/Tokyo\n"
    draft = drafted(tmp_path, {"customers.csv": f"Customer ID,Email,Created At,Time Zone\n{rows}"})
    assert "timezone" not in decisive(draft)
    assert any("`Time Zone` has 2 zones" in remark.text for _, remark in draft.remarks)


def test_the_expression_that_the_remark_on_zones_names_reads_each_time_in_its_zone(tmp_path: Path) -> None:
    zones = "'Eastern Time (US & Canada)' then 'America/New_York' else 'America/Los_Angeles' end"
    at = f"timezone(case \"Time Zone\" when {zones}, (Date || ' ' || Time)::timestamp)"
    columns = {"order_id": "Transaction ID", "ordered_at": at, "total": "Net Sales"}
    desk = Desk(tmp_path, {"match": "*.csv", "entities": {"orders": {"columns": columns}}})
    desk.put("items.csv", TWO_ZONES)
    desk.land()
    assert desk.rows("orders", "ordered_at") == [("2024-07-02 00:30:00",), ("2024-07-02 03:30:00",)]


def test_an_open_package_is_not_money_that_was_not_paid_back(tmp_path: Path) -> None:
    text = "return_id,order_id,return_date,refund_amount,package condition,refund status\n"
    text += "R1,1,2024-01-20,12.50,open,done\nR2,2,2024-01-21,3.10,sealed,open\n"
    assert "`package condition`" not in decisive(drafted(tmp_path, {"returns.csv": text}))
    assert "`refund status` is not read, and some records have `open`" in decisive(
        drafted(tmp_path, {"returns.csv": text})
    )


def test_a_file_may_end_in_a_letter_of_another_encoding(tmp_path: Path) -> None:
    rows = "".join(f"{n},2024-01-{n + 10},1{n}.50,Ana\n" for n in range(9))
    text = f"order_id,order_date,total,customer_id\n{rows}10,2024-01-22,9.50,Però"
    draft = drafted(tmp_path, {"orders.csv": text.encode("cp1252")})
    assert yaml.safe_load(draft.text)["files"][0]["encoding"] == "windows-1252"
