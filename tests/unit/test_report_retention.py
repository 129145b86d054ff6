"""The pooled figures of the page `retention` leave out the first cohort: many of its customers bought before."""

from pathlib import Path

from pipelines.report.pages.retention import CURVE, ORIGIN
from tests.unit.report_version import version


def cohorts(rows: list[tuple[bool, str, str, int, int]]) -> str:
    """The mart rpt_retention three months after the first purchase; only what the two figures read."""
    values = ", ".join(str(row) for row in rows)
    return f"""
        select 3 as months_since, true as is_month_complete, true as is_cohort_complete, is_first_cohort, slice_by,
            slice_value, n_customers, n_repurchased, n_repurchased as n_retained
        from (values {values}) as cohorts (is_first_cohort, slice_by, slice_value, n_customers, n_repurchased)
    """


def test_the_first_cohort_is_left_out(tmp_path: Path) -> None:
    rows = [
        (True, "all", "all", 100, 90),
        (False, "all", "all", 30, 12),
        (True, "origin", "other", 100, 90),
        (False, "origin", "other", 20, 5),
        (False, "origin", "referred", 10, 7),
    ]
    with version(tmp_path, {"rpt_retention": cohorts(rows)}) as source:
        found = source.results((CURVE, ORIGIN))
    assert [(n, float(share)) for _, n, _, share in found["retention_curve"].rows] == [(30, 0.4)]
    shares = {origin: (n, float(share)) for origin, n, share in found["repurchase_by_origin"].rows}
    assert shares == {"referred": (10, 0.7), "other": (20, 0.25)}
