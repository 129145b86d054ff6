"""The queries of restatement: figures of the past in the schemas `old` and `new`, which hold the marts of two versions.

Each query returns the columns figure, month_end_on, group_by, "group", old, new and n_customers (see
`restatement.Change`). All figures are of month ends and months that had ended by the as-of day of the old version.
"""

from dataclasses import dataclass

# What customer_loyalty_history says of a customer at a month end.
HISTORY = ("level", "loyalty_class", "quadrant", "loyalty_type", "rfm_segment")

# The last month end that both versions can know.
SPAN = """
create temp table span as
select (date_trunc('month', $day::date + 1) - interval 1 day)::date as last_on
"""

_STATES = ", ".join(HISTORY)
_GROUPS = "\n    union all ".join(
    f"""select '{name}' as group_by, {name} as "group", side, from_on, to_on from kept"""  # noqa: S608 (names above)
    for name in HISTORY
)
_PLACES = "\n    union all ".join(
    f"select customer_key, month_end_on, '{name}' as group_by, old.{name} as before, new.{name} as after"  # noqa: S608
    " from pairs"
    for name in HISTORY
)

# A month end that has left the history of one version (model.level.months) is not compared. Only customers whose
# history differs are expanded to month ends.
CUSTOMER_CHANGES = f"""
with versions as (
    select 'old' as side, customer_key, valid_from_on, valid_to_on, {_STATES} from old.customer_loyalty_history
    union all
    select 'new' as side, customer_key, valid_from_on, valid_to_on, {_STATES} from new.customer_loyalty_history
),
lengths as (
    select min(value::integer) as n_months
    from (
        select setting, value from old.rpt_setting
        union all
        select setting, value from new.rpt_setting
    )
    where setting = 'model.level.months'
),
compared as (
    select
        greatest(
            (select min(valid_from_on) from versions),
            (
                select last_day(date_trunc('month', max(as_of_on) + 1) - to_months(n_months))
                from new.customer_loyalty_history, lengths
                group by n_months
            )
        ) as first_on,
        last_on
    from span
),
month_ends as (
    select last_day(months.month) as month_end_on
    from compared, generate_series(date_trunc('month', first_on), last_on, interval 1 month) as months (month)
),
kept as (
    select
        side,
        customer_key,
        {_STATES},
        greatest(valid_from_on, first_on) as from_on,
        least(coalesce(valid_to_on, last_on), last_on) as to_on
    from versions, compared
    where valid_from_on <= last_on and coalesce(valid_to_on, last_on) >= first_on
),
spans as (
    select group_by, "group", side, from_on, to_on, count(*) as n
    from (
    {_GROUPS}
    union all select '', '', side, from_on, to_on from kept
    )
    group by all
),
counted as (
    select
        month_end_on,
        group_by,
        "group",
        coalesce(sum(n) filter (where side = 'old'), 0)::bigint as old,
        coalesce(sum(n) filter (where side = 'new'), 0)::bigint as new
    from month_ends
    join spans on month_end_on between from_on and to_on
    group by all
),
sides as (
    select customer_key, {_STATES}, from_on, to_on, list(side order by side) as sides from kept group by all
),
differing as (
    select distinct customer_key from sides where len(sides) = 1
),
expanded as (
    select side, customer_key, month_end_on, {_STATES}
    from kept
    semi join differing using (customer_key)
    join month_ends on month_end_on between from_on and to_on
),
pairs as (
    select customer_key, month_end_on, old, new
    from (select * from expanded where side = 'old') as old
    full join (select * from expanded where side = 'new') as new using (customer_key, month_end_on)
),
moved as (
    select *
    from (
    {_PLACES}
    union all
    select
        customer_key,
        month_end_on,
        '',
        case when old.level is not null then '' end,
        case when new.level is not null then '' end
    from pairs
    )
    where before is distinct from after
),
behind as (
    select month_end_on, group_by, "group", count(distinct customer_key) as n_customers
    from (
        select customer_key, month_end_on, group_by, before as "group" from moved
        union all
        select customer_key, month_end_on, group_by, after from moved
    )
    where "group" is not null
    group by all
)
select
    'customers' as figure,
    month_end_on,
    group_by,
    "group",
    coalesce(old, 0) as old,
    coalesce(new, 0) as new,
    n_customers
from behind
left join counted using (month_end_on, group_by, "group")
"""  # noqa: S608 (names above)


