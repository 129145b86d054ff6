{#-
The parts of customer_audience for one audience. `audience` is an entry of the var `audiences`; its condition was checked
when loyalty.yml was read (pipelines/config/audience_condition.py).
-#}

{#- The members, who meet the condition and gave consent: customer_key, suppressed_reason. -#}
{% macro audience_members(audience, customers) -%}
    select
        customer_key,
        case
            {%- if 'employee' in audience.suppress %}
            when is_of_staff then 'employee'
            {%- endif %}
            {%- if 'open_complaint' in audience.suppress %}
            when has_open_complaint then 'open_complaint'
            {%- endif %}
            when sent_on > {{ add_days(as_of_date(), -audience.quiet_days) }} then 'recently_contacted'
        end as suppressed_reason
    from {{ customers }}
    where
        (
            {{ audience.where }}
        )
        and has_{{ audience.channel }}_consent
{%- endmacro %}

{#-
The first month end of the present unbroken membership by the condition: customer_key, member_since_on. It has no row if
the customer did not meet the condition at the last month end, or if the condition uses a column without history.
-#}
{% macro audience_since(audience, history) -%}
    select
        customer_key,
        min(valid_from_on) as member_since_on
    from (
        select
            customer_key,
            valid_from_on,
            {%- if audience.is_dated %}
            max(
                case
                    when
                        (
                            {{ audience.where }}
                        )
                        then null
                    else valid_from_on
                end
            ) over (partition by customer_key) as left_on
            {%- else %}
            valid_from_on as left_on
            {%- endif %}
        from {{ history }}
    ) as periods
    where {{ 'left_on is null or valid_from_on > left_on' if audience.is_dated else '1 = 0' }}
    group by customer_key
{%- endmacro %}

{#- The group of a customer. The hash depends on nothing else, so a customer stays in the group. -#}
{% macro audience_arm(audience, customer_key) -%}
    case
        when substr({{ hash_key(["'" ~ audience.name ~ "'", customer_key]) }}, 1, 8) < '{{ audience.holdout_below }}'
            then 'control'
        else 'treated'
    end
{%- endmacro %}
