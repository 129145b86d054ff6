with aliases as (
    select
        source,
        customer_ref,
        person_ref
    from {{ ref('int_customers_as_of') }}
    where person_ref <> customer_ref
)

select
    aliases.source,
    aliases.customer_ref,
    aliases.person_ref,
    alias_pseudonyms.customer_key as alias_key,
    person_pseudonyms.customer_key as person_key
from aliases
inner join {{ source('exchange', 'pseudonyms') }} as alias_pseudonyms
    on aliases.source = alias_pseudonyms.source and aliases.customer_ref = alias_pseudonyms.ref
inner join {{ source('exchange', 'pseudonyms') }} as person_pseudonyms
    on aliases.source = person_pseudonyms.source and aliases.person_ref = person_pseudonyms.ref
