"""Proposals of links: the same person is found without a shared e-mail, and nobody is linked or proposed twice."""

import csv
import random
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.base.errors import BuildError, ConfigError
from pipelines.cli.app import app
from pipelines.identity import match_model
from pipelines.identity.decisions import Action, Decision, Reference
from pipelines.identity.propose import NAMES, Proposal, propose

needs_splink = pytest.mark.skipif(find_spec("splink") is None, reason="Splink is not installed: make setup-identity")
N_PEOPLE, N_IN_BOTH = 400, 80
FIRST = ("anna", "bert", "carl", "dora", "emil", "frida", "gerd", "hanna", "ida", "jan", "karl", "lena", "moritz")
LAST = [
    a + b for a in ("Mei", "Schmi", "Fisch", "Web", "Bau", "Ko", "Wol") for b in ("er", "dt", "ler", "mann", "berg")
]
Row = tuple[str, str, str, str | None, str | None, str | None, str | None, str | None]


def people(n_people: int) -> list[Row]:
    """Records of a shop, and of a CRM that has some of the people: spelled in another way, with another e-mail."""
    draw = random.Random(1)
    rows: list[Row] = []
    for number in range(n_people):
        first, last = draw.choice(FIRST), draw.choice(LAST)
        birth = f"{draw.randrange(1950, 2000)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d}"
        phone, city = f"+49 30 {draw.randrange(10**7, 10**8)}", f"City {draw.randrange(40)}"
        email = f"{first}.{last}{number}@example.com"
        rows.append(("shop", str(number), f"s{number}", f"{first} {last}", birth, email, phone, city))
        if number < N_IN_BOTH:
            name = f"{first}  {last}".upper() if number % 2 else f"{first} {last}x"
            mail = f"{first}{last}{number}@work.example.org" if number % 4 == 1 else None
            rows.append(("crm", str(number), f"c{number}", name, birth, mail, phone[-8:] if number % 3 else None, city))
    return rows


