"""A ZIP archive lands as its members do, each with its own lines, or is refused with the reason."""

import gzip
import io
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest

from pipelines.landing import Outcome
from tests.pipeline.landing_desk import HEADER, Desk, lines
from tests.pipeline.test_landing_workbooks import refusal

ONE = HEADER + "o1,1,Tea,1\n"
TWO = "quantity,product,line,order,note\n2,Milk,1,o2,x\n3,Rice,2,o2,y\n"


def packed(*members: tuple[str | zipfile.ZipInfo, str | bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, text in members:
            archive.writestr(name, text)
    return content.getvalue()


def desk_of(folder: Path, content: bytes, name: str = "a.csv.zip", **more: Any) -> Desk:
    desk = Desk(folder, lines(**more))
    desk.put(name, content)
    return desk


def test_each_member_is_a_part_whose_columns_are_found_by_name(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, packed(("one.csv", ONE), ("2024/", ""), ("2024/two.csv", TWO)))
    report = desk.land()
    assert (report.warnings, report.records) == ((), 3)
    assert desk.rows("order_lines", "record, part, line, order_id, product_name, quantity") == [
        (1, "one.csv", 2, "o1", "Tea", "1"),
        (2, "2024/two.csv", 2, "o2", "Milk", "2"),
        (3, "2024/two.csv", 3, "o2", "Rice", "3"),
    ]
    assert [file.outcome for file in desk.land().files] == [Outcome.SKIPPED]
    assert list((desk.home / "landing").glob(".tmp-*")) == []


@pytest.mark.parametrize(
    ("name", "match"), [("a.csv.zip", "*.csv"), ("a.zip", "*.zip"), ("A.ZIP", "*.ZIP"), ("a.zip", "a")]
)
def test_the_name_of_an_archive_may_go_on_after_the_glob(tmp_path: Path, name: str, match: str) -> None:
    assert desk_of(tmp_path, packed(("one.csv", ONE)), name, match=match).land().records == 1


@pytest.mark.parametrize(
    ("file_format", "text"),
    [
        ("tsv", ONE.replace(",", "\t")),
        ("jsonl", '{"order": "o1", "line": 1, "product": "Tea", "quantity": 1}\n'),
        ("fixed", "o11Tea1\n"),
        ("json", '[{"order": "o1", "line": 1, "product": "Tea", "quantity": 1}]'),
    ],
)
def test_members_have_the_format_of_the_entry(tmp_path: Path, file_format: str, text: str) -> None:
    fields = {"order": "1-2", "line": 3, "product": "4-6", "quantity": 7}
    more = {"fields": fields} if file_format == "fixed" else {}
    desk = desk_of(tmp_path, packed(("a", text), ("b", text)), "a.zip", match="*.zip", format=file_format, **more)
    assert desk.land().records == 2
    assert desk.rows("order_lines", "part, order_id, quantity") == [("a", "o1", "1"), ("b", "o1", "1")]


def test_an_unreadable_record_names_its_member_and_its_line_there(tmp_path: Path) -> None:
    bad = HEADER + "o3,1,Tea,1\no3,2\n"
    desk = desk_of(tmp_path, packed(("one.csv", ONE), ("bad.csv", bad), ("two.csv", TWO)))
    assert desk.land().records == 5
    assert desk.rows("unreadable", "record, part, line, rule") == [(3, "bad.csv", 3, "LND-002")]
    assert [record for (record,) in desk.rows("order_lines", "record")] == [1, 2, 4, 5]


def test_hidden_members_are_left_out_and_named(tmp_path: Path) -> None:
    hidden = [("__MACOSX/._one.csv", b"\0\5\x16\7"), (".DS_Store", b"\0"), ("x/Thumbs.db", b"\0")]
    desk = desk_of(tmp_path, packed(*hidden, ("one.csv", ONE)))
    report = desk.land()
    assert report.records == 1
    assert report.warnings == (
        "shop: a.csv.zip: hidden files in the archive are not read: `__MACOSX/._one.csv`, `.DS_Store`, `x/Thumbs.db`",
    )


def test_the_names_of_members_keep_their_letters(tmp_path: Path) -> None:
    undeclared = zipfile.ZipInfo("name.csv")
    content = packed((undeclared, ONE.encode("gbk"))).replace(b"name.csv", "答卷".encode("gbk") + b".csv"[:4])
    desk = desk_of(tmp_path, content, encoding="gbk")
    desk.land()
    assert desk.rows("order_lines", "part") == [("答卷.csv",)]


def link() -> zipfile.ZipInfo:
    member = zipfile.ZipInfo("link.csv")
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return member


def encrypted() -> bytes:
    """An archive whose member is marked as encrypted, in its own header and in the list."""
    content = bytearray(packed(("one.csv", ONE)))
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        content[content.index(mark) + offset] |= 1
    return bytes(content)


def doubled() -> bytes:
    with pytest.warns(UserWarning, match="Duplicate name"):
        return packed(("one.csv", ONE), ("one.csv", ONE))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (packed(("../one.csv", ONE)), "a member whose path leads out of the archive: `../one.csv` (LND-013)"),
        (packed(("a\\..\\..\\one.csv", ONE)), "leads out of the archive: `a/../../one.csv` (LND-013)"),
        (packed(("/etc/one.csv", ONE)), "a member with an absolute path: `/etc/one.csv` (LND-013)"),
        (packed(("C:\\one.csv", ONE)), "a member with an absolute path: `C:/one.csv` (LND-013)"),
        (packed(("a\n.csv", ONE)), "whose name has characters that cannot be shown: `a\\n.csv` (LND-013)"),
        (packed((link(), "/etc/passwd")), "the archive has a link: `link.csv` (LND-013)"),
        (doubled, "the archive has two members with the name `one.csv` (LND-013)"),
        (encrypted, "the archive is protected by a password (LND-012)"),
        (packed(("zeros.csv", bytes(70_000_000))), "looks like a compression bomb (LND-010)"),
        (packed(("one.csv", ONE))[:-30], "the archive is damaged: File is not a zip file (LND-012)"),
        (packed(("one.csv", ONE), method=zipfile.ZIP_STORED).replace(b"Tea", b"Tee"), "the archive is damaged"),
        (
            packed(("one.csv", ONE)) + packed(("two.csv", ONE)),
            "the file has another archive before or after it (LND-012)",
        ),
        (packed(("one.csv", ONE)) + packed(("two.csv", ONE))[:-30], "has another archive before or after it (LND-012)"),
        (packed(("a/", "")), "the archive has no file to read"),
        (packed(), "the archive has no file to read"),
        (b"", "the file is empty"),
        (ONE.encode(), "its name ends in .zip, but this is not a ZIP archive"),
        (gzip.compress(ONE.encode()), "its name ends in .zip, but this is a gzip file"),
        (packed(("xl/workbook.xml", "x")), "its name ends in .zip, but this is an Excel workbook (.xlsx)"),
        (packed(("in.zip", packed(("one.csv", ONE)))), "in.zip: it is packed inside the archive"),
        (packed(("one.csv.gz", gzip.compress(ONE.encode()))), "one.csv.gz: it is packed inside the archive"),
        (packed(("one.csv", ONE), ("empty.csv", "")), "empty.csv: the file is empty"),
        (
            packed(("one.csv", ONE), ("readme.txt", "Hello\n")),
            "readme.txt: the header lacks `line`, `order`, `product`, `quantity`",
        ),
        (packed(("one.csv", ONE), ("x.pdf", "%PDF-1.7\n")), "x.pdf: this is a PDF document"),
    ],
    ids=lambda value: value if isinstance(value, str) else "content",
)
def test_an_archive_that_is_not_safe_or_not_of_the_entry_is_refused(tmp_path: Path, content: Any, words: str) -> None:
    assert words in refusal(desk_of(tmp_path, content() if callable(content) else content))


def test_an_archive_without_the_ending_is_refused_with_what_to_do(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, packed(("one.csv", ONE)), "a.csv")
    assert refusal(desk) == "this is a ZIP archive with `one.csv`"


def test_a_workbook_is_not_read_as_an_archive(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, packed(("one.csv", ONE)), "a.zip", match="*.zip", format="parquet")
    assert refusal(desk) == "this is a ZIP archive with `one.csv`"
