"""What `loyalty quarantine` tells of a home that has been run: every refused row, and nothing personal unasked."""

import csv
import json
import os
import pty
import subprocess
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from tests.conftest import LOYALTY, SampleHome, clean_environment

PLACE = {"source", "entity", "rules", "file", "file_on", "part", "line", "is_resolved"}


def ask(sample_home: SampleHome, *arguments: str, code: int = 0) -> Result:
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    done = CliRunner().invoke(app, ["quarantine", *arguments, *where])
    assert done.exit_code == code, done.stderr
    return done


def refused(sample_home: SampleHome, columns: str, where: str = "true") -> list[tuple[object, ...]]:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        return connection.execute(f"select {columns} from staging.stg_quarantine where {where}").fetchall()


def exported(sample_home: SampleHome, path: Path, *options: str) -> list[dict[str, str]]:
    ask(sample_home, "export", "--out", str(path), *options)
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def test_the_list_counts_every_refused_row_as_open_or_resolved(sample_home: SampleHome) -> None:
    reasons = json.loads(ask(sample_home, "list", "--json").stdout)
    rows = refused(sample_home, "broken_rules, is_resolved")
    codes = [(code, resolved) for rules, resolved in rows for code in str(rules).split(", ")]
    assert sum(reason["open"] for reason in reasons) == len([code for code, resolved in codes if not resolved]) > 0
    assert sum(reason["resolved"] for reason in reasons) == len([code for code, resolved in codes if resolved]) > 0
    assert all(reason["rows"] == reason["open"] + reason["resolved"] for reason in reasons)
    assert {reason["rule"] for reason in reasons} == {code for code, _ in codes}
    assert all(reason["severity"] == "error" and reason["meaning"] and reason["action"] for reason in reasons)
    assert reasons[0]["rule"] in ask(sample_home, "list").stdout


def test_every_refused_row_says_where_it_stands_and_what_it_said(sample_home: SampleHome) -> None:
    incomplete = "source is null or file_name is null or length(file_sha256) <> 64 or line is null or raw is null"
    assert refused(sample_home, "*", f"{incomplete} or broken_rules = '' or batch is null") == []
    assert refused(sample_home, "1", "entity = 'unreadable' and row_key is null and not is_resolved")
    assert refused(sample_home, "1", "entity = 'unreadable' and (row_key is not null or is_resolved)") == []
    assert refused(sample_home, "1", "file_on is not null")


def test_a_refused_rows_key_and_text_are_shown_on_request_only(sample_home: SampleHome) -> None:
    rule = json.loads(ask(sample_home, "list", "--json").stdout)[0]["rule"]
    found = refused(sample_home, "raw", f"contains(broken_rules, '{rule}')")
    hidden = json.loads(ask(sample_home, "show", rule, "--limit", "5", "--json").stdout)
    assert hidden
    assert all(set(row) == PLACE for row in hidden)
    assert all(rule in row["rules"] for row in hidden)
    shown = json.loads(ask(sample_home, "show", rule, "--limit", "5", "--reveal", "--json").stdout)
    assert {row["raw"] for row in shown} <= {raw for (raw,) in found}
    assert "row_key" in ask(sample_home, "show", rule, "--limit", "1", "--reveal").stdout


def test_open_rows_are_shown_and_resolved_ones_on_request(sample_home: SampleHome) -> None:
    counts = {}
    for name, options in {"open": (), "all": ("--all",)}.items():
        rows = json.loads(ask(sample_home, "show", "--limit", "100000", "--json", *options).stdout)
        counts[name] = len(rows)
        assert any(row["is_resolved"] for row in rows) == (name == "all")
    assert counts["all"] == len(refused(sample_home, "1")) > counts["open"]


def test_a_rule_that_nobody_knows_is_refused(sample_home: SampleHome) -> None:
    assert "'ORD-9'" in ask(sample_home, "show", "ORD-9", code=2).stderr


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--entity", "ordrs", "'ordrs'; did you mean `orders`?"),
        ("--entity", "nope", "order_lines"),
        ("--source", "nope", "'nope'; existing names: crm, sample, survey_tool"),
    ],
)
def test_an_entity_or_a_source_that_nobody_knows_is_refused(
    sample_home: SampleHome, tmp_path: Path, option: str, name: str, says: str
) -> None:
    assert says in ask(sample_home, "show", option, name, code=2).stderr
    assert says in ask(sample_home, "export", "--out", str(tmp_path / "q.csv"), option, name, code=2).stderr
    assert ask(sample_home, "show", "--entity", "unreadable", "--source", "sample", "--all").stdout


def test_a_file_that_has_not_landed_is_said_to_have_not(sample_home: SampleHome) -> None:
    done = ask(sample_home, "show", "--file", "nope.csv")
    assert "nope.csv" in done.stderr
    landed = json.loads(ask(sample_home, "show", "--limit", "1", "--json").stdout)[0]["file"]
    assert "has landed" not in ask(sample_home, "show", "--file", landed).stderr


def test_an_export_holds_every_row_once_and_nothing_personal(sample_home: SampleHome, tmp_path: Path) -> None:
    path = tmp_path / "quarantine.csv"
    rows = exported(sample_home, path)
    assert set(rows[0]) == {*PLACE, "sha256", "batch"}
    assert path.stat().st_mode & 0o777 == 0o600
    expected = refused(sample_home, "file_name, line::text, entity, broken_rules, is_resolved::text")
    found = [(row["file"], row["line"], row["entity"], row["rules"], row["is_resolved"]) for row in rows]
    assert sorted(found) == sorted(expected)


