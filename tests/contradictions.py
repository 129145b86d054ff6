"""What the marts of one version must not say together, and where they may differ because they answer other questions.

Each query of MUST_NOT returns the rows that contradict each other; a reason that makes a combination right is part of
the query. MAY_DIFFER counts customers whose rank, level and P(alive) look different: docs/loyalty-model.md says why.
"""

from collections.abc import Callable
from typing import Any

Query = Callable[[str], list[tuple[Any, ...]]]

# One row per customer with what each mart says of them.
CUSTOMERS = """
create or replace temp table customers as
select
    dim.first_purchase_on,
    dim.last_purchase_on,
    loyalty.*,
    rfm.customer_key is not null as has_rfm,
    rfm.recency_days,
    rfm.frequency,
    rfm.monetary_amount,
    rfm.is_active,
    rfm.r_quintile,
    rfm.rfm_segment,
    clv.n_purchase_days as clv_purchase_days,
    clv.historic_net_amount,
    clv.n_orders_without_amount,
    clv.p_alive,
    clv.n_repeat_days,
    clv.no_forecast_reason,
    nps.nps_category
from dim_customer as dim
full join customer_loyalty as loyalty using (customer_key)
full join customer_rfm as rfm using (customer_key)
full join customer_clv as clv using (customer_key)
full join customer_nps as nps using (customer_key)
"""

# The state of every customer at every month end, from the periods of the history.
AT_MONTH_ENDS = """
create or replace temp table at_month_ends as
with month_ends as (
    select distinct to_month_end_on as month_end_on from rpt_migration
    union
    select from_month_end_on from rpt_migration
    union
    select valid_from_on from customer_loyalty_history
)
select month_end_on, history.*
from month_ends
join customer_loyalty_history as history
    on month_end_on between valid_from_on and coalesce(valid_to_on, date '9999-12-31')
"""

MUST_NOT = {
    "a customer is missing in a mart of customers": """
        from (
            select count(*) as n, count(level) as n_loyalty, (select count(*) from dim_customer) as n_dim from customers
        ) where n <> n_loyalty or n <> n_dim
    """,
    "marts differ about the number of purchase days": """
        from customers
        where n_purchase_days <> coalesce(clv_purchase_days, 0) or n_purchase_days <> coalesce(frequency, 0)
            or has_rfm <> (n_purchase_days > 0)
    """,
    "purchase days are not those of the orders": """
        from customers
        left join (
            select customer_key, count(distinct ordered_on) as n,
                min(ordered_on) as first_on, max(ordered_on) as last_on
            from fct_order where is_purchase and customer_key is not null group by all
        ) using (customer_key)
        where coalesce(n, 0) <> n_purchase_days or first_on is distinct from first_purchase_on
            or last_on is distinct from last_purchase_on
    """,
    "recency is not the time since the last purchase": """
        from customers where recency_days is distinct from (as_of_on - last_purchase_on)
    """,
    "marts differ about revenue": """
        from customers where monetary_amount is not null and monetary_amount <> historic_net_amount
    """,
    "more silence or age than the calendar has": """
        from customers
        where silence_days > as_of_on - last_purchase_on or age_days > as_of_on - first_purchase_on
            or first_to_last_days > last_purchase_on - first_purchase_on
    """,
    "a prospect has bought, or somebody else has not": """
        from customers
        where (level = 'prospect') <> (n_purchase_days = 0) or (n_purchase_days = 0) <> (last_purchase_on is null)
    """,
    "a prospect has a chance to return or a forecast": """
        from customers
        where level = 'prospect' and (return_share is not null or p_alive is not null or own_gap_days is not null)
    """,
    "a new customer first bought long ago or often": """
        from customers where level = 'new' and level_reason = 'rule' and (age_days > g0_days or n_purchase_days >= 3)
    """,
    "somebody left who bought within their own gap": """
        from customers where level = 'churned' and level_reason = 'rule' and silence_ratio < 1
    """,
    "somebody left although more than one in five come back": """
        from customers where level = 'churned' and return_share > 0.2
    """,
    "somebody left, was among the most recent buyers, and no return curve explains it": """
        from customers
        where level = 'churned' and (rfm_segment = 'champions' or r_quintile = 5)
            and (level_basis is distinct from 'curve' or return_share > 0.2)
    """,
    "a loyal customer with too few purchases or a break": """
        from customers
        where level = 'loyal' and (n_purchase_days < 3 or first_to_last_days < g0_days or is_last_gap_break)
    """,
    "won back without a break": """
        from customers where level = 'won_back' and level_reason = 'rule' and not is_last_gap_break
    """,
    "a chance to return without a curve, or a curve without a chance": """
        from customers
        where (level_basis = 'curve') is distinct from (return_probability is not null) and n_purchase_days > 0
            or (level_basis is null) <> (n_purchase_days = 0)
            or (return_share is null) <> (return_probability is null)
    """,
    "behaviour and level differ": """
        from customers
        where is_behaviourally_loyal <> (n_purchase_days >= 3 and level not in ('at_risk', 'churned'))
            or (loyalty_class = 'behavioural' and not is_behaviourally_loyal)
    """,
    "class and flags differ": """
        from customers
        where loyalty_class <> case
            when is_emotionally_loyal then 'emotional'
            when is_attitudinally_loyal then 'attitudinal'
            when is_cognitively_loyal then 'cognitive'
            when is_behaviourally_loyal then 'behavioural'
            when loyalty_class in ('not_loyal', 'unknown') then loyalty_class
            else 'none of them'
        end
    """,
    "a type of loyalty without a class, or the other way round": """
        from customers where (loyalty_type = 'not_loyal') <> (loyalty_class in ('not_loyal', 'unknown'))
    """,
    "quadrant and attitude differ, and no brand preference explains it": """
        from customers
        where brand_preference_score is null
            and is_attitudinally_loyal is distinct from case
                when quadrant in ('true_loyalty', 'latent_loyalty') then true
                when quadrant in ('spurious_loyalty', 'no_loyalty') then false
            end
    """,
    "quadrant and purchases differ": """
        from customers
        where (quadrant in ('true_loyalty', 'spurious_loyalty') and not is_behaviourally_loyal)
            or (quadrant in ('latent_loyalty', 'no_loyalty') and is_behaviourally_loyal)
    """,
    "a score without evidence": """
        from customers
        where attitude_score is not null and (attitude_coverage_share = 0 or n_attitude_evidence = 0)
            or emotion_score is not null and (emotion_coverage_share = 0 or n_emotion_evidence = 0)
            or cognition_score is not null and (cognition_coverage_share = 0 or n_cognition_evidence = 0)
            or behaviour_score is not null and (behaviour_coverage_share = 0 or n_purchase_days = 0)
            or (loyalty_score is null) <> (evidence_pattern = 'none')
            or loyalty_score is not null and coverage_share = 0
    """,
    "a flag without a score": """
        from customers
        where is_attitudinally_loyal is not null and attitude_score is null
            or is_emotionally_loyal is not null and emotion_score is null
            or is_cognitively_loyal is not null and cognition_score is null
    """,
    "a promoter without a promoter answer": """
        from customers where nps_category = 'promoter' and coalesce(n_promoter_answers, 0) = 0
    """,
    "history and customer_rfm differ about the segment at the last month end": """
        from customer_rfm as rfm
        join at_month_ends using (customer_key, month_end_on)
        where at_month_ends.rfm_segment <> coalesce(rfm.rfm_segment_at_month_end, 'no_purchase')
    """,
    "history and the marts of today differ on an as-of day that is a month end": """
        from at_month_ends as history
        join customers using (customer_key)
        where month_end_on = customers.as_of_on and (
            history.level <> customers.level or history.loyalty_class <> customers.loyalty_class
            or history.quadrant <> customers.quadrant or history.loyalty_type <> customers.loyalty_type
            or history.rfm_segment <> coalesce(customers.rfm_segment, 'no_purchase')
        )
    """,
    "history says prospect of a buyer, or buyer of a prospect": """
        from at_month_ends
        join dim_customer using (customer_key)
        where (level = 'prospect') <> (rfm_segment = 'no_purchase')
            or (level = 'prospect') <> (first_purchase_on is null or first_purchase_on > month_end_on)
    """,
    "outcomes count other customers than the history": """
        from rpt_level_outcome
        left join (select month_end_on, level, count(*) as n from at_month_ends group by all)
            using (month_end_on, level)
        where n_customers is distinct from n
    """,
    "migrations count other customers than the history": """
        from (
            select to_month_end_on as month_end_on, n_months, group_by, sum(n_customers) as n_moved
            from rpt_migration group by all
        )
        left join (select month_end_on, count(*) as n from at_month_ends group by all) using (month_end_on)
        where n_moved is distinct from n
    """,
    "values by segment count other customers than customer_rfm": """
        from (
            select slice_value, sum(n_customers) as n_sliced
            from rpt_clv_by_segment where slice_by = 'rfm_segment' group by all
        )
        full join (
            select coalesce(rfm_segment, 'no_purchase') as slice_value, count(*) as n
            from customers where clv_purchase_days is not null group by all
        ) using (slice_value)
        where n is distinct from n_sliced
    """,
}

