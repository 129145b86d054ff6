{#-
The weight of a part in the score of its dimension, DECIMAL(9,4); 0 for a part that is only shown. `dimension` and
`part` are expressions.
-#}
{% macro part_weight(dimension, part) -%}
    {%- set weights = {
        'behaviour': var('loyalty_behaviour_weights'),
        'attitude': var('loyalty_attitude_weights'),
        'emotion': var('loyalty_emotion_weights'),
        'cognition': var('loyalty_cognition_weights'),
    } -%}
    cast(
        case
            {%- for name in weights %}
            when {{ dimension }} = '{{ name }}'
                then
                    case {{ part }}
                        {%- for part_name, weight in weights[name].items() %}
                        when '{{ part_name }}' then {{ weight }}
                        {%- endfor %}
                        else 0
                    end
            {%- endfor %}
            else 0
        end
        as decimal(9, 4)
    )
{%- endmacro %}

{#- Whether an answer of this score, 0 to 100, is one of the top boxes of its dimension. -#}
{% macro is_top_box(dimension, score) -%}
    {{ score }} >= case {{ dimension }}
            when 'emotion' then {{ var('loyalty_high_emotion') }}
            when 'cognition' then {{ var('loyalty_high_cognition') }}
            else {{ var('loyalty_high_attitude') }}
        end
{%- endmacro %}

{#-
Whether the share of top boxes is high, both as answered (`raw_share`) and after shrinkage (`share`); NULL if a share is
NULL. Flags are decided by boxes: a mean of exactly 75 would be below 75 after any shrinkage.
-#}
{% macro is_high_share(share, raw_share) -%}
    {{ share }} >= {{ var('evidence_high_share') }} and {{ raw_share }} >= {{ var('evidence_high_share') }}
{%- endmacro %}

{#- The share of which is_high_share decides: the smaller one; NULL if a share is NULL. -#}
{% macro high_share(share, raw_share) -%}
    case when {{ share }} < {{ raw_share }} then {{ share }} else {{ raw_share }} end
{%- endmacro %}