def test_an_export_reveals_on_request_and_filters(sample_home: SampleHome, tmp_path: Path) -> None:
    raws = {str(raw) for (raw,) in refused(sample_home, "raw")}
    rows = exported(sample_home, tmp_path / "all.csv", "--reveal")
    assert {row["raw"].removeprefix("'") for row in rows} == {raw.removeprefix("'") for raw in raws}
    one = rows[0]
    file, rule = one["file"], one["rules"].split(", ")[0]
    chosen = ("--file", file, "--entity", one["entity"], "--source", "sample", "--rule", rule)
    same = exported(sample_home, tmp_path / "one.csv", *chosen, "--reveal")
    assert same == [
        row
        for row in rows
        if (row["file"], row["entity"]) == (file, one["entity"]) and rule in row["rules"].split(", ")
    ]
    assert exported(sample_home, tmp_path / "none.csv", "--file", "nothing.csv") == []


def test_an_export_that_cannot_be_written_says_so(sample_home: SampleHome, tmp_path: Path) -> None:
    assert "cannot be written" in ask(sample_home, "export", "--out", str(tmp_path), code=2).stderr


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_the_catalogue_is_listed_without_a_config(options: tuple[str, ...], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["quarantine", "rules", *options])
    assert done.exit_code == 0, done.stderr
    for code in ("ORD-001", "COV-103", "LND-004"):
        assert code in done.stdout


def on_a_terminal(*arguments: str) -> list[str]:
    """The lines of a command whose output is a terminal of 80 columns."""
    terminal, end = pty.openpty()
    command = [str(LOYALTY), "quarantine", *arguments]
    environment = clean_environment(COLUMNS="80", TERM="xterm", NO_COLOR="1")
    with subprocess.Popen(command, stdout=end, stderr=subprocess.DEVNULL, env=environment) as running:
        os.close(end)
        output = b""
        while True:
            try:
                piece = os.read(terminal, 65_536)
            except OSError:  # the other end is closed
                break
            output += piece
        assert running.wait() == 0
    os.close(terminal)
    return output.decode().splitlines()


@pytest.mark.parametrize("command", ["list", "rules"])
def test_in_a_pipe_each_reason_is_one_whole_line(sample_home: SampleHome, command: str) -> None:
    if command == "list":
        lines = ask(sample_home, "list").stdout.splitlines()
        entries = json.loads(ask(sample_home, "list", "--json").stdout)
    else:
        lines = CliRunner().invoke(app, ["quarantine", "rules"]).stdout.splitlines()
        entries = json.loads(CliRunner().invoke(app, ["quarantine", "rules", "--json"]).stdout)
        entries = [{"rule": one["code"], **one} for one in entries]
    assert len(lines) == len(entries) > 3
    for line, entry in zip(lines, entries, strict=True):
        assert line.startswith(f"{entry['rule']}  {entry['entity']}")
        assert entry["meaning"] in line and line.endswith(f"To do: {entry['action']}")
        assert command == "rules" or f"{entry['open']} open" in line


@pytest.mark.parametrize("command", ["list", "rules"])
def test_on_a_terminal_of_80_columns_no_word_is_broken_and_no_line_is_too_long(
    sample_home: SampleHome, command: str
) -> None:
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    lines = on_a_terminal(command, *(where if command == "list" else []))
    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    for rule in json.loads(ask(sample_home, "list", "--json").stdout):
        assert rule["meaning"] in text and rule["action"] in text
    assert not [line for line in lines if set(line) & set("│┃━─")]


def test_the_rows_are_one_whole_line_each(sample_home: SampleHome) -> None:
    rows = json.loads(ask(sample_home, "show", "--limit", "50", "--json").stdout)
    header, *lines = ask(sample_home, "show", "--limit", "50").stdout.splitlines()
    assert header.split() == list(rows[0])
    for line, row in zip(lines, rows, strict=True):
        assert all(str(row[name]) in line for name in ("source", "entity", "rules", "file", "line"))


def test_a_rejected_value_is_shown_beside_the_cells_that_it_was_made_of(sample_home: SampleHome) -> None:
    rows = json.loads(ask(sample_home, "show", "--all", "--reveal", "--limit", "100000", "--json").stdout)
    rules = {one["code"]: one for one in json.loads(CliRunner().invoke(app, ["quarantine", "rules", "--json"]).stdout)}
    cells = values = 0
    for row in rows:
        broken = [rules[code] for code in row["rules"].split(", ")]
        wanted = dict.fromkeys(column for rule in broken for column in rule["column_name"].split())
        if row["entity"] == "unreadable":
            assert row["values"] == []
            continue
        assert [value["column"] for value in row["values"]] == list(wanted)
        for value in row["values"]:
            assert value["raw"] is not None, row
            values += 1
            for name, text in value["raw"].items():
                cells += 1
                assert text is None or json.dumps(text, ensure_ascii=False)[1:-1] in row["raw"], (name, row)
    assert values > 20 and cells > 20
    malformed = [row for row in rows if row["rules"] == "ORD-007"]
    for row in malformed:
        (value,) = row["values"]
        assert value["column"] == "gross" and value["mapped"]
    text = ask(sample_home, "show", malformed[0]["rules"], "--all", "--reveal", "--limit", "1").stdout
    (cell,) = malformed[0]["values"][0]["raw"].items()
    assert f"value       gross: `{malformed[0]['values'][0]['mapped']}`, from {cell[0]}: `{cell[1]}`" in text
    assert malformed[0]["raw"] in text
