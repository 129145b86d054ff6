-- depends_on: {{ ref('stg_customers') }}, {{ ref('stg_deletions') }}, {{ ref('stg_batch') }}
-- depends_on: {{ ref('stg_redelivered_row') }}
-- depends_on: {{ ref('int_identity_person_ref') }}
{% set days = observed_days() | reject('equalto', this_build('as_of')) | list %}
with named as (
    {%- for day in days %}
    select
        date '{{ day }}' as observed_on,
        person_refs.*
    from ({{ person_refs(day) }}) as person_refs
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select
        date '{{ this_build("as_of") }}' as observed_on,
        person_refs.*
    from {{ ref('int_identity_person_ref') }} as person_refs
    where 1 = 0
    {%- endfor %}
),

-- of records that were deleted later
ended as (
    select
        days.observed_on,
        contacts.*
    from {{ ref('int_identity_contact') }} as contacts
    inner join {{ ref('int_identity_day') }} as days
        on contacts.valid_to > days.observed_on and coalesce(contacts.valid_from <= days.observed_on, true)
    where contacts.valid_to is not null
)

select
    named.observed_on,
    'person_ref' as kind,
    named.source,
    own.customer_key as node,
    other.customer_key as other_node
from named
inner join {{ source('exchange', 'pseudonyms') }} as own
    on named.source = own.source and named.customer_ref = own.ref
inner join {{ source('exchange', 'pseudonyms') }} as other
    on named.person_source = other.source and named.person_ref = other.ref
union all
select
    ended.observed_on,
    ended.kind,
    ended.source,
    own.customer_key as node,
    ended.identifier as other_node
from ended
inner join {{ source('exchange', 'pseudonyms') }} as own
    on ended.source = own.source and ended.customer_ref = own.ref
