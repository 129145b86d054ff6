"""Records that do not count, in the advice and on the page on data quality; and figures that nobody can have yet."""

from pathlib import Path

import pytest

from pipelines.report.advice import advice
from pipelines.report.pages.quality import REJECTED
from pipelines.report.pages.value import LOYAL_SHARE
from tests.unit.report_version import version

ISSUES = """
    select *, false as is_amount_estimated
    from (
        values
            ('orders_rejected', 'shop', 3, 30.0),
            ('newer_version_rejected', 'shop', 2, 20.0),
            ('records_unreadable', 'shop', 1, null),
            ('currency_missing', 'shop', 9, 90.0)
    ) as issues (issue, source, n_rows, amount)
"""


def test_a_record_of_which_another_version_counts_is_not_among_those_that_do_not_count(tmp_path: Path) -> None:
    with version(tmp_path, {"rpt_data_issue": ISSUES}) as source:
        ((item, figures),) = advice(source)
        assert (item.key, figures["n_rows"], float(str(figures["amount"]))) == ("repair_data", 4, 30)
        rows = source.query(REJECTED.sql)
    assert rows.column("issue") == ("orders_rejected", "records_unreadable")
    assert rows.column("n_rows") == (3, 1)


@pytest.mark.parametrize(("level", "months"), [("new", 0), ("loyal", 1)])
def test_the_share_of_loyal_customers_has_no_line_before_anybody_can_be_loyal(
    tmp_path: Path, level: str, months: int
) -> None:
    mart = f"select date '2025-06-01' as month_on, true as is_complete, '{level}' as level, 9 as n_customers,"
    with version(tmp_path, {"rpt_value": f"{mart} 5.0 as purchase_amount"}) as source:
        assert len(source.query(LOYAL_SHARE.sql).rows) == months
