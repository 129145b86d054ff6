"""The rules of a test are read from its arguments, and those that failed from its result."""

from pipelines.runs.dbt_rules import Rule, failing_rules, rules_of

ARGUMENTS = {
    "model": "{{ get_where_subquery(ref('customer_rfm')) }}",
    "grain": ["customer_key", "detail"],
    "optional": ["detail"],
    "n_rows": 25,
    "not_null": ["segment"],
    "unique": ["customer_key"],
    "within_bounds": [{"columns": ["r_quintile", "f_quintile"], "low": 1, "high": 5}],
    "accepted_values": [{"columns": ["segment"], "values": ["new", "loyal"]}],
    "relationships": [{"column": "customer_key", "to": "ref('int_customer')", "field": "customer_key"}],
    "conditions": {"amount_is_known": "amount is not null or n_orders = 0"},
}


def test_every_rule_of_a_test_has_a_name_of_its_own() -> None:
    rules = rules_of({"test_metadata": {"name": "rules", "kwargs": ARGUMENTS}})
    assert rules == (
        Rule("grain", "grain", ("customer_key", "detail"), ("detail",)),
        Rule("n_rows", "n_rows"),
        Rule("not_null_segment", "not_null", ("segment",)),
        Rule("unique_customer_key", "unique", ("customer_key",)),
        Rule("within_bounds_r_quintile", "within_bounds", ("r_quintile",)),
        Rule("within_bounds_f_quintile", "within_bounds", ("f_quintile",)),
        Rule("accepted_values_segment", "accepted_values", ("segment",)),
        Rule("relationships_customer_key", "relationships", ("customer_key",)),
        Rule("amount_is_known", "conditions"),
    )


def test_a_test_of_another_kind_has_no_rules() -> None:
    assert rules_of({"test_metadata": {"name": "not_null", "kwargs": {"column_name": "x"}}}) == ()
    assert rules_of({"name": "no_fact_is_after_the_as_of_day"}) == ()


def test_a_failed_test_names_the_rules_that_failed_with_their_rows() -> None:
    result = {"status": "fail", "adapter_response": {"_message": "grain: 1; not_null_segment: 12"}}
    assert failing_rules(result) == {"grain": 1, "not_null_segment": 12}


def test_a_test_that_passed_or_could_not_be_run_names_no_rule() -> None:
    assert failing_rules({"status": "pass", "adapter_response": {"_message": ""}}) == {}
    assert failing_rules({"status": "error", "adapter_response": {}}) == {}
