"""Estimates how probable it is that two records describe the same person, with Splink (Fellegi and Sunter's model).

Splink is the optional extra `identity`. It learns without labels: how often fields of two different people agree (u)
from random pairs, how often those of one person agree (m) by expectation maximisation. Seeds, the order of the rows
and one thread make the result the same each time.

Here: the model. Not here: which records are compared, and which pairs are proposed (propose.py).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import duckdb

from pipelines.base.errors import BuildError, ConfigError
from pipelines.base.text import counted

# The fields that can be compared. The first ones are also used to find pairs: each has many different values.
BLOCKING_FIELDS = ("name", "birth_date", "email_local_part", "phone")
FIELDS = (*BLOCKING_FIELDS, "city")

# The level of each comparison at which two values are equal; smaller levels above 0 mean that they are similar.
_EQUAL = {"name": 3, "birth_date": 2, "email_local_part": 2, "phone": 2, "city": 1}
_SEED = 1
_MIN_VALUES = 100  # a field with fewer values is not compared: nothing can be learned about it
_MIN_PAIRS = 10  # a field by which fewer pairs are found teaches nothing about the other fields
_MIN_FIELDS = 3  # with two fields, agreement by chance and by identity cannot be told apart
_MAX_SHARED = 100  # a value that more records share is no reason to compare them: `info@`, a hotline
_MAX_PAIRS = 5_000_000  # of each training: seconds, and enough for three digits of each probability
_RECALL = 0.7  # the assumed share of a person's pairs of records that agree in two of the blocking fields
_ITERATIONS = (25, 10, 5, 3, 2)  # of expectation maximisation, at most
_ENOUGH = "Splink learns from records that probably are the same person, and needs more of them"


@dataclass(frozen=True)
class ScoredPair:
    """Two records and how well they match.

    Attributes:
        one: The id of a record, the smaller one.
        other: The id of the other record.
        weight: The match weight: the logarithm to base 2 of the odds.
        probability: The probability of a match, from 0 to 1.
        equal: The fields that are equal.
        similar: The fields that are similar, but not equal.
    """

    one: int
    other: int
    weight: float
    probability: float
    equal: tuple[str, ...]
    similar: tuple[str, ...]


@dataclass(frozen=True)
class _Options:
    prior: float
    iterations: int
    min_probability: float


def require_splink() -> None:
    """Check that the extra is installed.

    Raises:
        ConfigError: It is not.
    """
    if find_spec("splink") is None:
        raise ConfigError(
            "Splink is not installed, and proposals need it",
            hint="call `make setup-identity` in the clone, or `pip install 'splink>=5,<6'` where `loyalty` is",
        )


def score_pairs(connection: duckdb.DuckDBPyConnection, min_probability: float) -> list[ScoredPair]:
    """The pairs of records with at least a probability, the best first.

    Args:
        connection: A database in memory with one thread. It has the table `record`: id (integer) and FIELDS as text in
            the form in which they are compared; NULL if unknown.
        min_probability: The smallest probability of a pair, from 0 to 1.

    Raises:
        BuildError: There are too few records to learn from.
        ConfigError: Splink is not installed.
    """
    require_splink()
    fields = _usable_fields(connection)
    rules = [(one, other) for one in fields for other in fields if one < other and {one, other} <= {*BLOCKING_FIELDS}]
    prior = _prior(connection, rules)
    training = [field for field in fields if field in BLOCKING_FIELDS and _n_pairs(connection, field) >= _MIN_PAIRS]
    if len(training) < 2:
        raise BuildError("fewer than two fields are shared by enough records to propose links", hint=_ENOUGH)
    columns = ", ".join(
        f"if(count(*) over (partition by {field}) <= {_MAX_SHARED}, {field}, null) as rare_{field}"
        for field in training
    )
    connection.execute(
        f"create or replace table compared as select id, {', '.join(fields)}, {columns} from record order by id"  # noqa: S608
    )
    # If no two records of one person differ in some field, its m approaches 0, and Splink rejects a probability of 0.
    # Then fewer steps are enough.
    for iterations in _ITERATIONS:
        try:
            return _scored(connection, fields, training, _Options(prior, iterations, min_probability))
        except ValueError as problem:
            if "below the minimum" not in str(problem):
                raise
    raise BuildError("the records differ too little for proposals: Splink found probabilities of 0", hint=_ENOUGH)


def _usable_fields(connection: duckdb.DuckDBPyConnection) -> list[str]:
    counts = connection.execute(f"select {', '.join(f'count({field})' for field in FIELDS)} from record").fetchall()[0]  # noqa: S608
    usable = [field for field, count in zip(FIELDS, counts, strict=True) if count >= _MIN_VALUES]
    if len(usable) < _MIN_FIELDS:
        found = ", ".join(f"{field} {count:,}" for field, count in zip(FIELDS, counts, strict=True))
        raise BuildError(
            f"too few records of customers to propose links: {_MIN_FIELDS} fields need at least {_MIN_VALUES} values"
            f" each, and the last build has {found}",
            hint="map more of these columns, or decide single pairs with `loyalty identity link`",
        )
    return usable


def _n_pairs(connection: duckdb.DuckDBPyConnection, field: str) -> int:
    query = f"select sum(n * (n - 1) // 2) from (select count({field}) as n from record group by {field})"  # noqa: S608
    return int(connection.execute(query).fetchall()[0][0] or 0)


def _prior(connection: duckdb.DuckDBPyConnection, rules: Sequence[tuple[str, str]]) -> float:
    """The share of all pairs that are one person, from the pairs that agree in two fields."""
    agreeing = " union ".join(
        f"select one.id as one, other.id as other from record as one inner join record as other"  # noqa: S608
        f" on one.id < other.id and one.{first} = other.{first} and one.{second} = other.{second}"
        for first, second in rules
    )
    n_pairs = connection.execute(f"select count(*) from ({agreeing})").fetchall()[0][0] if rules else 0  # noqa: S608
    if n_pairs < _MIN_PAIRS:
        raise BuildError(
            "too few records of customers to propose links:"
            f" {counted(n_pairs, 'pair agrees', 'pairs agree')} in two of the fields"
            f" {', '.join(BLOCKING_FIELDS)}, and {_MIN_PAIRS} are needed",
            hint=_ENOUGH,
        )
    n_records = int(connection.execute("select count(*) from record").fetchall()[0][0])
    return min(float(n_pairs) / _RECALL / (n_records * (n_records - 1) / 2), 0.5)


def _scored(
    connection: duckdb.DuckDBPyConnection,
    fields: Sequence[str],
    training: Sequence[str],
    options: _Options,
) -> list[ScoredPair]:
    import splink.comparison_library as cl
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on

    comparisons: dict[str, Any] = {
        "name": cl.JaroWinklerAtThresholds("name", [0.95, 0.88]).configure(term_frequency_adjustments=True),
        "birth_date": cl.LevenshteinAtThresholds("birth_date", 1),
        "email_local_part": cl.JaroWinklerAtThresholds("email_local_part", [0.95]),
        "phone": cl.LevenshteinAtThresholds("phone", 1),
        "city": cl.ExactMatch("city").configure(term_frequency_adjustments=True),
    }
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="id",
        probability_two_random_records_match=options.prior,
        max_iterations=options.iterations,
        comparisons=[comparisons[field] for field in fields],
        blocking_rules_to_generate_predictions=[block_on(f"rare_{field}") for field in training],
        retain_matching_columns=True,
        retain_intermediate_calculation_columns=True,
    )
    database = DuckDBAPI(connection)
    linker = Linker(database.register("compared"), settings, log_level=logging.ERROR)
    linker.training.estimate_u_using_random_sampling(max_pairs=_MAX_PAIRS, seed=_SEED)
    for field in training:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(field), max_pairs=_MAX_PAIRS)
    found = linker.inference.predict(threshold_match_probability=options.min_probability, warning_mode="never")
    levels = ", ".join(f"gamma_{field}" for field in fields)
    rows = connection.execute(
        "select least(id_l, id_r), greatest(id_l, id_r), round(match_weight, 4), round(match_probability, 6),"  # noqa: S608
        f" {levels} from {found.physical_name} order by 3 desc, 1, 2"
    ).fetchall()
    return [
        ScoredPair(
            one,
            other,
            weight,
            probability,
            tuple(field for field, level in zip(fields, reached, strict=True) if level == _EQUAL[field]),
            tuple(field for field, level in zip(fields, reached, strict=True) if 0 < level < _EQUAL[field]),
        )
        for one, other, weight, probability, *reached in rows
    ]
