{#-
The channels by which a customer can be contacted, each with the consent that it requires. A contact at the customer's
next visit requires none.
-#}
{% macro contact_channels() -%}
    {{ return({'email': 'consent_email', 'sms': 'consent_sms', 'phone': 'consent_phone'}) }}
{%- endmacro %}

{#-
{channel: condition}: whether a customer of the relation `planned` may be contacted by each channel. `is_service` is the
condition under which no consent is required. With `free_only`, only channels that cost nothing.
-#}
{% macro contact_allowed(is_service, free_only=false) -%}
    {%- set costs, allowed = var('actions_contact_costs'), {} -%}
    {%- for channel, consent in contact_channels().items() -%}
        {%- set condition = '(' ~ is_service ~ ' or coalesce(planned.' ~ consent ~ ', false))' -%}
        {%- do allowed.update({channel: 'false' if free_only and costs[channel] > 0 else condition}) -%}
    {%- endfor -%}
    {{ return(allowed) }}
{%- endmacro %}

{#-
The first channel of an action that is allowed; NULL if none is. `relation` has the columns `<channel>_rank` and
is_possible_at_visit of the seed loyalty_actions. `allowed` is {channel: condition}, and `visit` the condition for a
contact at the next visit, which comes last. With `free_only`, a visit that costs something is not used.
-#}
{% macro first_contact_channel(relation, allowed, visit, free_only=false) -%}
    case
        {%- for rank in range(1, allowed | length + 1) %}
        {%- for channel, condition in allowed.items() %}
        when {{ relation }}.{{ channel }}_rank = {{ rank }} and {{ condition }} then '{{ channel }}'
        {%- endfor %}
        {%- endfor %}
        {%- if not (free_only and var('actions_contact_costs').visit > 0) %}
        when {{ relation }}.is_possible_at_visit and {{ visit }} then 'visit'
        {%- endif %}
    end
{%- endmacro %}

{#- The value of each contact channel, visit included. `values` is {channel: number}. -#}
{% macro of_contact_channel(column, values) -%}
    case {{ column }}
        {%- for channel, value in values.items() %}
        when '{{ channel }}' then {{ value }}
        {%- endfor %}
    end
{%- endmacro %}