def warehouse(path: Path, rows: Sequence[Row]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect(str(path))
    connection.execute("create schema if not exists staging; create schema if not exists intermediate")
    columns = "(source varchar, customer_ref varchar, key varchar, name varchar, birth_date date, email varchar,"
    connection.execute(f"create table landed {columns} phone varchar, city varchar)")
    connection.executemany("insert into landed values (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("create table staging.int_customers_as_of as select * exclude (key) from landed")
    connection.execute(
        "create table intermediate.int_customer_identity as"
        " select source, customer_ref, key as customer_key from landed"
    )
    return connection


def decision(action: Action, one: tuple[str, str], other: tuple[str, str], number: int = 1) -> Decision:
    references = [Reference(source=source, ref=ref) for source, ref in (one, other)]
    return Decision(
        id=f"d{number}",
        at=datetime(2026, 1, 1, tzinfo=UTC),
        by="me",
        action=action,
        one=references[0],
        other=references[1],
    )


def pairs(found: Sequence[Proposal]) -> set[frozenset[tuple[str, str]]]:
    return {frozenset(((one.source_a, one.ref_a), (one.source_b, one.ref_b))) for one in found}


def both(number: int) -> frozenset[tuple[str, str]]:
    return frozenset((("shop", str(number)), ("crm", str(number))))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> duckdb.DuckDBPyConnection:
    return warehouse(tmp_path_factory.mktemp("propose") / "w.duckdb", people(N_PEOPLE))


@pytest.fixture(scope="module")
def proposed(built: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> list[Proposal]:
    return propose(built, [], 0.9, tmp_path_factory.mktemp("spill"))


@pytest.mark.splink
@needs_splink
def test_the_same_people_of_two_sources_are_proposed_and_nobody_else(proposed: list[Proposal]) -> None:
    people_of_both = {both(number) for number in range(N_IN_BOTH)}
    assert len(pairs(proposed) & people_of_both) > 0.95 * N_IN_BOTH
    assert len(pairs(proposed) - people_of_both) < 0.05 * N_IN_BOTH
    assert all(0.9 <= one.match_probability <= 1 for one in proposed)
    assert [one.match_weight for one in proposed] == sorted((one.match_weight for one in proposed), reverse=True)


@pytest.mark.splink
@needs_splink
def test_a_proposal_names_the_fields_that_agree(proposed: list[Proposal]) -> None:
    upper = next(one for one in proposed if {one.ref_a, one.ref_b} == {"1"})
    assert upper.agrees.split() == ["name", "birth_date", "email_local_part", "phone", "city"]
    misspelled = next(one for one in proposed if {one.ref_a, one.ref_b} == {"6"})
    assert misspelled.agrees.split() == ["birth_date", "city"]
    assert misspelled.similar.split() == ["name"]


@pytest.mark.splink
@needs_splink
def test_the_proposals_do_not_depend_on_the_order_of_rows_or_on_the_run(
    proposed: list[Proposal], tmp_path: Path
) -> None:
    again = warehouse(tmp_path / "w.duckdb", people(N_PEOPLE)[::-1])
    assert propose(again, [], 0.9, tmp_path / "spill") == proposed


@pytest.mark.splink
@needs_splink
def test_what_is_one_customer_or_decided_is_not_proposed(tmp_path: Path) -> None:
    rows = [(*row[:2], "one" if row[1] == "2" else row[2], *row[3:]) for row in people(N_PEOPLE)]
    decisions = [
        decision(Action.UNLINK, ("crm", "3"), ("shop", "3")),
        decision(Action.LINK, ("shop", "4"), ("crm", "4"), 2),
    ]
    found = pairs(propose(warehouse(tmp_path / "w.duckdb", rows), decisions, 0.9, tmp_path / "spill"))
    assert not found & {both(number) for number in (2, 3, 4)}
    assert both(5) in found


@pytest.mark.splink
@needs_splink
def test_two_customers_with_several_references_are_proposed_once(tmp_path: Path) -> None:
    rows = people(N_PEOPLE)
    twins: list[Row] = [("till", row[1], row[2], *row[3:]) for row in rows if row[1] == "5"]
    twins = [row for row in twins if row[2] == "s5"]
    found = propose(warehouse(tmp_path / "w.duckdb", [*rows, *twins]), [], 0.9, tmp_path / "spill")
    assert len([one for one in found if {one.ref_a, one.ref_b} == {"5"}]) == 1


@pytest.mark.splink
@needs_splink
def test_a_higher_probability_gives_a_part_of_the_proposals(
    built: duckdb.DuckDBPyConnection, proposed: list[Proposal], tmp_path: Path
) -> None:
    few = propose(built, [], 0.9999999, tmp_path)
    assert 0 < len(few) < len(proposed)
    assert few == proposed[: len(few)]


@pytest.mark.splink
@needs_splink
@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (people(40), "too few records of customers"),
        ([row for row in people(300) if row[0] == "shop"], "pairs agree in two"),
    ],
)
def test_too_few_records_are_an_error_that_says_so(rows: list[Row], words: str, tmp_path: Path) -> None:
    connection = warehouse(tmp_path / "w.duckdb", rows)
    with pytest.raises(BuildError, match=words):
        propose(connection, [], 0.9, tmp_path / "spill")


def test_without_splink_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "splink", None)
    monkeypatch.setattr(match_model, "find_spec", lambda _: None)
    with pytest.raises(ConfigError) as caught:
        match_model.require_splink()
    assert "make setup-identity" in caught.value.hint


@pytest.mark.splink
@needs_splink
def test_the_command_writes_a_file_that_only_the_owner_can_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    config = tmp_path / "loyalty.yml"
    (tmp_path / "inbox").mkdir()
    config.write_text("currency: GBP\ntimezone: UTC\nsources:\n  - {mapping: sample, files: inbox}\n")
    (tmp_path / "home" / "state").mkdir(parents=True)
    warehouse(tmp_path / "home" / "state" / "warehouse.duckdb", people(N_PEOPLE)).close()
    out = tmp_path / "review.csv"
    arguments = ["identity", "propose", "--out", str(out), "--config", str(config), "--home", str(tmp_path / "home")]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    rows = list(csv.reader(out.open(encoding="utf-8", newline="")))
    assert rows[0] == list(NAMES)
    assert f"{len(rows) - 1:,} pairs" in done.output
    assert "nothing is linked" in done.output
    assert not (tmp_path / "home" / "identity").exists()
    assert capfd.readouterr().err == ""
