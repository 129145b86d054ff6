"""A mart as a file: exact in every format, harmless in a spreadsheet, whole, and for its owner alone."""

import csv
import json
import os
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from python_calamine import CalamineWorkbook
from typer.testing import CliRunner, Result

from pipelines.base.errors import ConfigError
from pipelines.base.spreadsheet import FORMULA, is_formula
from pipelines.cli.app import app
from pipelines.publication import MartTable, Reporting, publish
from pipelines.reading import Format, OpenVersion, export_mart, open_version, workbook
from tests.unit.test_spreadsheet import FORMULAS, NASTY

LONG = 1234567890123456789
TEXTS = [*FORMULAS, *NASTY]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one mart that has every type of the marts, and texts that a spreadsheet would run."""
    folder = tmp_path_factory.mktemp("home")
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute(
            """
            create table marts.fct_text as
            select
                i as n,
                ts[i] as text,
                (-i / 4)::decimal(18, 2) as amount,
                case when i > 1 then i::bigint end as count,
                -i::double / 2 as score,
                date '2026-01-01' + i::integer as on_day,
                timestamp '2026-01-01 10:20:30' + to_days(i::integer) as at,
                i % 2 = 0 as is_even,
                null::varchar as nothing
            from (select unnest(range(1, len($texts) + 1)) as i, $texts as ts)
            """,
            {"texts": TEXTS},
        )
        connection.execute(
            f"""
            create table marts.fct_long as
            select 1 as n, -{LONG} as id, 1234567890123456.78::decimal(18, 2) as amount, date '1890-05-06' as born_on,
                100000000::decimal(18, 8) as rate
            """
        )
    publish(
        warehouse,
        folder / "published",
        as_of=date(2026, 1, 5),
        run_id="aaaa",
        tables=[MartTable("fct_text", ("n",)), MartTable("fct_long", ("n",))],
        reporting=Reporting(currency="EUR", timezone="Europe/Berlin"),
    )
    return folder


@pytest.fixture(scope="module")
def version(home: Path) -> OpenVersion:
    return open_version(home)


def lines(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def sheet(path: Path) -> list[list[object]]:
    return [list(row) for row in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()]


def test_csv_has_every_row_and_no_cell_runs(version: OpenVersion, tmp_path: Path) -> None:
    to = tmp_path / "out.csv"
    done = export_mart(version, "fct_text", to, Format.CSV)
    assert (done.rows, done.columns, done.formulas) == (len(TEXTS), 9, len(FORMULAS))
    header, *rows = lines(to)
    assert header == ["n", "text", "amount", "count", "score", "on_day", "at", "is_even", "nothing"]
    assert rows[0] == ["1", "'=1+1", "-0.25", "", "-0.5", "2026-01-02", "2026-01-02 10:20:30", "false", ""]
    assert [row[1] for row in rows] == [f"'{text}" for text in FORMULAS] + NASTY
    assert [Decimal(row[2]) for row in rows] == [Decimal(-n) / 4 for n in range(1, len(TEXTS) + 1)]
    empty = TEXTS.index("") + 1
    assert f'\n{empty},"",' in to.read_text(encoding="utf-8")  # an empty text is not an unknown one


def test_a_workbook_has_typed_cells_and_no_formula(version: OpenVersion, tmp_path: Path) -> None:
    to = tmp_path / "out.xlsx"
    done = export_mart(version, "fct_text", to, Format.XLSX)
    assert (done.rows, done.formulas, done.as_text) == (len(TEXTS), len(FORMULAS), ())
    header, *rows = sheet(to)
    assert header[:3] == ["n", "text", "amount"]
    assert rows[1][2:8] == [-0.5, 2.0, -1.0, date(2026, 1, 3), datetime(2026, 1, 3, 10, 20, 30), True]
    assert [row[1] for row in rows] == TEXTS
    with zipfile.ZipFile(to) as parts:
        cells, styles = parts.read("xl/worksheets/sheet1.xml").decode(), parts.read("xl/styles.xml").decode()
    assert "<f>" not in cells
    assert 'quotePrefix="1"' in styles


def test_the_same_rows_give_the_same_workbook(version: OpenVersion, tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.xlsx"):
        export_mart(version, "fct_text", tmp_path / name, Format.XLSX)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_what_excel_would_change_is_text(version: OpenVersion, tmp_path: Path) -> None:
    to = tmp_path / "out.xlsx"
    done = export_mart(version, "fct_long", to, Format.XLSX)
    assert done.as_text == ("id", "amount", "born_on")
    assert done.formulas == 0
    assert sheet(to)[1] == [1.0, f"-{LONG}", "1234567890123456.78", "1890-05-06", 100000000.0]


def test_too_many_rows_or_characters_for_excel_are_refused_before_anything_is_written(
    version: OpenVersion, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (workbook.MAX_ROWS, workbook.MAX_TEXT) == (1_048_576, 32_767)
    to = tmp_path / "out.xlsx"
    monkeypatch.setattr(workbook, "MAX_ROWS", len(TEXTS))
    with pytest.raises(ConfigError, match=f"sheet has {len(TEXTS)} rows, but fct_text has {len(TEXTS)} and a header"):
        export_mart(version, "fct_text", to, Format.XLSX)
    monkeypatch.setattr(workbook, "MAX_TEXT", 14)
    with pytest.raises(ConfigError, match="at most 14 characters, but a text of text is longer"):
        export_mart(version, "fct_text", to, Format.XLSX, where="n < 20")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(workbook, "MAX_ROWS", len(TEXTS) + 1)
    monkeypatch.setattr(workbook, "MAX_TEXT", 32_767)
    assert export_mart(version, "fct_text", to, Format.XLSX).rows == len(TEXTS)


def test_programs_get_the_published_rows(version: OpenVersion, tmp_path: Path) -> None:
    published = pq.read_table(version.path("fct_text"))
    export_mart(version, "fct_text", tmp_path / "out.parquet", Format.PARQUET)
    export_mart(version, "fct_text", tmp_path / "out.arrow", Format.ARROW)
    parquet = pq.read_table(tmp_path / "out.parquet")
    with pa.OSFile(str(tmp_path / "out.arrow")) as file:
        arrow = pa.ipc.open_file(file).read_all()
    for table in (parquet, arrow):
        assert table.to_pylist() == published.to_pylist()
        assert table.schema.types == published.schema.types
        assert table.schema.metadata[b"reporting_currency"] == b"EUR"


@pytest.mark.parametrize("kind", Format)
def test_columns_and_rows_are_selected_and_the_file_is_private(
    version: OpenVersion, tmp_path: Path, kind: Format
) -> None:
    to = tmp_path / "new" / f"out.{kind}"
    done = export_mart(version, "fct_text", to, kind, columns=["amount", "n"], where="n <= 3")
    assert (done.rows, done.columns) == (3, 2)
    assert to.stat().st_mode & 0o777 == 0o600
    assert list(to.parent.iterdir()) == [to]


@pytest.mark.parametrize("kind", Format)
def test_a_failure_leaves_the_old_file_and_nothing_else(version: OpenVersion, tmp_path: Path, kind: Format) -> None:
    to = tmp_path / "out"
    to.write_text("old")
    with pytest.raises(ConfigError, match="Conversion Error"):
        export_mart(version, "fct_text", to, kind, where="text::integer > 1")
    with pytest.raises(ConfigError, match="there is no mart"):
        export_mart(version, "fct_txt", to, kind)
    assert to.read_text() == "old"
    assert list(tmp_path.iterdir()) == [to]


def test_duckdb_and_python_take_the_same_texts_for_formulas() -> None:
    starts = [chr(code) for code in (*range(1, 0x3100), 0xFEFF, *range(0xFF00, 0xFF60)) if not 0xD800 <= code < 0xE000]
    texts = [*starts, *(f"{start}=1" for start in starts), *(f"{start}a" for start in starts)]
    with duckdb.connect() as connection:
        found = connection.execute(
            "select t from (select unnest($texts) as t) where regexp_matches(t, $pattern)",
            {"texts": texts, "pattern": FORMULA},
        ).fetchall()
    assert [text for (text,) in found] == [text for text in texts if is_formula(text)]
    assert all(is_formula(f"{start}=1") for start in starts if start.isspace())


def command(home: Path, *words: str, name: str = "export") -> Result:
    (home / "in").mkdir(exist_ok=True)
    (home / "mapping.yml").write_text("source: shop\nfiles: []\n")
    config = home / "loyalty.yml"
    config.write_text(f"home: {home}\ncurrency: EUR\ntimezone: UTC\nsources: [{{mapping: mapping.yml, files: in}}]\n")
    return CliRunner().invoke(app, [name, *words, "--config", str(config)])


def test_the_command_writes_a_mart_and_counts(home: Path, tmp_path: Path) -> None:
    to = tmp_path / "out.csv"
    words = ("fct_text", "--format", "csv", "--columns", "n, text", "--where", "n < 3", "--out", str(to))
    done = command(home, *words)
    assert done.stdout == (
        f"exported 2 rows and 2 columns of fct_text (2026-01-05_aaaa) in {to};"
        " texts that look like formulas begin with an apostrophe: 2\n"
    )
    assert lines(to) == [["n", "text"], ["1", "'=1+1"], ["2", "'+1"]]
    assert json.loads(command(home, *words, "--json").stdout) == {
        **{"file": str(to), "format": "csv", "mart": "fct_text", "version": "2026-01-05_aaaa"},
        **{"rows": 2, "columns": 2, "formulas": 2, "as_text": []},
    }


def test_without_a_file_the_rows_go_to_standard_output(home: Path) -> None:
    done = command(
        home, "fct_text", "--format", "csv", "--columns", "n", "--where", "n < 3", "--version", "2026-01-05_aaaa"
    )
    assert done.stdout == "n\n1\n2\n"
    assert done.stderr == "exported 2 rows and 1 column of fct_text (2026-01-05_aaaa)\n"
    done = command(home, "fct_text", "--format", "arrow")
    assert pa.ipc.open_file(done.stdout_bytes).read_all().num_rows == len(TEXTS)


@pytest.mark.parametrize(
    ("words", "exit_code", "message"),
    [
        (("fct_text",), 8, "fct_text is the name of a mart"),
        (("fct_text", "--where", "n < 3"), 2, "--where applies only to the export of a mart"),
        (("fct_text", "--format", "csv", "--by", "ref"), 2, "--by applies only to the export of a person's data"),
        (("fct_text", "--format", "csv", "--json"), 2, "standard output cannot have both"),
        (("fct_text", "--format", "csv", "--version", "x"), 6, "there is no version x"),
        (("fct_text", "--format", "csv", "--columns", "m"), 2, "no column 'm'"),
        (("fct_txt", "--format", "csv"), 2, "did you mean `fct_text`?"),
        (("fct_text", "--format", "csv", "--out", "."), 2, ". cannot be written: Is a directory"),
    ],
)
def test_a_call_that_is_wrong_says_what_to_do(home: Path, words: tuple[str, ...], exit_code: int, message: str) -> None:
    done = command(home, *words)
    assert done.exit_code == exit_code
    assert message in done.stderr
    assert "n" not in done.stdout.splitlines()


def test_only_new_and_regular_files_are_written(home: Path, tmp_path: Path) -> None:
    (kept := tmp_path / "kept.csv").write_text("kept")
    (link := tmp_path / "link.csv").symlink_to(kept)
    (nowhere := tmp_path / "nowhere.csv").symlink_to(tmp_path / "none")
    os.mkfifo(fifo := tmp_path / "fifo")
    (inside := tmp_path / "inside").symlink_to(home / "published")
    (current,) = (home / "published" / "versions").iterdir()
    before = sorted(path for path in (home / "published").rglob("*"))
    for to, message in (
        (link, "it is a symbolic link"),
        (nowhere, "it is a symbolic link"),
        (fifo, "it is not a regular file"),
        (tmp_path, "Is a directory"),
        (inside / "new.csv", "only publications write there"),
        (current / "manifest.json", "only publications write there"),
    ):
        for command_words in (["export", "fct_text", "--format", "csv"], ["export", "person@example.org"], ["report"]):
            done = command(home, *command_words[1:], "--out", str(to), name=command_words[0])
            assert (done.exit_code, message in done.stderr.replace("\n", " ")) == (2, True), done.stderr
    assert (kept.read_text(), link.is_symlink(), nowhere.is_symlink(), fifo.is_fifo()) == ("kept", True, True, True)
    assert sorted(path for path in (home / "published").rglob("*")) == before
    assert command(home, "fct_text", "--format", "csv", "--out", str(kept)).exit_code == 0
