"""A reader of the published marts can recompute each score from the parts in customer_evidence."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

import duckdb
import pytest

# Scores have four decimals and are means of parts with four decimals.
ROUNDED = Decimal("0.0001")
DIMENSIONS = ("behaviour", "attitude", "emotion", "cognition")


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    config: Path
    published: Path


@pytest.fixture(scope="module")
def marts(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts that the tests read."""
    folder = (sample_home.published / "current").resolve() / "marts"
    with duckdb.connect() as connection:
        for mart in ("customer_evidence", "customer_loyalty", "rpt_setting"):
            connection.execute(f"create view {mart} as from '{folder}/{mart}/*.parquet'")
        yield connection


def setting(marts: duckdb.DuckDBPyConnection, name: str) -> Decimal:
    """The value in force of a setting below model.loyalty."""
    found = marts.execute("select value from rpt_setting where setting = ?", [f"model.loyalty.{name}"]).fetchall()
    ((value,),) = found
    return Decimal(value)


def loyalty(marts: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """The rows of customer_loyalty."""
    return marts.sql("from customer_loyalty").to_arrow_table().to_pylist()


def parts_mean(marts: duckdb.DuckDBPyConnection, column: str) -> dict[tuple[str, str], Decimal]:
    """The weighted mean of a column over the parts that count, per customer and dimension."""
    rows = marts.execute(
        f"""
        select customer_key, dimension, list(weight), list({column})
        from customer_evidence
        where is_counted
        group by all
        """
    ).fetchall()
    return {
        (customer, dimension): sum(map(Decimal.__mul__, weights, values), Decimal(0)) / sum(weights, Decimal(0))
        for customer, dimension, weights, values in rows
    }


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_the_score_of_a_dimension_is_the_weighted_mean_of_its_parts(
    marts: duckdb.DuckDBPyConnection, dimension: str
) -> None:
    recomputed = parts_mean(marts, "score")
    published = {row["customer_key"]: row[f"{dimension}_score"] for row in loyalty(marts)}
    known = {customer: score for customer, score in published.items() if score is not None}
    assert len(known) > 10
    assert known.keys() == {customer for customer, of in recomputed if of == dimension}
    assert [key for key, score in known.items() if abs(recomputed[key, dimension] - score) > ROUNDED] == []


@pytest.mark.parametrize("dimension", DIMENSIONS[1:])
def test_the_raw_score_is_the_same_mean_before_shrinkage(marts: duckdb.DuckDBPyConnection, dimension: str) -> None:
    recomputed = parts_mean(marts, "raw_value")
    published = {row["customer_key"]: row[f"{dimension}_raw_score"] for row in loyalty(marts)}
    known = {customer: score for customer, score in published.items() if score is not None}
    assert len(known) > 10
    assert [key for key, score in known.items() if abs(recomputed[key, dimension] - score) > ROUNDED] == []


def test_the_loyalty_score_is_the_weighted_mean_of_the_known_dimensions(marts: duckdb.DuckDBPyConnection) -> None:
    weights = {dimension: setting(marts, f"dimension_weights.{dimension}") for dimension in DIMENSIONS}
    wrong, n_patterns = [], set()
    for row in loyalty(marts):
        known = {name: row[f"{name}_score"] for name in DIMENSIONS if row[f"{name}_score"] is not None}
        n_patterns.add(row["evidence_pattern"])
        if not known:
            assert row["loyalty_score"] is None and row["evidence_pattern"] == "none"
            continue
        mean = sum((weights[name] * score for name, score in known.items()), Decimal(0)) / sum(
            (weights[name] for name in known), Decimal(0)
        )
        letters = "".join(name[0].upper() for name in DIMENSIONS if name in known)
        if abs(mean - row["loyalty_score"]) > ROUNDED or row["evidence_pattern"] != letters:
            wrong.append(row["customer_key"])
    assert wrong == []
    assert n_patterns >= {"B", "BA", "BAEC"}


def test_confidence_follows_from_coverage_and_evidence(marts: duckdb.DuckDBPyConnection) -> None:
    prior = setting(marts, "evidence_prior")
    for row in loyalty(marts):
        for name in DIMENSIONS[1:]:
            weight = row[f"{name}_evidence_weight"]
            expected = row[f"{name}_coverage_share"] * weight / (weight + prior)
            assert abs(row[f"{name}_confidence_share"] - expected) <= ROUNDED


def test_emotion_is_known_only_if_enough_of_it_is_answered(marts: duckdb.DuckDBPyConnection) -> None:
    """The sample asks for the bond, trust and price tolerance; all of them are answers."""
    least = setting(marts, "evidence.emotion_answered_share")
    rows = marts.execute(
        """
        select customer_key, bool_or(is_counted), sum(weight) filter (where score is not null)
        from customer_evidence
        where dimension = 'emotion' and weight > 0 and part in ('bond', 'trust', 'price_tolerance')
        group by all
        """
    ).fetchall()
    assert len(rows) > 10
    assert [customer for customer, is_known, answered in rows if is_known != ((answered or 0) >= least)] == []
