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


def level(customer: dict[str, Any], cell: dict[str, Any] | None, given: dict[str, float]) -> set[str]:
    """The levels that the decision table allows, by hand. What only the history shows is left open."""
    g0, days = customer["g0_days"], customer["n_purchase_days"]
    if days == 0:
        return {"prospect"}
    if customer["age_days"] <= g0 and days < given["loyal_purchase_days"]:
        return {"new"}
    if cell is None:
        limit = max(given["lapsed_days"], 2 * customer["horizon_days"])
        is_churned = customer["silence_days"] > limit
        is_at_risk = customer["silence_ratio"] > given["fallback_at_risk_gaps"]
    else:
        assert (cell["return_share"], cell["return_probability"]) == (
            customer["return_share"],
            customer["return_probability"],
        )
        is_churned, is_at_risk = cell["is_churn_proven"] and customer["silence_ratio"] >= 1, cell["is_at_risk"]
    if is_churned or is_at_risk:
        return {"churned" if is_churned else "at_risk"}
    is_break = customer["is_last_gap_break"]
    if is_break and customer["silence_days"] <= customer["horizon_days"]:
        return {"won_back"}
    if days >= given["loyal_purchase_days"] and customer["first_to_last_days"] >= g0 and not is_break:
        return {"loyal", "potential"} if customer["attitude_raw_score"] is not None else {"loyal"}
    return {"potential"}


def row_name(customer: dict[str, Any]) -> str:
    """The row of the return curve, as rpt_return_curve describes it."""
    pace = customer["horizon_days"] / float(customer["own_gap_days"])
    if customer["n_purchase_days"] == 1:
        return "once"
    if customer["n_purchase_days"] == 2:
        return "twice_slow" if pace < 2 else "twice_fast"
    return next(name for limit, name in ((8, "8"), (3, "3"), (1.5, "1_5"), (0, "0")) if pace >= limit)


def test_every_level_follows_from_published_facts_and_settings(sample_home: SampleHome) -> None:
    marts = (sample_home.published / "current").resolve() / "marts"
    settings = duckdb.read_parquet(str(marts / "rpt_setting" / "*.parquet"))  # noqa: F841 (read in the query)
    given = {
        str(name).rpartition(".")[2]: float(value)
        for name, value in duckdb.sql(
            "select setting, value from settings where setting like 'model.level.%' or setting like '%.lapsed_days'"
        ).fetchall()
    }
    curve: dict[str, list[dict[str, Any]]] = {}
    newest = f"from '{marts}/rpt_return_curve/*.parquet' where month_end_on = (select max(month_end_on) from"
    for cell in duckdb.sql(f"{newest} '{marts}/rpt_return_curve/*.parquet')").to_arrow_table().to_pylist():
        curve.setdefault(cell["row_name"].removeprefix("often_pace_"), []).append(cell)
    customers = duckdb.sql(f"from '{marts}/customer_loyalty/*.parquet'").to_arrow_table().to_pylist()
    assert {row["level"] for row in customers} >= {"prospect", "new", "potential"}
    worst_first = ["churned", "at_risk", "won_back", "loyal"]
    for row in customers:
        cell = None
        if row["level_basis"] == "curve":
            below = [one for one in curve[row_name(row)] if one["lower_gaps"] <= row["silence_ratio"]]
            cell = max(below, key=lambda one: one["lower_gaps"])
        allowed = level(row, cell, given)
        if row["level_reason"] == "rule":
            assert row["level"] in allowed, row
        elif row["level_reason"] == "silence":  # a worse level that has been held
            assert row["level"] not in allowed
            ranks = [worst_first.index(one) if one in worst_first else 2 for one in (row["level"], *allowed)]
            assert ranks[0] <= min(ranks[1:]), row
        else:
            assert (row["level"], row["level_reason"]) == ("at_risk", "recalibrated")
            assert row["return_share"] is not None


def test_the_settings_in_force_are_published(sample_home: SampleHome) -> None:
    marts = (sample_home.published / "current").resolve() / "marts"
    rows = duckdb.sql(f"select setting, value, source from '{marts}/rpt_setting/*.parquet' order by setting").fetchall()
    expected = in_force(load_settings(sample_home.config))
    assert rows == sorted((row.setting, row.value, row.source) for row in expected)
