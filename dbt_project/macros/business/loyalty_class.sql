{#-
The decision tables of class, type and quadrant. Their columns are those of int_customer_class. A flag is NULL if its
dimension is unknown. The first rule that holds decides.
-#}

{#- What kind of loyalty a customer shows: the deepest kind. -#}
{% macro loyalty_class() -%}
    case
        when is_emotionally_loyal then 'emotional'
        when is_attitudinally_loyal then 'attitudinal'
        when is_cognitively_loyal then 'cognitive'
        when is_behaviourally_loyal then 'behavioural'
        when attitude_weight >= {{ var('class_known_weight') }} or emotion_weight >= {{ var('class_known_weight') }}
            then 'not_loyal'
        else 'unknown'
    end
{%- endmacro %}

{#- Whether the class rests on enough evidence: `low` or `normal`; NULL if the class is unknown. -#}
{% macro class_confidence() -%}
    case
        when loyalty_class = 'unknown' then null
        when loyalty_class = 'behavioural' then 'normal'
        when
            case loyalty_class
                when 'emotional' then emotion_weight
                when 'attitudinal' then attitude_weight
                when 'cognitive' then cognition_weight
                else greatest(attitude_weight, emotion_weight)
            end < {{ var('evidence_low_confidence_weight') }} then 'low'
        else 'normal'
    end
{%- endmacro %}

{#- Why a loyal customer is loyal. -#}
{% macro loyalty_type() -%}
    case
        when loyalty_class in ('not_loyal', 'unknown') then 'not_loyal'
        when coalesce(is_emotionally_loyal and is_attitudinally_loyal, false) then 'emotional'
        when is_attitudinally_loyal is null and is_emotionally_loyal is null then 'undetermined'
        when
            coalesce(is_discount_dependent, false)
            or coalesce(is_cognitively_loyal, false) then 'rational'
        when coalesce(is_regular, false) then 'habitual'
        else 'undetermined'
    end
{%- endmacro %}

{#-
The quadrant by attitude and repeat patronage. Source: Dick & Basu (1994). They require a relative attitude, so the
brand preference is used before the attitude. If neither is known, the quadrant is unknown; it is never inferred from
purchases.
-#}
{% macro loyalty_quadrant() -%}
    case
        when coalesce(has_high_preference, is_attitudinally_loyal) is null then 'unknown'
        when coalesce(has_high_preference, is_attitudinally_loyal)
            then case when is_behaviourally_loyal then 'true_loyalty' else 'latent_loyalty' end
        when is_behaviourally_loyal then 'spurious_loyalty'
        else 'no_loyalty'
    end
{%- endmacro %}
