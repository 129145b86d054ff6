-- Each customer reference in staging belongs to a customer of the marts.
select
    refs.source,
    refs.ref
from {{ ref('stg_customer_refs') }} as refs
left join {{ ref('int_customer_identity') }} as identities
    on refs.source = identities.source and refs.ref = identities.customer_ref
where identities.customer_key is null
