"""The page `actions`: what to do next, for how many customers, at what cost."""

from pipelines.report.blocks import Block, Chart, Page

ACTIONS = Block(
    key="next_actions",
    needs="stake",
    marts=("customer_actions",),
    sql="""
        select next_action, count(*) as n_customers, sum(value_at_stake_amount) as value_at_stake_amount,
            count(*) filter (where is_offer) as n_offers
        from customer_actions
        group by all
        order by value_at_stake_amount desc nulls last, next_action
    """,
    chart=Chart("bars", x="value_at_stake_amount", y="next_action"),
    codes={"next_action": "next_action"},
    group="n_customers",
)

REASONS = Block(
    key="action_reasons",
    is_narrow=True,
    marts=("customer_actions",),
    sql="""
        select action_reason, count(*) as n_customers, sum(value_at_stake_amount) as value_at_stake_amount
        from customer_actions
        group by all
        order by n_customers desc, action_reason
    """,
    chart=Chart("bars", x="n_customers", y="action_reason"),
    codes={"action_reason": "action_reason"},
    group="n_customers",
)

CHANNELS = Block(
    key="contact_channels",
    is_narrow=True,
    marts=("customer_actions",),
    sql="""
        select level, contact_channel, count(*) as n_customers
        from customer_actions
        where contact_channel is not null
        group by level, contact_channel
        order by
            list_position(['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect'], level),
            contact_channel
    """,
    chart=Chart("bars", x="n_customers", y="level", colour="contact_channel"),
    codes={"contact_channel": "contact_channel", "level": "level"},
    group="n_customers",
    needs="consent",
)

BUDGET = Block(
    key="budget",
    marts=("rpt_budget",),
    sql="""
        select
            next_action,
            contact_channel,
            sum(n_customers) as n_customers,
            sum(n_funded) as n_funded,
            sum(funded_cost_amount) as funded_cost_amount,
            sum(funded_gain_amount) as funded_gain_amount
        from rpt_budget
        group by next_action, contact_channel
        order by sum(sum(funded_gain_amount)) over (partition by next_action) desc nulls last, next_action,
            contact_channel
    """,
    chart=Chart("bars", x="funded_gain_amount", y="next_action", colour="contact_channel"),
    codes={"next_action": "next_action", "contact_channel": "contact_channel"},
    group="n_customers",
    finding="""
        select sum(n_funded) as n_funded, sum(funded_cost_amount) as funded_cost_amount,
            sum(funded_gain_amount) as funded_gain_amount
        from rpt_budget
        having sum(n_funded) > 0
    """,
    needs="stake",
)

PLAYBOOK = Block(
    key="playbook",
    marts=("dim_playbook",),
    sql="""
        select level, loyalty_class, aim, next_action, is_offer, within_days
        from dim_playbook
        order by
            list_position(['loyal', 'potential', 'new', 'won_back', 'at_risk', 'churned', 'prospect'], level),
            loyalty_class
    """,
    codes={"level": "level", "loyalty_class": "loyalty_class", "aim": "aim", "next_action": "next_action"},
)

PAGE = Page("actions", (ACTIONS, BUDGET, REASONS, CHANNELS, PLAYBOOK))
