"""A suite that no gate could hold anyone to is refused, with the line, and without importing Great Expectations."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.base.errors import ConfigError
from pipelines.quality import import_gx, load_suites
from pipelines.quality.suites import load_suite
from pipelines.quality.vocabulary import KINDS

HEAD = "dataset: orders\nowner: me\ndescription: trial\nexpectations:\n"


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "orders.yml"
    path.write_text(text)
    return path


def test_a_suite_reads_as_it_is_written(tmp_path: Path) -> None:
    suite = load_suite(
        write(
            tmp_path,
            HEAD
            + "  - {expect: expect_column_values_to_be_between, column: gross, min_value: 0, mostly: 0.9, why: money}\n"
            + "  - {unexpected_rows: 'select 1 from {batch};', name: none_at_all, severity: warn, why: trial}\n",
        )
    )
    between, rows = suite.expectations
    assert (suite.dataset, suite.owner) == ("orders", "me")
    assert (between.name, between.column) == ("column_values_to_be_between.gross", "gross")
    assert dict(between.arguments) == {"column": "gross", "min_value": 0, "mostly": 0.9}
    assert (between.severity, between.why, between.line) == ("error", "money", 5)
    assert (rows.name, rows.severity, dict(rows.arguments)) == ("none_at_all", "warn", {"sql": "select 1 from {batch}"})


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (
            "{expect: expect_column_values_to_be_nice, column: a, why: w}",
            "no expectation 'expect_column_values_to_be_n",
        ),
        ("{expect: expect_column_values_to_match_regex, column: a, regex: x, why: w}", "say it as `unexpected_rows`"),
        (
            "{expect: expect_column_values_to_not_be_null, column: a, min_value: 1, why: w}",
            "has no argument 'min_value'",
        ),
        ("{expect: expect_column_values_to_not_be_null, why: w}", "needs column"),
        ("{expect: expect_column_values_to_be_between, column: a, why: w}", "needs min_value or max_value"),
        ("{expect: expect_column_values_to_be_between, column: a, min_value: b, why: w}", "a number or a day"),
        ("{expect: expect_column_values_to_not_be_null, column: a, mostly: 1.5, why: w}", "a share from 0 to 1"),
        ("{expect: expect_column_values_to_not_be_null, column: 3, why: w}", "must be a column's name"),
        ("{expect: expect_column_values_to_be_in_set, column: a, value_set: b, why: w}", "must be a list of values"),
        ("{expect: expect_compound_columns_to_be_unique, column_list: [a], why: w}", "at least two columns"),
        (
            "{expect: expect_column_values_to_not_be_null, column: a, severity: maybe, why: w}",
            "severity: `maybe` is not allowed; allowed are error, warn",
        ),
        ("{expect: expect_column_values_to_not_be_null, column: a}", "why: is missing"),
        ("{unexpected_rows: select 1 from {batch}, why: w}", "stands in"),
        ("{unexpected_rows: 'select 1 from {batch}', why: w}", "give the SQL a `name`"),
        ("{unexpected_rows: 'select 1 from orders', name: n, why: w}", "must read from {batch}"),
        ("{unexpected_rows: 'select {x} from {batch}', name: n, why: w}", "no braces but {batch} and {as_of}"),
        ("{unexpected_rows: 'select 1 from {batch}', name: n, column: a, why: w}", "has no argument 'column'"),
        ("{unexpected_rows: 'select 1 from {batch}', expect: expect_column_to_exist, name: n, why: w}", "give either"),
        ("{why: w}", "give either"),
    ],
)
def test_what_cannot_be_checked_is_refused_with_its_line(tmp_path: Path, line: str, words: str) -> None:
    good = "  - {expect: expect_column_to_exist, column: a, why: w}\n"
    path = write(tmp_path, HEAD + good + f"  - {line}\n")
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    assert f"{path}:6" in caught.value.message
    if words != "stands in":  # a YAML fault has YAML's own words
        assert words in caught.value.message
    assert caught.value.hint


def test_a_folded_why_ends_where_its_words_end(tmp_path: Path) -> None:
    text = HEAD + "  - expect: expect_column_to_exist\n    column: a\n    why: >\n      two\n      lines\n"
    (expectation,) = load_suite(write(tmp_path, text)).expectations
    assert expectation.why == "two lines"


@pytest.mark.parametrize("sql", ["select 1 from {batch} where a > {as_of}", "select 1 from {batch}, previous.orders"])
def test_only_a_suite_of_marts_knows_a_day_and_what_was_published_before(tmp_path: Path, sql: str) -> None:
    text = HEAD + f"  - {{unexpected_rows: '{sql}', name: n, why: w}}\n"
    for stage in ("landing", "staging", "marts"):
        (tmp_path / stage).mkdir()
        write(tmp_path / stage, text)
    assert load_suites(tmp_path, "marts")
    for stage in ("landing", "staging"):
        with pytest.raises(ConfigError, match="only marts are of a day"):
            load_suites(tmp_path, stage)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            HEAD.replace("orders", "lines") + "  - {expect: expect_column_to_exist, column: a, why: w}\n",
            ":1: the suite of",
        ),
        (HEAD + "colour: red\n", "expectations"),
        ("dataset: orders\nowner: me\ndescription: d\ncolour: red\nexpectations: []\n", ":4: colour"),
        (HEAD + 2 * "  - {expect: expect_column_to_exist, column: a, why: w}\n", ":6: column_to_exist.a stands twice"),
        ("", "must contain keys with values (`key: value`), but is empty"),
        ("dataset: [\n", "orders.yml:"),
    ],
)
def test_a_file_that_is_no_suite_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_suite(write(tmp_path, text))
    assert words in caught.value.message


def test_a_stage_without_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no folder"):
        load_suites(tmp_path, "landing")


def test_reading_suites_does_not_import_great_expectations(tmp_path: Path) -> None:
    (tmp_path / "landing").mkdir()
    (tmp_path / "landing" / "orders.yml").write_text(HEAD + "  - {expect: expect_column_to_exist, column: a, why: w}\n")
    program = (
        "import sys; from pathlib import Path; from pipelines.quality import load_suites, run_gate;"
        f"assert load_suites(Path({str(tmp_path)!r}), 'landing'); print('great_expectations' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("name", KINDS)
def test_the_vocabulary_is_great_expectations_own(name: str) -> None:
    kind = KINDS[name]
    import_gx()  # not at the head of the file: a test process has no file of its own, which ends it (see import_gx)
    gxe = importlib.import_module("great_expectations.expectations")
    fields = getattr(gxe, "".join(word.capitalize() for word in name.split("_"))).__fields__
    assert {*kind.required, *kind.optional} <= fields.keys()
    assert all(fields[argument].required or fields[argument].default is None for argument in kind.required)