@dataclass(frozen=True)
class Fact:
    """A mart of facts, compared row by row.

    Attributes:
        mart: Its name.
        key: Its key column.
        day: The column of the day.
        count: The figure that counts its rows.
        amount: The column whose value is compared.
        total: The figure that sums `amount`; empty if there is none.
        where: The rows that count.
        more: Other columns that `where` reads.
    """

    mart: str
    key: str
    day: str
    count: str
    amount: str
    total: str = ""
    where: str = "true"
    more: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that both versions must have."""
        return (self.key, self.day, "customer_key", self.amount, *self.more)


FACTS = (
    Fact(
        "fct_order",
        "order_key",
        "ordered_on",
        "orders",
        "net_amount",
        "revenue_amount",
        "is_purchase",
        ("is_purchase",),
    ),
    Fact(
        "fct_return",
        "return_key",
        "returned_on",
        "returns",
        "return_amount",
        "returned_amount",
        "issue is null",
        ("issue",),
    ),
    Fact("fct_survey_answer", "answer_key", "answered_on", "survey_answers", "answer_score"),
)


def changed_facts(fact: Fact) -> str:
    """Statements that create `changed_facts`, the rows that differ, and `figures`, the figures of their months."""
    rows = "\n    union all ".join(
        f"select '{side}' as side, {fact.key} as row_key, {fact.day} as day_on, {fact.amount} as amount,"  # noqa: S608
        " customer_key"
        f" from {side}.{fact.mart} where {fact.where} and {fact.day} <= (select last_on from span)"
        for side in ("old", "new")
    )
    return f"""
create or replace temp table changed_facts as
with facts as (
    {rows}
),
same as (
    select row_key from facts group by row_key
    having count(*) = 2 and min(day_on) = max(day_on) and count(distinct amount) <= 1 and count(amount) <> 1
)
select * from facts anti join same using (row_key);

create or replace temp table figures as
with facts as (
    {rows}
),
changed as (
    select last_day(day_on) as month_end_on, count(distinct customer_key) as n_customers
    from changed_facts
    group by all
)
select
    month_end_on,
    '' as group_by,
    '' as "group",
    count(*) filter (where side = 'old') as old_count,
    count(*) filter (where side = 'new') as new_count,
    coalesce(sum(amount) filter (where side = 'old'), 0)::decimal(38, 2) as old_total,
    coalesce(sum(amount) filter (where side = 'new'), 0)::decimal(38, 2) as new_total,
    any_value(n_customers) as n_customers
from facts
join changed on month_end_on = last_day(day_on)
group by month_end_on;
"""  # noqa: S608 (names of ours)


def figure(name: str, kind: str) -> str:
    """The changes of one figure of `figures`; `kind` is count or total."""
    return (
        f"select '{name}' as figure, month_end_on, group_by, \"group\", old_{kind} as old, new_{kind} as new,"  # noqa: S608
        " n_customers from figures"
    )


CHANGED_ROWS = "select count(distinct row_key) from changed_facts"

# Marts with a figure per month, and the query of its changes. A month that only one version has is not compared: its
# customers and answers are listed by the queries above.
MONTHLY = {
    "rpt_nps": (
        ("period_kind", "month_start_on", "survey_kind", "slice_by", "nps"),
        """
        select 'nps' as figure, last_day(month_start_on) as month_end_on, '' as group_by, '' as "group",
            old.nps as old, new.nps as new, null as n_customers
        from (from old.rpt_nps where period_kind = 'month' and survey_kind = 'all' and slice_by = 'all') as old
        join (from new.rpt_nps where period_kind = 'month' and survey_kind = 'all' and slice_by = 'all') as new
            using (month_start_on)
        where old.nps is distinct from new.nps and last_day(month_start_on) <= (select last_on from span)
        """,
    ),
    "rpt_level_outcome": (
        ("month_end_on", "level", "returned_share"),
        """
        select 'returned_share' as figure, month_end_on, 'level' as group_by, level as "group",
            old.returned_share as old, new.returned_share as new, null as n_customers
        from old.rpt_level_outcome as old
        join new.rpt_level_outcome as new using (month_end_on, level)
        where old.returned_share is distinct from new.returned_share
        """,
    ),
}

SETTINGS = """
select setting
from old.rpt_setting as old
full join new.rpt_setting as new using (setting)
where old.value is distinct from new.value
order by setting
"""

# Customers of the old version who are not in the new one: whether their key is now part of another customer, or not.
GONE_CUSTOMERS = """
select count(*) filter (where is_merged), count(*) filter (where not is_merged)
from (
    select customer_key in (select customer_key_before from new.identity_history) as is_merged
    from old.dim_customer
    anti join new.dim_customer using (customer_key)
)
"""
