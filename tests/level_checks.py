"""What tests of levels ask of a build: its rows against the written rule, and the promises that hold in every shop."""

from collections.abc import Callable, Mapping
from datetime import date
from itertools import combinations
from typing import Any

from tests.level_by_hand import Attitude, Level, Oracle, Shop

Query = Callable[[str], list[tuple[Any, ...]]]

# The columns of int_customer_level, and the attribute of the oracle's result that each must equal.
COMPARED = {
    "level": "level",
    "level_reason": "reason",
    "level_basis": "basis",
    "return_share": "p",
    "relative_share": "q",
    "return_probability": "return_probability",
    "g0_days": "g0",
    "horizon_days": "horizon",
    "silence_days": "silence_days",
    "own_gap_days": "own_gap",
    "is_break": "is_break",
}
ROUNDED = {"own_gap_days": 0.000051}  # four decimals
ORDERED = ("churned", "at_risk", "potential", "loyal")

Built = dict[tuple[str, date], dict[str, Any]]


def built_levels(query: Query, schema: str = "intermediate") -> Built:
    """The rows of int_customer_level by customer and level day."""
    rows = query(f"select customer_key, observed_on, {', '.join(COMPARED)} from {schema}.int_customer_level")
    return {(key, on): dict(zip(COMPARED, values, strict=True)) for key, on, *values in rows}


def shop_of(query: Query, schema: str = "marts", **industry: Any) -> Shop:
    """The purchases, answers and attitudes that a build holds.

    Args:
        query: Runs a query on the warehouse.
        schema: Of the build's marts.
        industry: What differs between industries, as in `Shop`.
    """
    core = schema.removesuffix("marts") + "intermediate"
    attitudes = query(
        "select customer_key, observed_on,"
        " cast(sum(raw_score * weight) / sum(weight) filter (is_known) as decimal(9, 4)) as mean,"
        f" cast(sum(response_weight) as decimal(18, 4)) from {core}.int_stated_part"
        " where dimension = 'attitude' and weight > 0 group by all having mean is not null"
    )
    return Shop(
        purchases=_days(query(f"select customer_key, ordered_on from {schema}.fct_order where is_purchase")),
        answers=_days(query(f"select customer_key, answered_on from {schema}.fct_survey_answer")),
        attitude={(key, on): Attitude(float(mean), float(weight)) for key, on, mean, weight in attitudes},
        **industry,
    )


def _days(rows: list[tuple[Any, ...]]) -> Mapping[str, list[date]]:
    found: dict[str, list[date]] = {}
    for key, on in rows:
        if key is not None:
            found.setdefault(key, []).append(on)
    return found


def check_levels(built: Built, shop: Shop, day: date) -> Mapping[tuple[str, date], Level]:
    """Fail with the first rows that differ from the written rule; returns what the rule gives."""
    expected = Oracle(shop, day).levels()
    assert expected, "there is nothing to compare with"
    assert built.keys() == expected.keys()
    different = [
        f"{key} on {on}: {column} is {value}, by the rule {getattr(expected[key, on], COMPARED[column])}"
        for (key, on), row in sorted(built.items())
        for column, value in row.items()
        if not _same(column, value, getattr(expected[key, on], COMPARED[column]))
    ]
    assert not different, f"{len(different)} values differ:\n" + "\n".join(different[:20])
    return expected


def _same(column: str, value: Any, expected: Any) -> bool:
    if value is None or isinstance(value, str | bool):
        return bool(value == expected)
    return expected is not None and abs(float(value) - float(expected)) <= ROUNDED.get(column, 1e-6)


# Steps from one level day to the next, without a purchase or an answer between them, to a better level.
IMPROVED_IN_SILENCE = """
with days as (
    select observed_on, lag(observed_on) over (order by observed_on) as previous_on
    from (select distinct observed_on from {schema}.int_customer_level)
),
ranked as (
    select *, case level when 'churned' then 0 when 'at_risk' then 1 when 'loyal' then 3 else 2 end as place
    from {schema}.int_customer_level
),
events as (
    select customer_key, ordered_on as event_on from {marts}.fct_order where is_purchase
    union all
    select customer_key, answered_on from {marts}.fct_survey_answer
)
select earlier.customer_key, earlier.observed_on, earlier.level, later.observed_on, later.level, later.level_reason
from days
join ranked as later using (observed_on)
join ranked as earlier on earlier.customer_key = later.customer_key and earlier.observed_on = days.previous_on
where later.place > earlier.place
    and not (later.level_reason = 'recalibrated' and earlier.level = 'churned' and later.level = 'at_risk'
        and later.return_share > 0.2)
    and not exists (
        from events
        where events.customer_key = later.customer_key
            and event_on > earlier.observed_on and event_on <= later.observed_on
    )
"""


def improved_in_silence(query: Query, schema: str = "intermediate", marts: str = "marts") -> list[tuple[Any, ...]]:
    """The steps that break the promise that silence never improves a level."""
    return query(IMPROVED_IN_SILENCE.format(schema=schema, marts=marts))


def above_a_fifth(query: Query, outcomes: str = "rpt_level_outcome") -> list[tuple[str, int, int]]:
    """Month ends with 20 or more churned customers of whom more than one in five came back: day, customers, back."""
    return query(
        f"select month_end_on::varchar, n_customers, n_returned from {outcomes}"
        " where level = 'churned' and n_customers >= 20 and returned_share > 0.2 order by all"
    )


def inversions(query: Query, outcomes: str = "rpt_level_outcome") -> list[tuple[str, str, str]]:
    """Month ends at which a worse level came back clearly more often than a better one, with shares and customers.

    Only levels with 20 or more customers; clearly is by more than 1.64 standard errors of the difference.
    """
    shares: dict[str, dict[str, tuple[int, float]]] = {}
    for on, level, n, share in query(
        f"select month_end_on::varchar, level, n_customers, returned_share from {outcomes} where n_customers >= 20"
    ):
        shares.setdefault(on, {})[level] = (n, float(share))
    found = []
    for on, levels in sorted(shares.items()):
        for worse, better in combinations([level for level in ORDERED if level in levels], 2):
            (n_worse, p_worse), (n_better, p_better) = levels[worse], levels[better]
            error = (p_worse * (1 - p_worse) / n_worse + p_better * (1 - p_better) / n_better) ** 0.5
            if p_worse - p_better > 1.64 * error:
                found.append((on, f"{worse} {p_worse:.3f} of {n_worse}", f"{better} {p_better:.3f} of {n_better}"))
    return found
