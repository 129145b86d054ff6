"""The sample's truth against a finished run: bad rows quarantined for their reason, clean ones accepted."""

import csv
import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

import duckdb
import numpy as np
import pytest

from pipelines.base.entities import ENTITIES
from pipelines.privacy.match import personal_columns
from pipelines.value.gamma_gamma import GammaGamma, expected_spend
from tests.conftest import SampleHome
from tests.pipeline.sample_keys import person_keys
from tests.sample_truth import wrong_purchases
from tests.unit.sample_files import expected_counts, planted


@pytest.fixture(scope="module")
def warehouse(sample_home: SampleHome) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(sample_home.warehouse), read_only=True) as connection:
        yield connection


Found = tuple[str, int, str, str, str]


@pytest.fixture(scope="module")
def quarantined(warehouse: duckdb.DuckDBPyConnection) -> list[Found]:
    rows: list[Found] = warehouse.execute(
        "select file_name, line, entity, coalesce(row_key, ''), broken_rules from staging.stg_quarantine"
    ).fetchall()
    return rows


def test_every_planted_bad_row_is_quarantined_for_its_reason(quarantined: list[Found], sample_home: SampleHome) -> None:
    expected = Counter((bad.file_name, bad.line, bad.entity, bad.rule) for bad in planted(sample_home.sample))
    found = Counter((name, line, entity, rules) for name, line, entity, _, rules in quarantined)
    assert expected - found == Counter()


def test_nothing_else_is_quarantined(quarantined: list[Found], sample_home: SampleHome) -> None:
    expected = {(bad.file_name, bad.line) for bad in planted(sample_home.sample)}
    assert [row for row in quarantined if row[:2] not in expected] == []
    assert len(quarantined) == len(planted(sample_home.sample))


def test_a_quarantined_row_is_known_by_its_key(quarantined: list[Found], sample_home: SampleHome) -> None:
    keys = {(name, line): key for name, line, _, key, _ in quarantined}
    assert {(bad.file_name, bad.line): bad.key for bad in planted(sample_home.sample)} == keys


# Deletions come from an API only; the sample is files.
DELIVERED = [
    *(("sample", entity) for entity in sorted(ENTITIES) if entity != "deletions"),
    *(("crm", entity) for entity in ("cases", "customers", "interactions")),
    *(("survey_tool", entity) for entity in ("survey_answers", "survey_invitations")),
]


