{#-
The condition under which a row breaks a declared rule of its entity. `spec` is the entity's declaration, `rule` one of
its rules. `reject` is the kind of rule. `with` is the second column of the kinds `missing` (both values are missing)
and `unpaired` (only one is missing). `where` is a condition that also rejects the row. It may use a typed column, its
landed text (<column>_text), event_on and updated_on.
-#}
{% macro condition_of(spec, rule) -%}
    {%- set reject, column, where = rule.reject | default(''), rule.columns[0], rule.where | default('') -%}
    {%- set found = [] -%}
    {%- if reject == 'missing' -%}
        {%- do found.append(texts_are_null(spec, [column] + ([rule['with']] if 'with' in rule else []), ' and ')) -%}
    {%- endif -%}
    {%- if where -%}
        {%- do found.append(where) -%}
    {%- endif -%}
    {%- if reject == 'unpaired' -%}
        {%- do found.append('(' ~ column ~ ' is null) <> (' ~ rule['with'] ~ ' is null)') -%}
    {%- elif reject == 'future' -%}
        {%- set days = {spec.event: 'event_on', 'updated_at': 'updated_on'} -%}
        {%- do found.append(in_the_future(days.get(column, column))) -%}
    {%- elif reject == 'before_event' -%}
        {%- do found.append(business_date(column) ~ ' < event_on') -%}
    {%- elif reject == 'negative' -%}
        {%- do found.append(rule.columns | join(' < 0 or ') ~ ' < 0') -%}
    {%- elif reject == 'unaccepted' -%}
        {%- do found.append(column ~ " not in ('" ~ spec.accepts[column] | join("', '") ~ "')") -%}
    {%- elif reject == 'not_currency' -%}
        {%- do found.append('not ' ~ matches(column, '[A-Z]{3}')) -%}
    {%- elif reject not in ('', 'missing') -%}
        {%- do exceptions.raise_compiler_error(rule.code ~ ': there is no kind of rule ' ~ reject) -%}
    {%- endif -%}
    {{ return(found | join(' or ')) }}
{%- endmacro %}

{#-
Whether columns have no landed text, combined by `conjunction` (' and ' or ' or '). A column that is not cast is its
own text.
-#}
{% macro texts_are_null(spec, columns, conjunction) -%}
    {%- for column in columns -%}
        {{ column ~ ('_text' if spec.columns[column] | length == 2 else '') }} is null{{ conjunction if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- A day is after the day of landing by more than the tolerance for clock differences (var future_tolerance_days). -#}
{% macro in_the_future(day) -%}
    {{ day }} > {{ add_days('landed_on', var('future_tolerance_days')) }}
{%- endmacro %}