# Ranks within the shop, levels by the shop's past and P(alive) by a model may differ. Each is a pair: the customers
# that look different, and the customers that could.
MAY_DIFFER = {
    "at risk or churned, but champions or r_quintile 5": (
        "level in ('at_risk', 'churned') and (rfm_segment = 'champions' or r_quintile = 5)",
        "level in ('at_risk', 'churned')",
    ),
    "loyal, but hibernating, at risk or cannot lose by rank": (
        "level = 'loyal' and rfm_segment in ('hibernating', 'at_risk', 'cannot_lose')",
        "level = 'loyal'",
    ),
    "loyal, but P(alive) below .1": ("level = 'loyal' and p_alive < 0.1", "level = 'loyal' and p_alive is not null"),
    "loyal, but no purchase for lapsed_days": ("level = 'loyal' and not is_active", "level = 'loyal'"),
    # with one purchase, P(alive) of BG/NBD is 1 by construction; n_repeat_days explains it
    "churned after several purchases, but P(alive) above .9": (
        "level = 'churned' and p_alive > 0.9 and n_repeat_days > 0",
        "level = 'churned' and p_alive is not null and n_repeat_days > 0",
    ),
}


def prepare(query: Query) -> None:
    """Create the tables that the queries read, from a view per published mart."""
    query(CUSTOMERS)
    query(AT_MONTH_ENDS)


def contradictions(query: Query) -> dict[str, list[tuple[Any, ...]]]:
    """The first rows of each combination that must not occur."""
    prepare(query)
    found = {name: query(f"select * {rows} limit 3") for name, rows in MUST_NOT.items()}
    return {name: rows for name, rows in found.items() if rows}


def differences(query: Query) -> dict[str, tuple[int, int]]:
    """Per pair of views: the customers that look different, of those that could."""
    prepare(query)
    counts = {}
    for name, (different, of) in MAY_DIFFER.items():
        ((n, n_of),) = query(f"select count(*) filter (where {different}), count(*) filter (where {of}) from customers")
        counts[name] = (n, n_of)
    return counts
