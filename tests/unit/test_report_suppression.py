"""No group below the limit can be computed from what the report shows: by hand-made groups and totals."""

from pathlib import Path

from pipelines.report.pages.lenses import ONE_COHORT
from pipelines.report.pages.overview import LEVELS_BY_CLASS
from pipelines.report.pages.risk import AT_STAKE
from pipelines.report.pages.risk import PAGE as RISK
from pipelines.report.pages.value import CONCENTRATION
from pipelines.report.suppression import Group, hidden_groups
from tests.unit.report_version import version

BY_CLASS = next(block for block in RISK.blocks if block.key == "risk_by_class")


def hidden(sizes: dict[str, int]) -> set[str]:
    """The hidden levels, if the total of all levels is known and the limit is 5."""
    groups: dict[str, Group] = {name: ("customers", frozenset({("level", name)})) for name in sizes}
    found = hidden_groups({groups[name]: size for name, size in sizes.items()}, [tuple(groups.values())], 5)
    return {name for name in sizes if groups[name] in found}


def test_the_next_smallest_group_is_hidden_with_a_single_small_one() -> None:
    assert hidden({"a": 30, "b": 3, "c": 9, "d": 12}) == {"b", "c"}


def test_without_a_small_group_nothing_is_hidden_and_a_group_of_nobody_protects_nobody() -> None:
    assert hidden({"a": 30, "b": 5, "c": 0}) == set()
    assert hidden({"a": 30, "b": 3, "c": 0}) == {"a", "b"}


def test_hidden_groups_have_at_least_the_limit_together() -> None:
    assert hidden({"a": 1, "b": 2, "c": 9, "d": 12}) == {"a", "b", "c"}  # or the total would give the 3 of a and b
    assert hidden({"a": 1, "b": 4, "c": 9}) == {"a", "b"}


def customers(counts: dict[tuple[str, str], int]) -> str:
    """A mart with these numbers of customers by level and class."""
    rows = ", ".join(f"('{level}', '{kind}', {count})" for (level, kind), count in counts.items())
    return f"""
        select level, loyalty_class, 'no_loyalty' as quadrant, 10.0 as value_at_stake_amount,
            10.0 as expected_margin_12m_amount, 'email' as contact_channel, 'none' as action_reason
        from (values {rows}) as counts (level, loyalty_class, n), unnest(range(n))
    """


COUNTS = {
    ("loyal", "emotional"): 30,
    ("loyal", "cognitive"): 20,
    ("loyal", "unknown"): 40,
    ("at_risk", "emotional"): 3,
    ("at_risk", "cognitive"): 8,
    ("at_risk", "unknown"): 25,
}


def test_what_a_list_hides_is_hidden_in_a_table_of_two_directions_and_nothing_else(tmp_path: Path) -> None:
    mart = customers(COUNTS)
    with version(tmp_path, {"customer_loyalty": mart, "customer_actions": mart}) as source:
        found = source.results((LEVELS_BY_CLASS, AT_STAKE, BY_CLASS))
    # 3 and the next of those at risk, 8; their rows and columns in the table of both keep all other groups
    assert [row[2] for row in found["levels_by_class"].rows] == [30, 20, 40, 25]
    assert found["levels_by_class"].hidden == 2
    assert found["risk_by_class"].column("loyalty_class") == ("unknown",)
    assert found["at_stake"].column("n_customers") == (90, 36)


def deciles(sizes: dict[int, int]) -> str:
    """The mart rpt_audit_period with tenths of these sizes; only what the report reads."""
    rows = ", ".join(f"('{decile}', {size})" for decile, size in sizes.items())
    return f"""
        select date '2024-01-01' as period_on, 'year' as period_kind, 'decile' as slice_by, true as is_complete,
            slice_value, n_customers, 10.0 as net_amount, 0.1 as net_share, 1.0 as mean_net_amount,
            1.0 as lowest_net_amount, 1.0 as highest_net_amount
        from (values {rows}, ('returns_only', 1)) as tenths (slice_value, n_customers)
    """


def test_the_share_of_the_best_tenth_is_not_stated_if_the_table_hides_tenths(tmp_path: Path) -> None:
    for name, smallest in (("large", 5), ("small", 4)):
        (tmp_path / name).mkdir()
        sizes = dict.fromkeys(range(2, 11), 9) | {1: smallest}
        with version(tmp_path / name, {"rpt_audit_period": deciles(sizes)}) as source:
            found = source.finding(CONCENTRATION)
        assert (found is not None) == (smallest >= 5)


def test_the_size_of_a_small_cohort_is_not_stated(tmp_path: Path) -> None:
    for name, size in (("large", 5), ("small", 4)):
        (tmp_path / name).mkdir()
        mart = f"""
            select 'quarter' as period_kind, date '2025-01-01' as cohort_on, date '2025-01-01' as period_on,
                0 as periods_since, true as is_complete, {size} as n_customers, 1.0 as active_share,
                1.0 as orders_per_active, 1.0 as mean_order_amount, 1.0 as net_amount
        """
        with version(tmp_path / name, {"rpt_audit_cohort": mart}) as source:
            assert (source.finding(ONE_COHORT) is not None) == (size >= 5)
