"""A seeded generator of hostile files: damage of known kinds in known numbers, in every format that landing reads.

A file's truth is written down while it is made, so that a test knows how many records must be taken, unreadable (by
which rule) and skipped, without asking any reader.
"""

import csv
import gzip
import io
import json
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from tests.faults.hostile_records import NOTES, Fate, Order, any_order

KINDS = ["csv", "tsv", "jsonl", "json", "parquet", "gzip"]
HEADER = ["id", "kind", "at", "gross", "note"]
_COLUMNS = {"order_id": "id", "ordered_at": "at", "gross": "gross", "coupon_code": "note"}
_ORDERS = {"orders": {"where": "kind = 'sale'", "columns": _COLUMNS}}
_LINES = {
    "order_lines": {
        "where": "kind = 'sale'",
        "each": '"lines"',
        "columns": {"order_id": "id", "line_id": "item_no", "product_id": "item.sku", "quantity": "item.n"},
    }
}
_ENCODINGS = {"utf-8": "", "utf-8-sig": "", "gbk": ".gbk", "latin-1": ".latin", "utf-16": ".utf16"}


def _group(match: str, **more: Any) -> dict[str, Any]:
    skips = [{"name": "draft", "why": "nobody has paid for it", "where": "kind = 'draft'"}]
    return {"match": match, "entities": _ORDERS, "skips": skips, **more}


GROUPS = [
    _group("*.gbk.csv", encoding="gbk"),
    _group("*.latin.csv", encoding="latin-1"),
    _group("*.utf16.csv", encoding="utf-16"),
    _group("*.csv"),
    _group("*.tsv", format="tsv"),
    _group("*.jsonl", format="jsonl", entities={**_ORDERS, **_LINES}),
    _group("*.json", format="json", records="data.list", entities={**_ORDERS, **_LINES}),
    _group("*.parquet", format="parquet"),
]


@dataclass(frozen=True)
class HostileFile:
    """A file and its truth.

    Attributes:
        name: Its name.
        content: Its bytes.
        fates: What must become of each record; nothing where it is refused whole.
        refusal: A pattern of the refusal's words; empty where it lands.
    """

    name: str
    content: bytes
    fates: tuple[Fate, ...]
    refusal: str = ""

    @property
    def rules(self) -> Counter[str]:
        """Unreadable records by rule."""
        return Counter(fate.rule for fate in self.fates if fate.rule)

    @property
    def orders(self) -> Counter[tuple[str, str]]:
        """Id and note of every record that is taken."""
        return Counter(fate.order for fate in self.fates if fate.order)

    @property
    def skipped(self) -> int:
        """Records that the skip takes."""
        return sum(fate.skipped for fate in self.fates)

    @property
    def lines(self) -> int:
        """Order lines that land."""
        return sum(fate.lines for fate in self.fates)

    @property
    def quarantined(self) -> int:
        """Orders that staging refuses."""
        return sum(fate.quarantined for fate in self.fates)


