-- What the Starbucks files say, in plain SQL over the raw files: the trial compares the marts with this.
-- Nothing of the project is used here. The path of the folder comes as the variable `folder`.

create or replace table raw_event as
select
    person,
    event,
    "time" // 24 as day_number,
    "time" as hour_number,
    coalesce(value."offer id", value.offer_id) as offer,
    value.amount::decimal(18, 2) as amount,
    value.reward as reward,
from read_json(
    getvariable('folder') || '/transcript.json.gz',
    format = 'newline_delimited',
    columns = {
        person: 'varchar',
        event: 'varchar',
        "time": 'integer',
        value: 'struct("offer id" varchar, offer_id varchar, amount double, reward integer)'
    }
);

create or replace table raw_member as
select id as person, strptime(became_member_on, '%Y%m%d')::date as signed_up_on, gender,
from read_json(
    getvariable('folder') || '/profile.json',
    format = 'newline_delimited',
    columns = {id: 'varchar', became_member_on: 'varchar', gender: 'varchar'}
);

-- One row for each offer and member who received it.
create or replace view raw_reached as
select
    offer,
    person,
    min(day_number) as first_day,
    count(*) as n_touches,
    bool_or(event = 'offer viewed') as is_opened,
    bool_or(event = 'offer completed') as is_redeemed,
from raw_event
where offer is not null
group by all;

-- An offer's members with `days` days to buy in, before the end of the data, and those of them who bought.
create or replace macro raw_campaigns(days, last_day) as table
with bought as (
    select
        offer,
        raw_reached.person,
        bool_or(amount > 0) as is_bought,
        coalesce(sum(amount), 0) as amount,
    from raw_reached
    left join (select person, day_number, amount from raw_event where event = 'transaction') as purchases
        on
            raw_reached.person = purchases.person
            and purchases.day_number between first_day and first_day + days - 1
    group by all
)

select
    offer,
    count(*) as n_members,
    sum(n_touches)::bigint as n_touches,
    count(*) filter (is_opened) as n_opened,
    count(*) filter (is_redeemed) as n_redeemed,
    count(*) filter (first_day + days <= last_day + 1) as n_closed,
    count(*) filter (first_day + days <= last_day + 1 and is_bought) as n_bought,
    coalesce(sum(bought.amount) filter (first_day + days <= last_day + 1), 0)::decimal(18, 2) as net_amount,
from raw_reached
join bought using (offer, person)
group by all;
