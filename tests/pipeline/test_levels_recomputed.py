"""A reader of the published marts can recompute a customer's level with the numbers that rpt_setting gives."""

from pathlib import Path
from typing import Any, Protocol

import duckdb

from pipelines.config.in_force import in_force
from pipelines.config.settings import load_settings


class SampleHome(Protocol):
    """What the fixture `sample_home` gives."""

    config: Path
    published: Path


def level(customer: dict[str, Any], given: dict[str, float]) -> str:
    """The rules as docs and yml have them, by hand."""
    g0, days = given["g0_days"], customer["n_purchase_days"] or 0
    if days == 0:
        return "prospect"
    if customer["silence_ratio"] > given["churned_silence"] or customer["silence_days"] > given["lapsed_days"]:
        return "churned"
    if customer["silence_ratio"] > given["at_risk_silence"]:
        return "at_risk"
    if customer["days_since_comeback"] is not None and customer["days_since_comeback"] <= given["comeback_g0"] * g0:
        return "won_back"
    if customer["age_days"] <= g0 and days < given["loyal_purchase_days"]:
        return "new"
    is_content = customer["attitude_raw_score"] is None or customer["attitude_raw_score"] >= given["disloyal_attitude"]
    if days >= given["loyal_purchase_days"] and customer["first_to_last_days"] >= g0 and is_content:
        return "loyal"
    return "potential"


def test_every_level_follows_from_published_facts_and_settings(sample_home: SampleHome) -> None:
    marts = (sample_home.published / "current").resolve() / "marts"
    settings = duckdb.read_parquet(str(marts / "rpt_setting" / "*.parquet"))  # noqa: F841 (read in the query)
    given = {
        str(name).rpartition(".")[2]: float(value)
        for name, value in duckdb.sql(
            "select setting, value from settings where setting like 'model.loyalty.%'"
        ).fetchall()
    }
    customers = duckdb.sql(
        f"""
        select loyalty.*, clv.age_days, clv.first_to_last_days
        from '{marts}/customer_loyalty/*.parquet' as loyalty
        left join '{marts}/customer_clv/*.parquet' as clv using (customer_key)
        """
    ).to_arrow_table()
    found = customers.to_pylist()
    assert {row["level"] for row in found} >= {"prospect", "at_risk", "new", "potential"}
    assert [row["customer_key"] for row in found if level(row, given) != row["level"]] == []


def test_the_settings_in_force_are_published(sample_home: SampleHome) -> None:
    marts = (sample_home.published / "current").resolve() / "marts"
    rows = duckdb.sql(f"select setting, value, source from '{marts}/rpt_setting/*.parquet' order by setting").fetchall()
    expected = in_force(load_settings(sample_home.config))
    assert rows == sorted((row.setting, row.value, row.source) for row in expected)