@pytest.mark.parametrize(("source", "entity"), DELIVERED)
def test_every_clean_row_is_accepted(
    source: str, entity: str, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    key = ", ".join(ENTITIES[entity].key)
    rows = warehouse.execute(
        f"select count(*), count(distinct ({key})) from staging.stg_{entity} where source = ?", [source]
    ).fetchone()
    expected = expected_counts(sample_home.sample, source)[entity]
    assert rows == (expected["clean_rows"], expected["accepted_keys"])


@pytest.mark.parametrize(("source", "entity"), DELIVERED)
def test_every_file_reconciles(
    source: str, entity: str, warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    rows = warehouse.execute(
        "select sum(landed_rows), sum(accepted_rows), sum(quarantined_rows), sum(superseded_rows)"
        " from staging.stg_file_reconciliation where entity = ? and source = ?",
        [entity, source],
    ).fetchone()
    counts = expected_counts(sample_home.sample, source)[entity]
    assert rows is not None
    landed, accepted, bad, superseded = map(int, rows)
    assert landed == accepted + bad + superseded
    assert (accepted, bad, superseded) == (counts["accepted_keys"], counts["bad_rows"], counts["superseded_rows"])


def test_every_record_is_in_the_ledger_and_a_repeated_file_only_once(sample_home: SampleHome) -> None:
    with (sample_home.sample / "truth" / "files.csv").open(encoding="utf-8", newline="") as file:
        written = {row["file_name"]: int(row["records"]) for row in csv.DictReader(file) if not row["repeats"]}
    with duckdb.connect() as connection:
        ledger = connection.execute(
            "select distinct file_name, records from read_parquet(?) where file_name is not null",
            [str(sample_home.home / "landing" / "ledger" / "**" / "*.parquet")],
        ).fetchall()
    assert dict(ledger) == written
    assert len(ledger) == len(written)


def test_the_one_unknown_channel_is_listed_with_its_rows(
    sample_home: SampleHome, warehouse: duckdb.DuckDBPyConnection
) -> None:
    with (sample_home.sample / "truth" / "unknown_channels.csv").open(encoding="utf-8", newline="") as file:
        expected = [
            (row["source"], row["entity"], row["spelling"].lower(), int(row["n_rows"])) for row in csv.DictReader(file)
        ]
    assert len(expected) == 1 and expected[0][-1] > 0
    found = warehouse.execute(
        "select source, entity, detail, n_rows from marts.rpt_data_issue where issue = 'channel_unknown'"
    ).fetchall()
    assert found == expected
    placed = warehouse.execute(
        "select source, 'interactions', source_channel, count(*) from marts.fct_interaction where channel = 'other'"
        " group by all"
    ).fetchall()
    assert placed == expected


def test_pending_payments_are_skipped_by_name(sample_home: SampleHome) -> None:
    with duckdb.connect() as connection:
        rows: list[tuple[Any, ...]] = connection.execute(
            "select skips from read_parquet(?) where entity = 'payments' and source = 'sample'",
            [str(sample_home.home / "landing" / "ledger" / "**" / "*.parquet")],
        ).fetchall()
    named = Counter[str]()
    for (skips,) in rows:
        named.update(json.loads(skips or "{}"))
    assert named == {"pending": expected_counts(sample_home.sample)["payments"]["skipped_records"]}


def test_each_customer_bought_on_the_days_that_the_truth_names(
    warehouse: duckdb.DuckDBPyConnection, sample_home: SampleHome
) -> None:
    keys = {row.person: row.customer_key for row in person_keys(sample_home) if row.source == "sample"}
    # A dollar order's gross and discount are rounded to cents one by one.
    assert wrong_purchases(warehouse, sample_home.sample, keys, cents_per_order=1) == []


def test_the_value_step_finds_the_process_again(sample_home: SampleHome) -> None:
    process = json.loads((sample_home.sample / "truth" / "parameters.json").read_text(encoding="utf-8"))["process"]
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select parameter, estimate from read_parquet(?) qualify observed_on = max(observed_on) over ()",
            [str(sample_home.home / "exchange" / "value_parameters.parquet")],
        ).fetchall()
    fitted: dict[str, float] = dict(rows)
    assert fitted["r"] / fitted["alpha"] == pytest.approx(process["r"] / process["alpha"], rel=0.2)
    mean_order = process["p"] * process["gamma"] / (process["q"] - 1)
    assert fitted["p"] * fitted["gamma"] / (fitted["q"] - 1) == pytest.approx(mean_order, rel=0.2)


def test_spend_is_told_by_the_spend_model_of_the_as_of_day(warehouse: duckdb.DuckDBPyConnection) -> None:
    parameters = warehouse.execute(
        "select parameter, estimate from marts.rpt_clv_parameters"
        " where observed_on = as_of_on and model = 'gamma_gamma'"
    ).fetchall()
    model = GammaGamma(**dict(parameters))
    customers = warehouse.execute("""
        select told.n_repeat_days, seen.mean_repeat_amount, told.historic_net_amount, told.expected_spend_amount
        from marts.customer_clv as told
        inner join intermediate.int_customer_summary as seen
            on told.customer_key = seen.customer_key and told.as_of_on = seen.observed_on
        where told.n_purchase_days > 0
    """).fetchnumpy()
    x, mean, net, told = (np.ma.filled(column.astype(float), 0.0) for column in customers.values())
    assert (x > 0).sum() > 50 and (x == 0).sum() > 50
    expected = expected_spend(model, np.where(net > 0, x, 0), mean)
    np.testing.assert_allclose(told, expected, atol=0.005 + 1e-9)


def test_names_and_free_text_stay_in_one_schema(warehouse: duckdb.DuckDBPyConnection) -> None:
    personal = {column for entity in ENTITIES for column in personal_columns(entity)}
    assert {"email", "phone", "name", "body", "answer_text"} <= personal
    columns = warehouse.execute("select schema_name, column_name from duckdb_columns() where not internal").fetchall()
    assert {schema for schema, column in columns if column in personal} == {"staging"}
