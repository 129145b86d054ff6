"""What breaks each expectation: SQL on the good shop of quality_tables.py. No test stands here."""

# (stage, dataset, expectation): SQL
BREAKS = {
    ("landing", "orders", "column_values_to_not_be_null.order_id"): "update landing.orders set order_id = null",
    ("landing", "orders", "orders_have_a_time"): "update landing.orders set ordered_at = null",
    ("landing", "orders", "orders_have_a_currency"): "update landing.orders set currency = null",
    (
        "landing",
        "order_lines",
        "column_values_to_not_be_null.order_id",
    ): "update landing.order_lines set order_id = null",
    (
        "landing",
        "order_lines",
        "lines_have_an_amount",
    ): "update landing.order_lines set unit_price = null, total = null",
    (
        "landing",
        "order_lines",
        "column_values_to_not_be_null.product_id",
    ): "update landing.order_lines set product_id = null",
    (
        "landing",
        "orders",
        "amounts_are_not_lost_by_rounding",
    ): "update landing.orders set gross = '0.0508'",
    (
        "landing",
        "order_lines",
        "amounts_are_not_lost_by_rounding",
    ): "update landing.order_lines set unit_price = '0.0508'",
    ("landing", "returns", "returns_can_be_dated"): "update landing.returns set returned_at = null, order_id = null",
    ("landing", "returns", "returns_have_an_order_or_a_customer"): "update landing.returns set order_id = null",
    (
        "landing",
        "customers",
        "column_values_to_not_be_null.customer_ref",
    ): "update landing.customers set customer_ref = null",
    (
        "landing",
        "survey_answers",
        "column_values_to_not_be_null.construct",
    ): "update landing.survey_answers set construct = null where response_id < '2'",
    ("landing", "survey_answers", "every_number_has_a_scale"): "update landing.survey_answers set scale_max = null",
    ("landing", "ledger", "files_reconcile"): "update landing.ledger set records = 101 where file_name = '3.csv'",
    (
        "landing",
        "ledger",
        "files_have_their_usual_size",
    ): "update landing.ledger set records = 9, taken_records = 8 where file_name = '35.csv'",
    (
        "staging",
        "stg_orders",
        "column_values_to_be_between.event_on",
    ): "update staging.stg_orders set event_on = '1970-01-01' where order_id < '2'",
    (
        "staging",
        "stg_orders",
        "column_values_to_be_between.gross",
    ): "update staging.stg_orders set gross = 10000001 where order_id < '2'",
    (
        "staging",
        "stg_orders",
        "few_orders_are_cancelled_or_tests",
    ): "update staging.stg_orders set status = 'cancelled' where order_id < '8'",
    (
        "staging",
        "stg_order_lines",
        "column_values_to_be_between.quantity",
    ): "update staging.stg_order_lines set quantity = 100001 where order_id < '2'",
    (
        "staging",
        "stg_order_lines",
        "few_lines_are_free",
    ): "update staging.stg_order_lines set unit_price = 0, discount = 0 where order_id < '5'",
    (
        "staging",
        "stg_order_lines",
        "discounts_are_not_above_prices",
    ): "update staging.stg_order_lines set discount = 11 where order_id < '2'",
    (
        "staging",
        "stg_survey_answers",
        "nps_is_asked_from_0_to_10",
    ): "update staging.stg_survey_answers set scale_min = 1 where response_id = '7'",
    ("staging", "stg_survey_answers", "answers_differ"): "update staging.stg_survey_answers set answer_number = 10",
    (
        "staging",
        "stg_customers",
        "no_address_is_a_placeholder",
    ): "update staging.stg_customers set email = 'till@example.org'",
    ("marts", "fct_order", "some_orders_are_purchases"): "update marts.fct_order set is_purchase = false",
    (
        "marts",
        "fct_order",
        "rates_are_known",
    ): "update marts.fct_order set issue = 'missing_rate', is_purchase = false where order_key like 'o1%'",
    (
        "marts",
        "fct_order",
        "lines_add_up_to_orders",
    ): "update marts.fct_order_line set gross_amount = 10.11 where order_key < 'o12'",
    (
        "marts",
        "fct_order",
        "totals_are_not_below_goods",
    ): "update marts.fct_order set total_amount = net_amount - 2 * (order_key < 'o12')::integer",
    (
        "marts",
        "fct_order",
        "no_customer_has_too_many_orders",
    ): "update marts.fct_order set customer_key = 'c0' where order_key like 'o1%'",
    ("marts", "fct_return", "returns_are_not_above_sales"): "update marts.fct_return set return_amount = 101",
    (
        "marts",
        "customer_rfm",
        "customers_equal_facts",
    ): "update marts.customer_rfm set monetary_amount = monetary_amount + 0.01 where customer_key = 'c7'",
    (
        "marts",
        "customer_rfm",
        "quintiles_distinguish_customers",
    ): "insert into marts.customer_rfm by name"
    " select 'd' || i as customer_key, 1 as frequency, 1 as monetary_amount, true as is_active, 5 as r_quintile"
    " from range(1000) as r (i);"
    " insert into marts.fct_order by name select 'd' || i as customer_key, 1 as net_amount, true as is_purchase,"
    " date '2025-03-01' as ordered_on from range(1000) as r (i)",
    (
        "marts",
        "customer_clv",
        "forecast_is_not_far_above_last_year",
    ): "update marts.customer_clv set expected_value_12m_amount = 61",
    (
        "marts",
        "customer_clv",
        "buyers_have_a_forecast",
    ): "update marts.customer_clv set no_forecast_reason = 'not_converged', expected_value_12m_amount = null",
    (
        "marts",
        "customer_clv",
        "column_values_to_be_between.clv_12m_amount",
    ): "update marts.customer_clv set clv_12m_amount = -1 where customer_key < 'c3'",
    (
        "marts",
        "customer_loyalty",
        "every_customer_has_a_level",
    ): "delete from marts.customer_loyalty where customer_key = 'c7'",
    (
        "marts",
        "customer_loyalty",
        "levels_distinguish_customers",
    ): "insert into marts.customer_loyalty by name"
    " select 'd' || i as customer_key, 'churned' as level, 1 as n_purchase_days from range(3000) as r (i);"
    " insert into marts.dim_customer by name select 'd' || i as customer_key from range(3000) as r (i)",
    ("marts", "rpt_nps", "nps_equals_its_counts"): "update marts.rpt_nps set nps = 13.34 where period_kind = 'month'",
    (
        "marts",
        "rpt_nps",
        "months_add_up",
    ): "update marts.rpt_nps set n_answers = 31, nps = 12.9032 where period_kind = 'month'",
    ("landing", "ledger", "volume_is_usual_for_the_weekday"): "update landing.ledger set landed_rows = 40"
    " where file_name = '35.csv'",
    ("landing", "ledger", "no_source_lags_behind"): "insert into landing.ledger by name"
    " select 'kiosk' as source, 'orders' as entity, date '2026-02-09' as file_on",
    ("landing", "orders", "columns_stay_filled"): "update landing.orders set customer_ref = null where batch = '5'",
    ("landing", "order_lines", "columns_stay_filled"): "update landing.order_lines set product_id = null"
    " where batch = '5'",
    ("landing", "customers", "columns_stay_filled"): "update landing.customers set email = null where batch = '5'",
    ("staging", "stg_orders", "nothing_is_paid_or_promised_before_it_is_ordered"): "update staging.stg_orders"
    " set paid_at = '2025-12-30' where order_id < '2'",
    ("staging", "stg_orders", "order_id_is_one_order"): "insert into staging.stg_orders by name"
    " select * exclude (content_hash), 'other' as content_hash from staging.stg_orders where order_id < '2'",
    ("staging", "stg_loyalty_events", "spent_points_have_one_sign"): "insert into staging.stg_loyalty_events by name"
    " select 'shop' as source, i::varchar as event_id, 'redeem' as kind, if(i = 3, 500, -500) as points"
    " from range(9) as r (i)",
    ("staging", "stg_orders", "column_unique_value_count_to_be_between.status"): "update staging.stg_orders"
    " set status = order_id",
    ("staging", "stg_order_lines", "lines_belong_to_orders"): "delete from staging.stg_orders where order_id < '2'",
    ("staging", "stg_returns", "returns_belong_to_orders"): "update staging.stg_returns set order_id = 'x'"
    " where order_id < '4'",
    ("staging", "stg_returns", "nothing_is_returned_before_it_is_ordered"): "update staging.stg_returns"
    " set returned_at = '2025-12-30' where order_id < '2'",
    ("staging", "stg_payments", "payments_belong_to_orders"): "update staging.stg_payments set order_id = 'x'"
    " where order_id < '2'",
    ("staging", "stg_cases", "cases_are_answered_before_they_are_closed"): "update staging.stg_cases"
    " set closed_at = '2026-01-01' where case_id < '2'",
    ("staging", "stg_fx_rates", "rates_do_not_jump"): "update staging.stg_fx_rates set rate = 11"
    " where day = '2026-01-05'",
    ("marts", "fct_order", "orders_reach_the_as_of_day"): "delete from marts.fct_order where ordered_on > '2025-09-12'",
    ("marts", "customer_rfm", "monetary_value_distribution_is_stable"): "update marts.customer_rfm"
    " set monetary_amount = 500 where customer_key < 'c5'",
    ("marts", "customer_rfm", "segments_are_stable"): "update marts.customer_rfm set rfm_segment = 'lost'"
    " where customer_key < 'c4'",
    ("marts", "customer_loyalty", "levels_are_stable"): "update marts.customer_loyalty set level = 'churned'"
    " where customer_key < 'c4'",
    ("marts", "customer_clv", "value_distribution_is_stable"): "update marts.customer_clv set clv_12m_amount = 50"
    " where customer_key < 'c5'",
    (
        "marts",
        "rpt_observation_gap",
        "last_year_has_no_observation_gap",
    ): "insert into marts.rpt_observation_gap by name"
    " select date '2025-01-02' as silent_from_on, date '2025-02-02' as silent_to_on, 32 as unobserved_days",
    (
        "marts",
        "rpt_level_outcome",
        "churned_customers_seldom_return",
    ): "insert into marts.rpt_level_outcome by name"
    " select date '2025-01-31' as month_end_on, 'churned' as level, 20 as n_customers, 5 as n_returned,"
    " 0.25 as returned_share",
    ("marts", "rpt_level_outcome", "levels_are_in_order"): "insert into marts.rpt_level_outcome by name"
    " select date '2025-01-31' as month_end_on, level, 100 as n_customers, share * 100 as n_returned,"
    " share as returned_share from (values ('at_risk', 0.5), ('loyal', 0.3)) as levels (level, share)",
}
