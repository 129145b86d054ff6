{% call changed_keys('int_changed_survey_answer') -%}
with touched as (
    {{ touched_keys('survey_answers') }}
)

select source, response_id, question_id from touched
union
select source, response_id, question_id
from {{ with_guests(
    'survey_answers', ['source', 'response_id', 'question_id', 'order_source', 'order_id', 'customer_ref']
) }} as answers
where
    (coalesce(order_source, source), order_id) in (select source, order_id from {{ ref('int_changed_order') }})
    or (source, customer_ref) in (select source, customer_ref from {{ ref('int_changed_customer_ref') }})
{%- endcall %}
