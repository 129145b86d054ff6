"""Rows in quarantine by rule, on the page on data quality."""

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.config.settings import project_root
from pipelines.report.pages.quality import QUARANTINE
from tests.unit.report_version import version

SEEDS = project_root() / "dbt_project" / "seeds"
COLUMNS = "(source, entity, quarantine_rule, n_rows, n_landed, rejected_share)"
ROWS = f"""
    select * from (
        values
            ('shop', 'orders', 'ORD-002', 3, 100, 0.03),
            ('till', 'orders', 'ORD-002', 4, 1000, 0.004),
            ('shop', 'returns', 'RET-001', 6, 10, 0.6),
            ('shop', 'unreadable', 'LND-002', 1, 200, 0.005)
    ) as quarantined {COLUMNS}
"""


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_rules_are_listed_by_the_rows_of_all_sources(tmp_path: Path) -> None:
    with version(tmp_path, {"rpt_quarantine": ROWS}) as source:
        found = source.query(QUARANTINE.sql)
        finding = source.finding(QUARANTINE)
    shown = list(zip(*(found.column(name) for name in ("quarantine_rule", "source", "n_rows")), strict=True))
    assert shown == [("ORD-002", "till", 4), ("ORD-002", "shop", 3), ("RET-001", "shop", 6), ("LND-002", "shop", 1)]
    assert found.column("rule_meaning") == found.column("quarantine_rule")
    assert finding == {
        "n_rules": 3,
        "quarantine_rule": "RET-001",
        "source": "shop",
        "rejected_share": Decimal("0.600"),
    }


def test_the_rules_that_most_rows_break_are_shown_with_all_their_sources(tmp_path: Path) -> None:
    many = f"""
        select * from (
            select source, 'orders', 'R' || lpad(i::varchar, 2, '0'), i, 100, i / 100
            from range(1, 51) as numbers (i), (values ('a'), ('b')) as sources (source)
        ) as quarantined {COLUMNS}
    """
    with version(tmp_path, {"rpt_quarantine": many}) as source:
        found = source.query(QUARANTINE.sql)
    assert found.column("quarantine_rule") == tuple(f"R{50 - n // 2:02}" for n in range(80))


def test_without_rows_in_quarantine_there_is_no_finding(tmp_path: Path) -> None:
    with version(tmp_path, {"rpt_quarantine": f"{ROWS} where false"}) as source:
        assert source.query(QUARANTINE.sql).rows == ()
        assert source.finding(QUARANTINE) is None


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_rule_has_its_meaning_in_each_language(language: str) -> None:
    meanings = {row["code"]: row["meaning"] for row in seed("quarantine_rules.csv")}
    labels = {
        row["code"]: row["label"]
        for row in seed("labels.csv")
        if (row["code_set"], row["language"]) == ("quarantine_rule", language)
    }
    assert labels.keys() == meanings.keys()
    if language == "en":
        assert labels == meanings
    else:
        assert all(any("\u4e00" <= letter <= "\u9fff" for letter in label) for label in labels.values())
