"""How the report writes numbers, shares, amounts and dates in each language."""

from datetime import date
from decimal import Decimal

import pytest

from pipelines.report.formats import Formats, kind_of
from pipelines.report.source import Value

ENGLISH = Formats("en", "EUR", {True: "yes", False: "no"})
CHINESE = Formats("zh", "CNY", {True: "是", False: "否"})


@pytest.mark.parametrize(
    ("column", "value", "english", "chinese"),
    [
        ("n_customers", 12345, "12,345", "12,345"),
        ("returned_share", Decimal("0.0834"), "8.3%", "8.3%"),
        ("share_of_from", 1.0, "100.0%", "100.0%"),
        ("share_low", Decimal("0.573098"), "57.3%", "57.3%"),
        ("net_amount", Decimal("12345.67"), "€12,346", "¥12,346"),
        ("net_amount", Decimal("-999.5"), "-€999.50", "-¥999.50"),
        ("net_amount_low", Decimal("1.5"), "€1.50", "¥1.50"),
        ("nps", Decimal("15.2"), "15.2", "15.2"),
        ("month_end_on", date(2026, 6, 30), "30 Jun 2026", "2026年6月30日"),
        ("month_on", date(2026, 6, 1), "Jun 2026", "2026年6月"),
        ("quarter_on", date(2026, 4, 1), "Q2 2026", "2026年第2季度"),
        ("year_on", date(2026, 1, 1), "2026", "2026年"),
        ("is_offer", True, "yes", "是"),
        ("mean_categories", Decimal("2.024390"), "2.02", "2.02"),
        ("net_amount", None, "–", "–"),
    ],
)
def test_a_value_is_written_as_its_column_says(column: str, value: Value, english: str, chinese: str) -> None:
    assert ENGLISH.show(column, value) == english
    assert CHINESE.show(column, value) == chinese


def test_a_change_has_a_sign() -> None:
    assert ENGLISH.change("n_customers", -1542) == "−1,542"
    assert ENGLISH.points(Decimal("0.04")) == "+0.0"
    assert ENGLISH.change("n_customers", 0) == "±0"


def test_a_currency_without_cents_has_no_decimals() -> None:
    assert Formats("en", "JPY", {}).show("net_amount", Decimal("950.4")) == "JP¥950"


def test_a_version_without_a_currency_shows_plain_amounts() -> None:
    assert Formats("en", "", {}).show("net_amount", Decimal("950.4")) == "950.40"


def test_a_bound_has_the_kind_of_its_figure() -> None:
    assert kind_of("mean_amount_high") == kind_of("mean_amount") == "amount"
    assert kind_of("share_high") == kind_of("share_of_from") == "share"  # of the transition rate in rpt_migration
