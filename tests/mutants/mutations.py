"""Small faults that somebody could make, and the tests that must notice them.

Only the table is here; test_mutants.py runs it. No test in it may depend on chance, so that there is no property among
them. After a change of such a line, adapt the text and keep the fault.
"""

from dataclasses import dataclass

MACROS = "dbt_project/macros"
MODELS = "dbt_project/models"


@dataclass(frozen=True)
class Mutation:
    """One fault.

    Attributes:
        name: What was done.
        file: Where, below the project's root.
        before: Text that is in the file exactly once.
        after: What stands there instead.
        models: dbt models; of each, a unit test must fail.
        tests: pytest's node ids; each must fail.
    """

    name: str
    file: str
    before: str
    after: str
    models: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


MUTATIONS = (
    Mutation(
        "two levels are swapped",
        f"{MACROS}/business/loyalty_level.sql",
        "then 'won_back'",
        "then 'at_risk'",
        models=("int_level_rule",),
    ),
    Mutation(
        "a silence on the edge of a band falls into the band below",
        f"{MACROS}/business/return_curve.sql",
        "* {{ n }} * 40000 >= {{ (edge * 4) | int }}",
        "* {{ n }} * 40000 > {{ (edge * 4) | int }}",
        models=("int_return_cell", "int_level_state"),
    ),
    Mutation(
        "silence improves a level",
        f"{MODELS}/intermediate/level/customers/int_customer_level.sql",
        "min(rule_rank) over in_silence",
        "max(rule_rank) over in_silence",
        models=("int_customer_level",),
    ),
    Mutation(
        "a high attitude makes the deepest class",
        f"{MACROS}/business/loyalty_class.sql",
        "when is_emotionally_loyal then 'emotional'",
        "when is_attitudinally_loyal then 'emotional'",
        models=("int_customer_class",),
    ),
    Mutation(
        "every cut point is taken at a higher share",
        f"{MACROS}/business/cut_points.sql",
        "do shares.append(n / bands)",
        "do shares.append((n + 0.5) / bands)",
        models=("int_rfm_cut_point",),
    ),
    Mutation(
        "a run of ties is scored as its lower end",
        f"{MACROS}/business/cut_points.sql",
        "then 2 when {{ cut }} = {{ value }} then 1 else 0 end",
        "then 2 else 0 end",
        models=("int_customer_rfm", "int_customer_behaviour"),
    ),
    Mutation(
        "a sign of the variance of NPS is flipped",
        f"{MACROS}/business/nps_variance.sql",
        "* cast({{ promoter_share }} - {{ detractor_share }} as",
        "* cast({{ promoter_share }} + {{ detractor_share }} as",
        models=("rpt_nps",),
    ),
    Mutation(
        "a half-life leaves a quarter",
        f"{MACROS}/business/half_life_weight.sql",
        "cast(0.5 as double)",
        "cast(0.25 as double)",
        models=("int_customer_summary", "int_customer_answer"),
    ),
    Mutation(
        "a quotient is cut off and not rounded",
        f"{MACROS}/cross_db/decimals.sql",
        "' * ' ~ n ~ ' + ' ~ d,",
        "' * ' ~ n,",
        models=("rpt_nps", "rpt_clv_by_segment"),
    ),
    Mutation(
        "a refund adds to what a customer spent",
        f"{MODELS}/intermediate/customers/int_customer_summary.sql",
        "totals.net_purchase_amount - totals.returned_amount as net_amount",
        "totals.net_purchase_amount + totals.returned_amount as net_amount",
        models=("int_customer_summary",),
    ),
    Mutation(
        "a purchase of next year is worth more than one of today",
        f"{MACROS}/business/discount_factor.sql",
        "** (-months / 12)",
        "** (months / 12)",
        models=("int_customer_value",),
    ),
    Mutation(
        "the lift of a campaign has the wrong sign",
        f"{MODELS}/marts/campaigns/rpt_campaigns.sql",
        "treated_share - control_share as lift_share",
        "control_share - treated_share as lift_share",
        models=("rpt_campaigns",),
    ),
    Mutation(
        "a purchase on the day of a complaint counts as a return of the customer",
        f"{MACROS}/business/next_purchase.sql",
        "and {{ rows }}.{{ day }} < {{ purchases }}.day_on",
        "and {{ rows }}.{{ day }} <= {{ purchases }}.day_on",
        models=("int_feedback",),
    ),
    Mutation(
        "a customer with an open complaint gets the action of the playbook",
        f"{MODELS}/intermediate/actions/int_planned_action.sql",
        "when complaints.customer_key is not null then 'settle_complaint'",
        "when false then 'settle_complaint'",
        models=("int_planned_action",),
    ),
    Mutation(
        "the least gain per cost is funded first",
        f"{MODELS}/marts/actions/rpt_budget.sql",
        "later.gain_per_cost < earlier.gain_per_cost",
        "later.gain_per_cost > earlier.gain_per_cost",
        models=("rpt_budget",),
    ),
    Mutation(
        "most is at stake with those who will return",
        f"{MODELS}/intermediate/actions/int_customer_action.sql",
        "'1 - buyers.return_probability'",
        "'buyers.return_probability'",
        models=("int_customer_action",),
    ),
    Mutation(
        "what became known on the day itself is not known yet",
        f"{MACROS}/intermediate/as_of_rows.sql",
        "coalesce(asked.effective_on <= {{ day }}, true) as is_known",
        "coalesce(asked.effective_on < {{ day }}, true) as is_known",
        models=("int_fx_rates_as_of",),
    ),
    Mutation(
        "an older file resolves a rejected row",
        f"{MACROS}/staging/rejected_rows.sql",
        "then {{ accepted }}.file_on > {{ rejected }}.file_on",
        "then {{ accepted }}.file_on < {{ rejected }}.file_on",
        tests=(
            "tests/dbt/test_quarantine.py::test_a_row_is_resolved_by_an_accepted_one_that_nothing_shows_to_be_older",
        ),
    ),
    Mutation(
        "the second version of a key counts as accepted",
        f"{MODELS}/staging/stg_file_reconciliation.sql",
        "is_accepted and not is_replaced and version_rank > 1 then",
        "is_accepted and not is_replaced and version_rank > 2 then",
        tests=("tests/dbt/test_staging.py::test_landed_is_accepted_plus_quarantined_plus_superseded",),
    ),
    Mutation(
        "expected spend is shrunk too much",
        "pipelines/value/gamma_gamma.py",
        "below = p * total + q - 1",
        "below = p * total + q",
        tests=(
            "tests/unit/test_value_gamma_gamma.py::test_amounts_that_are_not_positive_are_left_out_of_the_fit_and_get_the_population_mean",
        ),
    ),
    Mutation(
        "a second run of a day does not become current",
        "pipelines/publication/publishing.py",
        "fresh.as_of >= current.as_of",
        "fresh.as_of > current.as_of",
        tests=("tests/unit/test_publication_versions.py::test_a_newer_run_of_the_same_day_replaces_current",),
    ),
    Mutation(
        "a total that is too large stops nothing",
        "pipelines/quality/totals.py",
        "if not difference:",
        "if difference >= 0:",
        tests=("tests/unit/test_quality_totals.py::test_a_total_that_is_off_stops_the_run_and_names_its_terms",),
    ),
)
