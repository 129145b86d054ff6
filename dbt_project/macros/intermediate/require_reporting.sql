{#-
Stops a dbt command that has no reporting currency or no time zone: neither has a default. A run takes both from loyalty.yml;
by hand they are vars.
-#}
{% macro require_reporting() -%}
    {%- if execute -%}
        {%- for name, example in {'currency': 'EUR', 'timezone': 'Europe/London'}.items() if not var(name, '') -%}
            {{ exceptions.raise_compiler_error(
                'the var ' ~ name ~ ' is missing: set it in loyalty.yml and use `loyalty run`, or add'
                ~ " --vars '{" ~ name ~ ': ' ~ example ~ "}'"
            ) }}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
