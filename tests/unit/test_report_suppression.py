"""No group below the limit can be computed from what the report shows: by hand-made groups and totals."""

from pathlib import Path

from pipelines.report.pages.overview import LEVELS_BY_CLASS
from pipelines.report.pages.risk import AT_STAKE
from pipelines.report.pages.risk import PAGE as RISK
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
