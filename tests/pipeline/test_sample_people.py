"""The customers of the sample's run are its true people, across the shop, the CRM and the survey tool."""

from collections import defaultdict

import duckdb
import pytest

from tests.conftest import SampleHome
from tests.pipeline.sample_keys import person_keys
from tests.sample_people import Score


def test_references_have_one_key_if_and_only_if_they_are_one_person(
    sample_home: SampleHome, capsys: pytest.CaptureFixture[str]
) -> None:
    found = person_keys(sample_home)
    score = Score.of((row.customer_key, row.person) for row in found)
    with capsys.disabled():
        print(  # noqa: T201 (the measurement)
            f"\nidentity of the sample: precision {score.precision:.4f}, recall {score.recall:.4f}"
            f" ({score.common_pairs} of {score.true_pairs} pairs of {len(found)} references)"
        )
    assert score.true_pairs > 300
    assert score.precision == 1
    assert score.recall >= 0.99


def test_each_reference_and_each_guest_has_a_key(sample_home: SampleHome) -> None:
    assert [row for row in person_keys(sample_home) if row.customer_key is None] == []


def test_nobody_else_has_a_key(sample_home: SampleHome) -> None:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        keys = connection.execute(
            # a person reference that two customers share is a reference too, but not a row of the truth
            "select source, customer_ref from intermediate.int_customer_identity where customer_ref not like 'P%'"
        ).fetchall()
    assert set(keys) == {(row.source, row.ref) for row in person_keys(sample_home)}


def test_people_are_joined_across_all_three_sources(sample_home: SampleHome) -> None:
    sources = defaultdict(set)
    for row in person_keys(sample_home):
        sources[row.customer_key].add(row.source)
    assert sum(len(found) == 3 for found in sources.values()) > 20


def test_users_of_a_shared_mailbox_stay_apart(sample_home: SampleHome) -> None:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        users = connection.execute("""
            select distinct customer_ref from staging.stg_customers
            where source = 'sample' and email like 'info@%'
        """).fetchall()
    keys = {row.ref: row.customer_key for row in person_keys(sample_home) if row.source == "sample"}
    assert len(users) > 10
    assert len({keys[ref] for (ref,) in users}) == len(users)
