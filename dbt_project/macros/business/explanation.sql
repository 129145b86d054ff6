{#-
Rows of customer_explanation that are made of columns of customer_loyalty.

A row of the list has: step, position, code and detail (expressions), value and threshold (columns or expressions),
column (name of the column of customer_loyalty that has the value, as an expression), weight, and when it is there.
-#}

{#- How many facts of each kind a customer's explanation lists: the latest ones, so that its size does not grow with
the history. n_facts says how many there are, and the fct_ mart has them all. -#}
{% macro explained_facts() -%}
    {{ return(3) }}
{%- endmacro %}

{#- The step of each list, in the order of the explanation. -#}
{% macro explanation_steps() -%}
    {%- set rows = [] -%}
    {%- do rows.append(explained('score', 'loyalty_score', when='loyalty_score is not null', detail='evidence_pattern')) -%}
    {%- for name, weight in var('loyalty_dimension_weights').items() -%}
        {%- do rows.append(explained('score', name ~ '_score', when=name ~ '_score is not null', weight=weight)) -%}
    {%- endfor -%}
    {%- do rows.append(explained_decision('level', 'reason_1', explained_level())) -%}
    {%- do rows.append(explained_decision('loyalty_class', explained_class_rule(), explained_class())) -%}
    {%- do rows.append(explained_decision('loyalty_type', explained_type_rule(), explained_type())) -%}
    {%- do rows.append(explained_decision('quadrant', explained_quadrant_rule(), explained_quadrant())) -%}
    {%- do rows.extend(explained_distances()) -%}
    {%- for number in [1, 2, 3] -%}
        {%- set column = 'reason_' ~ number -%}
        {%- do rows.append(dict(
            step='reason', code_set='reason', code=column, detail='null', value='null', threshold='null', weight='null',
            column="'" ~ column ~ "'", when=column ~ ' is not null'
        )) -%}
    {%- endfor -%}
    {%- do rows.append(dict(
        step='action', code_set='next_action', code='next_action', detail='action_reason', value='value_at_stake_amount',
        threshold='null', weight='null', column="'value_at_stake_amount'", when='next_action is not null'
    )) -%}
    {{ return(rows) }}
{%- endmacro %}

{#- A figure of customer_loyalty as a row. -#}
{% macro explained(step, column, when, detail='null', weight='null') -%}
    {{ return(dict(
        step=step, code_set='explanation', code="'" ~ column ~ "'", detail=detail, value=column, threshold='null',
        weight=weight, column="'" ~ column ~ "'", when=when
    )) }}
{%- endmacro %}

{#-
What was decided and the rule that decided it. `figures` is {rule: [column, threshold]}: the figure that the rule
compared, and with what.
-#}
{% macro explained_decision(column, rule, figures) -%}
    {%- set by_rule = 'case ' ~ rule -%}
    {%- set parts = {'value': [by_rule], 'threshold': [by_rule], 'column': [by_rule]} -%}
    {%- for name, figure in figures.items() -%}
        {%- set when = " when '" ~ name ~ "' then " -%}
        {%- do parts.value.append(when ~ 'cast(' ~ figure[0] ~ ' as decimal(18, 4))') -%}
        {%- do parts.threshold.append(when ~ 'cast(' ~ figure[1] ~ ' as decimal(18, 4))') -%}
        {%- do parts.column.append(when ~ "'" ~ figure[0] ~ "'") -%}
    {%- endfor -%}
    {{ return(dict(
        step=column.removeprefix('loyalty_'), code_set=column, code=column, detail=rule, value=(parts.value | join) ~ ' end',
        threshold=(parts.threshold | join) ~ ' end', weight='null', column=(parts.column | join) ~ ' end', when='true'
    )) }}
{%- endmacro %}

{% macro explained_level() -%}
    {%- set days = var('loyalty_loyal_purchase_days') -%}
    {{ return({
        'no_purchase': ['n_purchase_days', 1],
        'first_purchase_recent': ['age_days', 'g0_days'],
        'few_come_back': ['silence_days', 'churned_from_silence_days'],
        'silent_too_long': ['silence_days', 'churned_from_silence_days'],
        'fewer_come_back': ['silence_days', 'at_risk_from_silence_days'],
        'silent_long': ['silence_days', 'at_risk_from_silence_days'],
        'back_after_break': ['silence_days', 'horizon_days'],
        'steady_purchases': ['n_purchase_days', days],
        'few_purchase_days': ['n_purchase_days', days],
        'short_history': ['first_to_last_days', 'g0_days'],
        'recent_break': ['silence_days', 'horizon_days'],
        'negative_attitude': ['attitude_raw_score', var('loyalty_disloyal_attitude')],
        'held_in_silence': ['silence_days', 'null'],
        'recalibrated': ['return_share', var('level_churned_limit_share')],
    }) }}
{%- endmacro %}

{#- With enough purchase days, an unknown class depends on the level: at_risk and churned are not behavioural. -#}
{% macro explained_class_rule() -%}
    case
        when loyalty_class = 'emotional' then 'emotion_high'
        when loyalty_class = 'attitudinal' then 'attitude_high'
        when loyalty_class = 'cognitive' then 'cognition_high'
        when loyalty_class = 'behavioural' then 'enough_purchase_days'
        when loyalty_class = 'not_loyal' then 'answers_not_high'
        when level in ('at_risk', 'churned') and n_purchase_days >= {{ var('loyalty_loyal_purchase_days') }}
            then 'at_risk_or_churned_few_answers'
        else 'too_few_answers'
    end
{%- endmacro %}

{% macro explained_class() -%}
    {%- set high = var('evidence_high_share') -%}
    {{ return({
        'emotion_high': ['emotion_high_share', high],
        'attitude_high': ['attitude_high_share', high],
        'cognition_high': ['cognition_high_share', high],
        'enough_purchase_days': ['n_purchase_days', var('loyalty_loyal_purchase_days')],
    }) }}
{%- endmacro %}

{#- If both discounts and cognition make a customer rational, cognition is named: its flag is exact, and the published
share of discounts is rounded. -#}
{% macro explained_type_rule() -%}
    case
        when loyalty_type = 'not_loyal' then 'no_loyal_class'
        when loyalty_type = 'emotional' then 'emotion_and_attitude_high'
        when loyalty_type = 'habitual' then 'regular_purchases'
        when loyalty_type = 'rational' and is_cognitively_loyal then 'cognition_high'
        when loyalty_type = 'rational' then 'discounts'
        when is_attitudinally_loyal is null and is_emotionally_loyal is null then 'feelings_unknown'
        else 'no_motive'
    end
{%- endmacro %}

{% macro explained_type() -%}
    {{ return({
        'emotion_and_attitude_high': ['emotion_high_share', var('evidence_high_share')],
        'regular_purchases': ['regularity_ratio', 'null'],
        'discounts': ['discount_dependence_share', var('type_discount_share')],
        'cognition_high': ['cognition_high_share', var('evidence_high_share')],
    }) }}
{%- endmacro %}

{% macro explained_quadrant_rule() -%}
    case
        when brand_preference_high_share is not null then 'by_brand_preference'
        when attitude_high_share is not null then 'by_attitude'
        else 'attitude_unknown'
    end
{%- endmacro %}

{% macro explained_quadrant() -%}
    {{ return({
        'by_brand_preference': ['brand_preference_high_share', var('evidence_high_share')],
        'by_attitude': ['attitude_high_share', var('evidence_high_share')],
    }) }}
{%- endmacro %}

{#- How far other levels and classes are: the figure now, and the figure from which on the rule holds. -#}
{% macro explained_distances() -%}
    {%- set days = var('loyalty_loyal_purchase_days') -%}
    {%- set rising = "level in ('new', 'potential', 'won_back')" -%}
    {%- set high = var('evidence_high_share') -%}
    {%- set found = [
        ['level', 'new', 'n_purchase_days', 1, "level = 'prospect'"],
        ['level', 'at_risk', 'silence_days', 'at_risk_from_silence_days',
            "level in ('new', 'potential', 'won_back', 'loyal') and at_risk_from_silence_days is not null"],
        ['level', 'churned', 'silence_days', 'churned_from_silence_days',
            "level not in ('prospect', 'churned') and churned_from_silence_days is not null"],
        ['level', 'loyal', 'n_purchase_days', days, rising ~ ' and n_purchase_days < ' ~ days],
        ['level', 'loyal', 'first_to_last_days', 'g0_days', rising ~ ' and first_to_last_days < g0_days'],
        ['level', 'loyal', 'attitude_raw_score', var('loyalty_disloyal_attitude'), "reason_1 = 'negative_attitude'"],
        ['loyalty_class', 'emotional', 'emotion_high_share', high, 'not is_emotionally_loyal'],
        ['loyalty_class', 'attitudinal', 'attitude_high_share', high, 'not is_attitudinally_loyal'],
        ['loyalty_class', 'cognitive', 'cognition_high_share', high, 'not is_cognitively_loyal'],
        ['loyalty_class', 'behavioural', 'n_purchase_days', days,
            "loyalty_class in ('not_loyal', 'unknown') and n_purchase_days < " ~ days],
    ] -%}
    {%- set rows = [] -%}
    {%- for code_set, code, column, threshold, when in found -%}
        {%- do rows.append(dict(
            step='distance', code_set=code_set, code="'" ~ code ~ "'", detail="'" ~ column ~ "'", value=column,
            threshold=threshold, weight='null', column="'" ~ column ~ "'", when=when
        )) -%}
    {%- endfor -%}
    {{ return(rows) }}
{%- endmacro %}
