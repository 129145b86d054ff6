-- Only references whose customer may have changed: the identity step leaves out the others.
with members as (
    select
        at_day.observed_on,
        at_day.component,
        refs.own_key,
        {{ member_rank('at_day.observed_on, at_day.component', 'refs') }} as member_rank
    from {{ source('exchange', 'identity_history') }} as at_day
    inner join {{ ref('int_identity_reference') }} as refs on at_day.node = refs.own_key
    where coalesce(refs.known_on <= at_day.observed_on, true)
)

select
    members.observed_on,
    members.own_key,
    first_members.own_key as customer_key
from members
inner join members as first_members
    on
        members.observed_on = first_members.observed_on
        and members.component = first_members.component
        and first_members.member_rank = 1
