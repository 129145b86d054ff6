"""One built day in small tables, for the tests of totals across stages. No test stands here."""

from datetime import date

DAY = date(2026, 1, 31)

# A source with headers (1 row quarantined, 1 superseded, 1 of a replaced delivery, 1 of a later day,
# 1 both, 1 deleted, 1 deleted and of a replaced delivery), and one with lines only. A line of the first is not in the
# latest list of its order.
GOOD_DAY = """
create schema staging; create schema intermediate; create schema marts;
create table staging.stg_file_reconciliation as
    from (values ('shop', 'orders', 9), ('shop', 'order_lines', 11), ('till', 'order_lines', 2))
    as t (source, entity, landed_rows);
create table staging.stg_quarantine as
    from (values ('shop', 'orders'), ('shop', 'order_lines')) as t (source, entity);
create table staging.stg_orders as from (values
    ('shop', 'a', date '2026-01-02'), ('shop', 'a', date '2026-01-02'), ('shop', 'b', date '2026-01-03'),
    ('shop', 'gone', date '2026-01-02'), ('shop', 'later', date '2026-02-01'), ('shop', 'both', date '2026-02-02'),
    ('shop', 'deleted', date '2026-01-02'), ('shop', 'deleted_both', date '2026-01-02'))
    as t (source, order_id, event_on);
create table staging.stg_deletions as from (values
    ('shop', 'orders', 'deleted', date '2026-01-30'), ('shop', 'orders', 'deleted_both', date '2026-01-31'),
    ('shop', 'orders', 'a', date '2026-02-01'), ('shop', 'cases', 'b', date '2026-01-30'))
    as t (source, entity, record_id, event_on);
create table staging.stg_order_lines as from (values
    ('shop', 'a', '1', null, null), ('shop', 'a', '1', null, date '2026-02-03'),
    ('shop', 'later', '1', date '2026-02-01', date '2026-02-01'), ('shop', 'later', '2', null, date '2026-02-01'),
    ('shop', 'a', '9', null, null), ('shop', 'gone', '1', null, null),
    ('shop', 'both', '1', date '2026-02-02', null), ('shop', 'deleted', '1', null, null),
    ('shop', 'dated_later', '1', null, date '2026-02-01'),
    ('shop', 'dated_later', '1', date '2026-01-05', date '2026-02-03'),
    ('till', 'x', '1', date '2026-01-05', null), ('till', 'x', '2', date '2026-01-05', null))
    as t (source, order_id, line_id, event_on, effective_on);
create table staging.int_order_lines_latest as from (values
    ('shop', 'a', '1', null), ('shop', 'a', '9', 'list'), ('till', 'x', '1', null), ('till', 'x', '2', null))
    as t (source, order_id, line_id, removed_by);
create table staging.stg_redelivered_row as from (values
    ('order_lines', 'shop', 'gone', '1', true, 'superseded'), ('orders', 'shop', 'gone', '', true, 'removed'),
    ('order_lines', 'shop', 'both', '1', true, 'removed'), ('orders', 'shop', 'both', '', true, 'removed'),
    ('orders', 'shop', 'deleted_both', '', true, 'removed'),
    ('orders', 'shop', 'b', '', true, 'kept')) as t (entity, source, key_1, key_2, is_accepted, outcome);
create table staging.int_orders_as_of as
    from (values ('shop', 'a'), ('shop', 'b')) as t (source, order_id);
create table staging.int_order_lines_as_of as
    from (values ('shop', 'a', null), ('till', 'x', timestamp '2026-01-05'), ('till', 'x', timestamp '2026-01-05'))
    as t (source, order_id, ordered_at);
create table intermediate.int_rejected_row as from (values
    ('shop', 'order_lines', 'a', timestamp '2026-01-02'), ('till', 'order_lines', 'x', timestamp '2026-01-05'),
    ('till', 'order_lines', 'y', timestamp '2026-01-06'), ('till', 'order_lines', 'z', null),
    ('till', 'order_lines', null, timestamp '2026-01-06'), ('till', 'payments', 'p', timestamp '2026-01-06'))
    as t (source, entity, order_id, event_at);
create table marts.fct_order as from (values
    ('shop', 'a', 10.10, true), ('shop', 'b', 5.05, false), ('till', 'x', 7.07, true),
    ('till', 'y', null, true)) as t (source, order_id, net_amount, is_purchase);
create table marts.fct_order_line as from (values
    ('shop', 'a', '1', 'k1'), ('till', 'x', '1', 'k2'), ('till', 'x', '2', 'k3'))
    as t (source, order_id, line_id, order_line_key);
create table marts.fct_return as from (values
    (0.17, null::varchar, 'c'), (9.99, 'missing_rate', 'c'), (3.33, null, 'unvalued'))
    as t (return_amount, issue, customer_key);
create table marts.customer_clv as from (values (17.17::decimal(18, 2), 'a'), (-0.17, 'c'), (null, 'unvalued'))
    as t (historic_net_amount, customer_key);
create table intermediate.int_loyalty_event as from (values
    ('a', 'earn', 100.5), ('a', 'redeem', -30), ('b', 'redeem', 5), ('b', 'expire', 2.5), ('b', 'adjust', 1),
    ('b', 'tier', 7), (null, 'earn', 9)) as t (customer_key, kind, points);
create table marts.customer_points as from (values (70.5), (-6.5)) as t (points_balance);
create table marts.fct_survey_answer as
    from (values ('promoter'), ('passive'), ('detractor'), (null)) as t (nps_category);
create table marts.rpt_nps as from (values ('all', 'all', 'all', 1, 1, 1), ('month', 'all', 'all', 1, 1, 1),
    ('all', 'unknown', 'all', 1, 1, 1))
    as t (period_kind, survey_kind, slice_by, n_promoters, n_passives, n_detractors);
"""
