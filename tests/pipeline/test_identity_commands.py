"""`loyalty identity why` and `loyalty who` on a home that has been run: they agree with the tables of the build."""

import json

import duckdb
import pytest
from typer.testing import CliRunner, Result

from pipelines.cli.app import app
from tests.conftest import SampleHome

Ref = tuple[str, str]


def ask(sample_home: SampleHome, *arguments: str, code: int = 0) -> Result:
    where = ["--config", str(sample_home.config), "--home", str(sample_home.home)]
    done = CliRunner().invoke(app, [*arguments, *where])
    assert done.exit_code == code, (done.stdout, done.stderr)
    return done


def rows(sample_home: SampleHome, query: str) -> list[tuple[str, ...]]:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def references(sample_home: SampleHome) -> dict[Ref, str]:
    """The customer of each reference; guests are left out."""
    found = rows(
        sample_home,
        "select source, customer_ref, customer_key from intermediate.int_customer_identity"
        " where not starts_with(customer_ref, '@') order by all",
    )
    return {(source, ref): key for source, ref, key in found}


def test_the_explanation_of_pairs_agrees_with_the_build(sample_home: SampleHome, references: dict[Ref, str]) -> None:
    by_customer: dict[str, list[Ref]] = {}
    for ref, key in references.items():
        by_customer.setdefault(key, []).append(ref)
    same = [refs for refs in by_customer.values() if len(refs) > 1][:4]
    assert same, "the sample has customers with several references"
    alone = [refs[0] for refs in by_customer.values()][:3]
    pairs = [(refs[0], refs[-1]) for refs in same] + [(alone[0], alone[1]), (alone[1], alone[2])]
    for one, other in pairs:
        names = [":".join(ref) for ref in (one, other)]
        told = json.loads(ask(sample_home, "identity", "why", *names, "--reveal", "--json").stdout)
        assert told["is_current"]
        assert told["is_same"] == (references[one] == references[other]) == bool(told["chain"])
        if told["chain"]:
            assert (told["chain"][0]["one"], told["chain"][-1]["other"]) in (tuple(names), tuple(reversed(names))) or {
                *names
            } <= {step[side] for step in told["chain"] for side in ("one", "other")}
        text = ask(sample_home, "identity", "why", *names).stdout
        assert ("the same customer" if told["is_same"] else "two customers") in text.splitlines()[0]
        assert not [step["contact"] for step in told["chain"] if step["contact"] and step["contact"] in text]


def test_a_key_leads_to_the_person_that_the_record_names(sample_home: SampleHome) -> None:
    ((key, source, ref, name, email),) = rows(
        sample_home,
        "select customer_key, source, customer_ref, name, email from staging.int_person"
        " where email is not null order by all limit 1",
    )
    (found,) = json.loads(ask(sample_home, "who", key.upper(), "--json").stdout)
    assert [found[name] for name in ("customer_key", "source", "customer_ref", "name", "email")] == [
        key,
        source,
        ref,
        name,
        email,
    ]
    assert email in ask(sample_home, "who", key).stdout


def test_every_customer_of_the_marts_has_one_person_and_an_unknown_key_is_an_error(sample_home: SampleHome) -> None:
    ((n_customers, n_persons, n_known),) = rows(
        sample_home,
        "select count(*), count(distinct persons.customer_key), count(persons.customer_key) from marts.dim_customer"
        " left join staging.int_person as persons using (customer_key)",
    )
    assert n_customers == n_persons == n_known
    ((key,),) = rows(sample_home, "select min(customer_key) from staging.int_person")
    done = ask(sample_home, "who", "f" * 32, key, code=8)
    assert "f" * 32 in done.stderr
    assert key in done.stdout


def test_the_persons_are_not_published(sample_home: SampleHome) -> None:
    assert not list(sample_home.published.rglob("*int_person*"))
    with duckdb.connect() as connection:
        for database in sample_home.published.rglob("*.duckdb"):
            connection.execute(f"attach '{database}' as published (read_only)")
            tables = connection.execute("select table_name from duckdb_tables() where database_name = 'published'")
            assert "int_person" not in {name for (name,) in tables.fetchall()}
            connection.execute("detach published")
