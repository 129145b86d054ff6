"""The page `quality`: how far the figures can be trusted: issues, rejected rows, coverage, freshness, models."""

from pipelines.report.advice import NOT_COUNTED, NOT_COUNTED_TOTALS
from pipelines.report.blocks import Block, Chart, Page

_MOST_RULES = 40  # the mart has all

# Per mart with facts: the column of the day.
_FACTS = {
    "fct_order": "ordered_on",
    "fct_return": "returned_on",
    "fct_survey_answer": "answered_on",
    "fct_interaction": "occurred_on",
    "fct_case": "opened_on",
    "fct_campaign_touch": "touched_on",
    "fct_loyalty_event": "occurred_on",
    "fct_referral": "referred_on",
}


def _span(mart: str) -> str:
    """The first and the latest day of the facts of a mart, by source."""
    day = _FACTS[mart]
    counted = f"'{mart}' as mart, source, count(*) as n_rows, min({day}) as first_on, max({day}) as latest_on"
    return f"select {counted} from {mart} group by all"  # noqa: S608 (texts of ours)


REJECTED = Block(
    key="rejected",
    marts=("rpt_data_issue",),
    sql=f"""
        select issue, source, sum(n_rows) as n_rows, sum(amount) as amount, bool_or(is_amount_estimated)
            as is_amount_estimated
        from rpt_data_issue
        where {NOT_COUNTED}
        group by issue, source
        order by sum(sum(n_rows)) over (partition by issue) desc, issue, source
    """,  # noqa: S608 (texts of ours)
    chart=Chart("bars", x="n_rows", y="issue", colour="source"),
    codes={"issue": "issue"},
    finding=NOT_COUNTED_TOTALS,
    needs="no_rejected",
)

# The table has code and meaning of a rule: rules of several entities have the same meaning.
QUARANTINE = Block(
    key="quarantine",
    marts=("rpt_quarantine",),
    sql=f"""
        with counted as (
            select *, sum(n_rows) over (partition by quarantine_rule) as n_rows_of_rule from rpt_quarantine
        )
        select quarantine_rule, quarantine_rule as rule_meaning, source, entity, n_rows, n_landed, rejected_share
        from counted
        qualify dense_rank() over (order by n_rows_of_rule desc, quarantine_rule) <= {_MOST_RULES}
        order by n_rows_of_rule desc, quarantine_rule, n_rows desc, source
    """,  # noqa: S608 (texts of ours)
    chart=Chart("bars", x="n_rows", y="quarantine_rule", colour="source"),
    codes={"rule_meaning": "quarantine_rule"},
    finding="""
        select (select count(distinct quarantine_rule) from rpt_quarantine) as n_rules, quarantine_rule, source,
            rejected_share
        from rpt_quarantine
        order by rejected_share desc, quarantine_rule, source, entity
        limit 1
    """,
    needs="no_quarantine",
)

ISSUES = Block(
    key="issues",
    marts=("rpt_data_issue",),
    sql="""
        select severity, issue, source, entity, sum(n_rows) as n_rows, sum(amount) as amount
        from rpt_data_issue
        group by all
        order by severity desc, amount desc nulls last, n_rows desc, issue, source, entity
        limit 100
    """,
    codes={"issue": "issue", "severity": "severity", "entity": "entity"},
    needs="no_issues",
)

FRESHNESS = Block(
    key="freshness",
    marts=tuple(_FACTS),
    sql=" union all ".join(map(_span, _FACTS)) + " order by mart, source",
)

COVERAGE = Block(
    key="coverage",
    marts=("customer_loyalty",),
    sql="""
        with known as (
            select 'behaviour' as dimension, behaviour_score is not null as is_known from customer_loyalty
            union all
            select 'attitude', attitude_score is not null from customer_loyalty
            union all
            select 'emotion', emotion_score is not null from customer_loyalty
            union all
            select 'cognition', cognition_score is not null from customer_loyalty
        )
        select dimension, count(*) filter (where is_known) as n_customers,
            count(*) filter (where is_known) / count(*) as known_share
        from known
        group by dimension
        order by list_position(['behaviour', 'attitude', 'emotion', 'cognition'], dimension)
    """,
    chart=Chart("bars", x="known_share", y="dimension"),
    codes={"dimension": "dimension"},
    group="n_customers",
)

SUITABILITY = Block(
    key="suitability",
    marts=("rpt_model_suitability",),
    sql="""
        select model, scope, suitability_reason, verdict, figure, flag_limit, refuse_limit, model_verdict
        from rpt_model_suitability
        order by model, scope, suitability_reason
    """,
    codes={
        "model": "suitability_model",
        "scope": "scope",
        "suitability_reason": "suitability_reason",
        "verdict": "suitability_verdict",
        "model_verdict": "suitability_verdict",
    },
)

GAPS = Block(
    key="gaps",
    marts=("rpt_observation_gap",),
    sql="select silent_from_on, silent_to_on, silent_days, limit_days, unobserved_days from rpt_observation_gap"
    " order by silent_from_on",
    needs="no_gaps",
)

SETTINGS = Block(
    key="settings",
    marts=("rpt_setting",),
    sql="""
        select setting, value, default_value, unit
        from rpt_setting
        where value is distinct from default_value
        order by setting
    """,
    needs="no_settings",
)

PAGE = Page("quality", (REJECTED, QUARANTINE, ISSUES, FRESHNESS, COVERAGE, SUITABILITY, GAPS, SETTINGS))
