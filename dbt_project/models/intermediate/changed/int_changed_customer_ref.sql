{% call changed_keys('int_changed_customer_ref') -%}
select
    coalesce(identity_before.source, identity_now.source) as source,
    coalesce(identity_before.customer_ref, identity_now.customer_ref) as customer_ref
from {{ ref('int_customer_identity_before') }} as identity_before
full outer join {{ ref('int_customer_identity') }} as identity_now
    on
        identity_before.source = identity_now.source
        and identity_before.customer_ref = identity_now.customer_ref
where identity_before.customer_key is distinct from identity_now.customer_key
{%- endcall %}
