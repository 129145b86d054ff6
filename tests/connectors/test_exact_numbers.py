"""Numbers in the answers of vendors keep all of their digits, in the pulled file and when it lands."""

import gzip
import json
from collections.abc import Iterator
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.connectors.answers import Answer
from pipelines.connectors.pages import line_of
from tests.connectors.pulled_fxiaoke import pulling_fxiaoke
from tests.connectors.pulled_shop import PulledShop
from tests.connectors.pulled_zoho import pulling_zoho
from tests.pipeline.landing_desk import Desk
from tests.vendors import shopify, typeform, woocommerce
from tests.vendors.fxiaoke import Fxiaoke
from tests.vendors.zoho import Zoho

LARGE = "123456789012345678901234567890"
LONG = "9007199254740993.12345678901234567890"
PLANTED = [f"number:{text}" for text in (LARGE, LONG, "1e400", "-0.10")]
WRITTEN = [LARGE, f'"{LONG}"', '"1E+400"', "-0.1"]


def pulled(stack: ExitStack, folder: Path, name: str, patch: pytest.MonkeyPatch) -> Path:
    """Pull one record with the numbers, and give the folder of its file."""
    match name:
        case "zoho" | "zoho bulk":
            zoho = Zoho()
            zoho.modules["Contacts"].fields |= {f"C_{n}": "double" for n in range(len(PLANTED))}
            (one,) = zoho.modules["Contacts"].fill(1)
            for number, each in enumerate(PLANTED):
                value: Any = each if name == "zoho" else Decimal(each.removeprefix("number:"))
                zoho.put("Contacts", one, is_touched=False, **{f"C_{number}": value})
            limit = {} if name == "zoho" else {"bulk_from_records": 1}
            source: Any = stack.enter_context(pulling_zoho(folder, zoho, patch, **limit))
        case "fxiaoke":
            service = Fxiaoke()
            service.create("AccountObj", numbers=PLANTED)
            source = stack.enter_context(pulling_fxiaoke(folder, service, patch))
        case "shopify":
            shop = stack.enter_context(shopify.serving_shopify(shopify.Shopify()))
            shop.put("orders", 1, numbers=PLANTED)
            patch.setenv("SHOPIFY_ACCESS_TOKEN", shopify.TOKEN)
            source = PulledShop(folder, "shopify", url=shop.url)
        case "woocommerce":
            woo = stack.enter_context(woocommerce.serving_woocommerce(woocommerce.WooCommerce()))
            woo.order(1, numbers=PLANTED)
            patch.setenv("WOOCOMMERCE_CONSUMER_KEY", woocommerce.KEY)
            patch.setenv("WOOCOMMERCE_CONSUMER_SECRET", woocommerce.SECRET)
            source = PulledShop(folder, "woocommerce", url=woo.url)
        case _:
            account = stack.enter_context(typeform.serving_typeform(typeform.Typeform()))
            account.respond("Fx1", "t1", 9, numbers=PLANTED)
            patch.setenv("TYPEFORM_TOKEN", typeform.TOKEN)
            source = PulledShop(folder, "typeform", url=account.url)
    assert not source.pull().failed
    return Path(source.inbox)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


@pytest.mark.parametrize("name", ["zoho", "zoho bulk", "fxiaoke", "shopify", "woocommerce", "typeform"])
def test_every_connector_keeps_all_digits_of_a_number(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    inbox = pulled(stack, tmp_path, name, monkeypatch)
    text = b"".join(gzip.decompress(path.read_bytes()) for path in inbox.iterdir()).decode()
    for number in WRITTEN:
        assert any(f"{before}{number}{after}" in text for before in ":[," for after in ",]}"), number
    assert "number:" not in text


def test_what_lands_of_a_number_has_all_of_its_digits(tmp_path: Path) -> None:
    body = f'[{{"id":{LARGE},"total":{LONG}}}]'.encode()
    (record,) = Answer(200, {}, body, "").json()
    columns = {"order_id": "id", "customer_ref": "id", "ordered_at": "'2024-05-01'", "total": "total"}
    desk = Desk(tmp_path, {"match": "*.jsonl.gz", "format": "jsonl", "entities": {"orders": {"columns": columns}}})
    desk.put("orders.jsonl.gz", gzip.compress(line_of(record)))
    desk.land()
    assert desk.rows("orders", "order_id, total") == [(LARGE, LONG)]


def test_other_numbers_stay_numbers() -> None:
    text = '{"b":[1,2.5,{"y":"ä","x":null}],"a":1e-7}'
    record = Answer(200, {}, text.encode(), "").json()
    plain = json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert line_of(record) == plain.encode() + b"\n"


def test_nan_and_infinity_are_pulled_as_texts_and_a_record_with_them_is_valid_json(
    stack: ExitStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.PLANTED", [f"number:{text}" for text in ("NaN", "Infinity", "-Infinity")])
    inbox = pulled(stack, tmp_path, "woocommerce", monkeypatch)
    (line,) = gzip.decompress(next(inbox.glob("orders*")).read_bytes()).splitlines()
    record = json.loads(line, parse_constant=lambda text: pytest.fail(f"{text} is not JSON"))
    assert record["numbers"] == ["NaN", "Infinity", "-Infinity"]
    with pytest.raises(ValueError, match="not JSON compliant"):
        line_of({"number": float("nan")})


def test_a_record_with_nan_lands_with_the_others(tmp_path: Path) -> None:
    records = Answer(200, {}, b'[{"id":1,"total":NaN},{"id":2,"total":5}]', "").json()
    columns = {"order_id": "id", "customer_ref": "id", "ordered_at": "'2024-05-01'", "total": "total"}
    desk = Desk(tmp_path, {"match": "*.jsonl.gz", "format": "jsonl", "entities": {"orders": {"columns": columns}}})
    desk.put("orders.jsonl.gz", gzip.compress(b"".join(map(line_of, records))))
    desk.land()
    assert desk.rows("orders", "order_id, total") == [("1", "NaN"), ("2", "5")]


def test_the_character_nul_is_removed_and_the_record_lands(tmp_path: Path) -> None:
    texts = ["\0A\0\0B\0", "\\\0", "\\u0000", "\\\\u0000\0", "a\n\t\x01"]
    record = {"id": "7", "status": texts[0], "note": texts, "key\0": 1}
    line = line_of(record)
    assert json.loads(line) == {"id": "7", "status": "AB", "note": [text.replace("\0", "") for text in texts], "key": 1}
    columns = {"order_id": "id", "customer_ref": "id", "ordered_at": "'2024-05-01'", "status": "status"}
    desk = Desk(tmp_path, {"match": "*.jsonl.gz", "format": "jsonl", "entities": {"orders": {"columns": columns}}})
    desk.put("orders.jsonl.gz", gzip.compress(line))
    desk.land()
    assert desk.rows("orders", "order_id, status") == [("7", "ab")]
