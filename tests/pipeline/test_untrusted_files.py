"""Files from outside cannot reach out of the inbox, act by their names, or unpack without end."""

import gzip
import os
import socket
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.base.errors import InputError
from pipelines.landing import FileOutcome, Outcome, RefusedFiles, SourceFiles, check_sources, land, load_mapping
from tests.pipeline.landing_desk import HEADER, TODAY, Desk, lines

GOOD = HEADER + "o1,1,Tea,1\n"
SKU = {"entities": {"products": {"columns": {"product_id": "sku"}}}}


def _refusal(desk: Desk) -> str:
    """The one refusal of the inbox; nothing of the file has landed."""
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    (file,) = refused.value.report.of(Outcome.REFUSED)
    assert desk.query(f"select count(*) from landed('ledger') where file_name = '{file.file_name}'") == [(0,)]
    return file.note


def test_a_link_to_a_folder_is_not_followed_even_within_the_inbox(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("here/a.csv", GOOD)
    (desk.inbox / "again").symlink_to(desk.inbox / "here")
    assert _refusal(desk) == "this is a link to a folder, and links to folders are not followed"
    assert desk.rows("order_lines", "file_name") == [("here/a.csv",)]


def test_a_link_to_another_file_of_the_inbox_is_that_file_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", GOOD)
    (desk.inbox / "b.csv").symlink_to("a.csv")
    assert [(file.file_name, file.outcome) for file in desk.land().files] == [
        ("a.csv", Outcome.LANDED),
        ("b.csv", Outcome.SKIPPED),
    ]


def test_a_link_to_a_device_is_refused_and_never_read(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    (desk.inbox / "a.csv").symlink_to("/dev/zero")
    assert "link" in (found := _refusal(desk)) and "outside the inbox" in found


def test_a_link_in_a_circle_or_to_nothing_is_refused(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    (desk.inbox / "a.csv").symlink_to("a.csv")
    (desk.inbox / "b.csv").symlink_to("nothing.csv")
    with pytest.raises(RefusedFiles, match=r"a\.csv: this is a link.*\n.*b\.csv: this is a link"):
        desk.land()


def test_a_socket_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, lines())
    monkeypatch.chdir(desk.inbox)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("a.csv")
        assert _refusal(desk) == "this is a socket, not a file"


def test_a_backslash_in_a_name_does_not_lead_to_another_file(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"match": "*", "format": "parquet", **SKU})
    pq.write_table(pa.table({"sku": ["secret"]}), tmp_path / "secret.parquet")
    pq.write_table(pa.table({"sku": ["own"]}), desk.inbox / "x\\..\\..\\secret.parquet")
    assert "backslash" in _refusal(desk)
    assert desk.rows("products") == []


@pytest.mark.parametrize("name", ["a\nerror all is well.csv", "a\x1b[2Jb.csv", "a\u202evsc.csv", b"\xff.csv"])
def test_a_name_that_would_act_on_a_terminal_or_a_log_is_refused_and_shown_harmless(
    tmp_path: Path, name: str | bytes
) -> None:
    desk = Desk(tmp_path, lines())
    (Path(os.fsdecode(os.fsencode(desk.inbox) + b"/" + os.fsencode(name)))).write_text(GOOD)
    with pytest.raises(RefusedFiles, match="cannot be shown") as refused:
        desk.land()
    assert refused.value.message.isprintable() or refused.value.message.count("\n") == 1
    (checked,) = check_sources(desk.home, [SourceFiles(load_mapping(desk.mapping), desk.inbox)])
    assert checked.problems[0].isprintable()


NAMES = [
    "it's; drop table x; --.csv",
    '"quoted".csv',
    "{{ 7*7 }}{% x %}.csv",
    "${HOME} `id` $(id).csv",
    "=cmd|'x'!A0.csv",
    "<script>alert(1)</script>/a.csv",
    "[red]a[link=x].csv",
    "🍵 茶.csv",
    "-rf *?.csv",
    "quantity=7/a.csv",
]


def test_a_name_is_only_a_name(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    for number, name in enumerate(NAMES):
        desk.put(name, f"{HEADER}o{number},1,Tea,1\n")
    desk.land()
    landed = [(name, f"o{number}", "1") for number, name in enumerate(NAMES)]
    assert sorted(desk.rows("order_lines", "file_name, order_id, quantity")) == sorted(landed)
    assert sorted(desk.rows("ledger", "file_name")) == sorted((name,) for name in NAMES)


def test_a_folder_named_like_a_column_says_nothing_about_parquet(tmp_path: Path) -> None:
    desk = Desk(tmp_path, {"match": "*", "format": "parquet", **SKU})
    path = desk.put("sku=evil/a.parquet", "")
    pq.write_table(pa.table({"sku": ["own"]}), path)
    desk.land()
    assert desk.rows("products", "product_id") == [("own",)]


def test_columns_named_like_ours_are_only_columns(tmp_path: Path) -> None:
    ours = ["rowid", "landing_record", "landing_line", "landing_raw", "f0", "batch", "source", "record", "raw", "Rowid"]
    desk = Desk(tmp_path, {"match": "*.csv", **SKU}, {"match": "*.parquet", "format": "parquet", **SKU})
    desk.put("a.csv", ",".join([*ours, "sku"]) + "\n" + "x," * len(ours) + "s1\n")
    pq.write_table(pa.table([["x"]] * len(ours) + [["s2"]], names=[*ours, "sku"]), desk.inbox / "b.parquet")
    desk.land()
    what = "product_id, source, file_name, record, raw::json->>'rowid', raw::json->>'landing_raw'"
    assert desk.rows("products", what) == [
        ("s1", "shop", "a.csv", 1, "x", "x"),
        ("s2", "shop", "b.parquet", 1, "x", "x"),
    ]


HEADERS = [
    '"; drop table x; --',
    "{{ 7*7 }}",
    "${HOME}",
    "=cmd",
    "<script>",
    "../x",
    "a\nb",
    "\x1b[31m",
    "a)b(",
    "*",
    "🍵",
]


@pytest.mark.parametrize("header", HEADERS)
def test_a_column_s_name_is_only_a_name(tmp_path: Path, header: str) -> None:
    desk = Desk(tmp_path, {"match": "*", **SKU})
    quoted = header.replace('"', '""')
    desk.put("a.csv", f'"{quoted}",sku\nx,s1\n')
    desk.put("b.csv", f'"{quoted}",other\nx,s1\n')
    with pytest.raises(RefusedFiles, match=r"b\.csv: the header lacks `sku`") as refused:
        desk.land()
    assert refused.value.message.replace("\n", "").isprintable() and refused.value.message.count("\n") == 1
    assert desk.rows("products", "product_id") == [("s1",)]
    assert desk.raws("products") == [{header: "x", "sku": "s1"}]


def test_a_refusal_does_not_repeat_a_header_without_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", ",".join("x" * 500 for _ in range(2000)))
    assert len(_refusal(desk)) < 15_000


def test_a_gzip_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    desk = Desk(tmp_path, lines(), lines("*.jsonl", format="jsonl"), lines("*.json", format="json"))
    packed = gzip.compress(GOOD.encode()) + gzip.compress(b"0" * 80_000_000)
    for n, name in enumerate(("a.csv.gz", "b.jsonl.gz", "c.json.gz")):
        desk.put(name, packed + gzip.compress(b"") * n)
    with pytest.raises(RefusedFiles) as refused:
        desk.land()
    notes = [file.note for file in refused.value.report.of(Outcome.REFUSED)]
    assert len(notes) == 3 and all("bomb" in note for note in notes)


def test_a_gzip_has_an_absolute_bound_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.landing.readers.textfile.UNPACKED_MOST", 1000)
    desk = Desk(tmp_path, lines())
    desk.put("a.csv.gz", gzip.compress(GOOD.encode()))
    desk.put("b.csv.gz", gzip.compress((HEADER + "o1,1,Tea,1\n" * 100).encode()))
    assert "unpacks to more than 1,000 bytes" in _refusal(desk)
    assert desk.rows("order_lines", "file_name") == [("a.csv.gz",)]


def test_a_parquet_bomb_is_refused_by_what_it_says_of_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.landing.readers.parquet_file.ROWS_ALWAYS", 1000)
    desk = Desk(tmp_path, {"match": "*", "format": "parquet", **SKU})
    pq.write_table(pa.table({"sku": ["s"] * 1000}), desk.inbox / "a.parquet")
    pq.write_table(pa.table({"sku": ["s"] * 1_000_000}), desk.inbox / "b.parquet")
    assert "1,000,000 rows" in _refusal(desk)
    assert desk.query("select count(*) from landed('products')") == [(1000,)]


def test_json_nested_without_end_crashes_nothing(tmp_path: Path) -> None:
    deep = '{"order": "o1", "line": 1, "product": 1, "quantity": 1, "x": ' + "[" * 200_000 + "]" * 200_000 + "}"
    desk = Desk(tmp_path, lines("*.jsonl", format="jsonl"), lines("*.json", format="json"))
    desk.put("a.jsonl", deep)
    desk.put("b.json", f"[{deep}]")
    desk.put("c.json", "[" * 200_000)
    with pytest.raises(RefusedFiles, match=r"b\.json: .*nested too deeply\n.*c\.json: .*nested too deeply"):
        desk.land()
    assert desk.rows("order_lines", "file_name, order_id") == [("a.jsonl", "o1")]


def test_a_file_that_is_gone_when_its_turn_comes_is_refused_and_the_others_land(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("a.csv", GOOD)
    desk.put("b.csv", HEADER + "o2,1,Tea,1\n")
    desk.put("c.csv", HEADER + "o3,1,Tea,1\n")

    def take_away(outcome: FileOutcome, done: int, total: int) -> None:
        (desk.inbox / "b.csv").unlink(missing_ok=True)

    with pytest.raises(RefusedFiles, match=r"b\.csv: cannot be read: No such file"):
        land(desk.home, [SourceFiles(load_mapping(desk.mapping), desk.inbox)], today=TODAY, progress=take_away)
    assert desk.rows("order_lines", "order_id") == [("o1",), ("o3",)]


def test_a_folder_that_cannot_be_read_is_no_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk(tmp_path, lines())
    desk.put("closed/a.csv", GOOD)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    with pytest.raises(InputError, match="closed cannot be read: Permission denied"):
        desk.land()