def hostile_file(kind: str, number: int, rows: int) -> HostileFile:
    """One file.

    Args:
        kind: One of `KINDS`.
        number: Which of its kind: the same number gives the same bytes.
        rows: About how many records.
    """
    dice = random.Random(f"{kind} {number}")
    if kind == "gzip":
        inner = hostile_file(dice.choice(["csv", "tsv", "jsonl", "json"]), 1000 + number, rows)
        packed = gzip.compress(inner.content[: len(inner.content) // 2], mtime=0)
        packed += gzip.compress(inner.content[len(inner.content) // 2 :], mtime=0)
        damage = {0: packed[:-9], 1: packed[:-6] + b"\0" + packed[-5:], 2: packed + b"tail"}.get(number % 8)
        if damage is None:
            return HostileFile(inner.name + ".gz", packed, inner.fates, inner.refusal)
        return HostileFile(inner.name + ".gz", damage, (), f"damaged gzip|{inner.refusal or 'damaged gzip'}")
    maker = {"csv": _table, "tsv": _table, "jsonl": _json_lines, "json": _json, "parquet": _parquet}[kind]
    return maker(kind, number, rows, dice)


# CSV and TSV


def _table(kind: str, number: int, rows: int, dice: random.Random) -> HostileFile:
    encoding = "utf-8" if kind == "tsv" else dice.choice(list(_ENCODINGS))
    name = f"{kind}-{number}{_ENCODINGS.get(encoding, '')}.{kind}"
    ends = dice.choice([["\n"], ["\r\n"], ["\n", "\r\n"], ["\r"]])
    separator = "\t" if kind == "tsv" else ","
    cells = _writer(separator, dice.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
    text, fates = cells(HEADER) + ends[0], []
    lines = []
    for line, fate in _table_records(kind, number, rows, dice, encoding, separator, cells):
        lines.append(line + dice.choice(ends))
        if fate is not None:
            fates.append(fate)
    text += "".join(lines)
    match number % 20:
        case 1:  # cut off within a record
            return HostileFile(name, f"{text}cut{number}{separator}sale".encode(encoding), (*fates, Fate("LND-002")))
        case 3:
            return HostileFile(name, b"", (), "the file is empty")
        case 5:
            return HostileFile(name, text.replace("gross", "worth", 1).encode(encoding), (), "lacks `gross`")
        case 7 if encoding == "utf-8":
            return HostileFile(name, text.encode() + b"caf\xe9\n", (), "not utf-8")
    return HostileFile(name, text.encode(encoding), tuple(fates))


def _writer(separator: str, quoting: Any) -> Callable[[list[str]], str]:
    def cells(values: list[str]) -> str:
        line = io.StringIO(newline="")
        csv.writer(line, delimiter=separator, quoting=quoting, lineterminator="\r\n").writerow(values)
        return line.getvalue()[:-2]

    return cells


def _table_records(
    kind: str,
    number: int,
    rows: int,
    dice: random.Random,
    encoding: str,
    separator: str,
    cells: Callable[[list[str]], str],
) -> Iterator[tuple[str, Fate | None]]:
    """Lines of a table, with their fates; None for what is no record. Every tenth file has no damage."""
    weights = [880, *[15] * 8] if number % 10 else [1, *[0] * 8]
    for row in range(rows):
        order = any_order(dice, f"{kind}{number}-{row}", encoding)
        plain = Order(order.id)
        values = plain.values
        if row == rows // 2 and number % 10 == 2:
            yield "z" * 2_000_100, Fate("LND-005")
        if row == rows // 3 and number % 10 == 4:
            yield separator.join([*values[:4], "y" * 140_000]), Fate("LND-001")
        match dice.choices(range(9), weights)[0]:
            case 0:
                yield cells(order.values), order.fate()
            case 1:
                yield separator.join(values[: dice.randint(1, 4)]), Fate("LND-002")
            case 2:
                yield separator.join([*values, "more"]), Fate("LND-002")
            case 3:
                yield separator.join([*values[:4], "a\0b"]), Fate("LND-004")
            case 4:
                yield separator.join([*values[:4], '"Tea" green']), Fate("LND-001")
            case 5:  # an open quote; the line behind it is whole by itself, and must not go with it
                values[dice.randrange(5)] = '"Tea'
                yield separator.join(values), Fate("LND-001")
                if dice.random() < 0.5:
                    yield "and what belongs to it", None
                behind = Order(f"{plain.id}-behind")
                yield separator.join(behind.values), behind.fate()
            case 6:
                yield "", None
            case 7:
                yield "   ", Fate("LND-002")
            case _:  # a quote that opens nothing
                inch = Order(plain.id, note='5" screen')
                yield separator.join(inch.values), inch.fate()


# JSON


def _json_lines(kind: str, number: int, rows: int, dice: random.Random) -> HostileFile:
    name, texts, fates = f"{kind}-{number}.{kind}", [], []
    for row in range(rows):
        order = any_order(dice, f"{kind}{number}-{row}")
        match dice.choices(range(4), [95, 2, 2, 1])[0]:
            case 1:
                text, fate = '{"id": "cut", "kind": "sale"', Fate("LND-001")
            case 2:
                texts.append(dice.choice(["", "  ", "\t"]))  # no record
                continue
            case 3 if number % 10 == 2 and row > rows // 2 and Fate("LND-005") not in fates:
                text, fate = json.dumps({"note": "z" * 2_000_100}), Fate("LND-005")
            case _:
                text, fate = _element(order, dice)
        texts.append(text)
        fates.append(fate)
    end = dice.choice(["\n", "\r\n"])
    content = end.join(texts)
    match number % 20:
        case 1:
            return HostileFile(name, (content + end + '{"id": "cu').encode(), (*fates, Fate("LND-001")))
        case 7:
            return HostileFile(name, content.encode() + end.encode() + b'{"id": "caf\xe9"}', (), "not utf-8")
    return HostileFile(name, content.encode(dice.choice(["utf-8", "utf-8-sig"])), tuple(fates))


def _json(kind: str, number: int, rows: int, dice: random.Random) -> HostileFile:
    name = f"{kind}-{number}.{kind}"
    elements = [_element(any_order(dice, f"{kind}{number}-{row}"), dice) for row in range(rows)]
    fates = tuple(fate for _, fate in elements)
    items = ",\n".join(text for text, _ in elements)
    text = f'{{"total": {rows}, "data": {{"before": [1, {{}}], "list": [{items}], "after": null}}}}'
    damage = {
        1: (text[: len(text) // 2], "not valid JSON"),
        3: (text[:-1], "an object does not end"),
        5: (text + text, "after the document's end"),
        7: (text.replace(",\n", "\n", 1), "a comma is missing"),
        9: (text.replace('"list"', '"liste"', 1), "`data.list`"),
        11: (text.replace("null}}", 'null, "list": []}}'), "`list` twice"),
        13: (text.replace("null}}", "[" * 100_000), "nested too deeply"),
    }
    damaged, refusal = damage.get(number % 20, (text, ""))
    return HostileFile(name, damaged.encode(), () if refusal else fates, refusal)


def _element(order: Order, dice: random.Random) -> tuple[str, Fate]:
    """The text of one record that is JSON, though not always what was asked for."""
    record: dict[str, Any] = dict(zip(HEADER, order.values, strict=True))
    lines = [{"sku": note, "n": 1} for note in dice.sample(NOTES, dice.choice([0, 0, 1, 3]))]
    if lines or dice.random() < 0.5:
        record["lines"] = lines
    fate = order.fate(len(lines) if order.kind == "sale" else 0)
    as_ascii = dice.random() < 0.5
    match dice.choices(range(9), [920, 10, 10, 10, 10, 10, 10, 10, 10])[0]:
        case 1:
            return dice.choice(["[1, 2]", '"text"', "7", "null", "true"]), Fate("LND-001")
        case 2:
            return json.dumps({**record, "note": "a\0b"}), Fate("LND-004")
        case 3:
            return json.dumps({**record, "note": "\ud800"}), Fate("LND-001")
        case 4:
            return json.dumps({**record, "more": {"deep": [[[[{}]]]]}, "2": 2}, ensure_ascii=as_ascii), fate
        case 5:  # another shape: a number where a text was
            same = Order(order.id, order.kind, order.at, "7.1", order.note)
            return json.dumps({**record, "gross": 7.1}), same.fate(fate.lines)
        case 6:  # another shape: an object where a text was
            other = Order(order.id, order.kind, order.at, "{}", order.note)
            return json.dumps({**record, "gross": {"amount": "7.1"}}), other.fate(fate.lines)
        case 7:  # another shape: no list
            odd = dice.choice([{"sku": "a"}, "a", 7, True])
            return json.dumps({**record, "lines": odd}), order.fate(rule="LND-006") if order.kind == "sale" else fate
        case 8:  # a backslash before what only looks like an escape
            same = Order(order.id, order.kind, order.at, order.gross, "a\\u0000b")
            return json.dumps({**record, "note": same.note}), same.fate(fate.lines)
    return json.dumps(record, ensure_ascii=as_ascii), fate


# Parquet


def _parquet(kind: str, number: int, rows: int, dice: random.Random) -> HostileFile:
    name = f"{kind}-{number}.{kind}"
    records, fates = [], []
    for row in range(rows):
        order = any_order(dice, f"{kind}{number}-{row}")
        match dice.choices(range(3), [970, 15, 15])[0]:
            case 0:
                values, fate = order.values, order.fate()
            case 1:
                values, fate = [*order.values[:4], "a\0b"], Fate("LND-004")
            case _:
                values, fate = [order.id, None, *order.values[2:]], Fate("LND-003")
        records.append(dict(zip(HEADER, values, strict=True)))
        fates.append(fate)
    columns = {**dict.fromkeys(HEADER, pa.string()), "rowid": pa.int64(), "landing_raw": pa.string()}
    if number % 20 == 5:
        del columns["gross"]
    content = io.BytesIO()
    table = pa.Table.from_pylist(records, schema=pa.schema(columns))
    pq.write_table(table, content, compression=dice.choice(["snappy", "zstd", "none"]), row_group_size=rows // 3 + 1)
    whole = content.getvalue()
    damage = {
        1: (whole[: len(whole) // 2], "not a Parquet file"),
        3: (b"", "the file is empty"),
        5: (whole, "lacks `gross`"),
        7: (whole[:-4] + b"PAR2", "not a Parquet file"),
    }
    damaged, refusal = damage.get(number % 20, (whole, ""))
    return HostileFile(name, damaged, () if refusal else tuple(fates), refusal)
