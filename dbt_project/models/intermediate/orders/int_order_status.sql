{#- A class that the mapping declares takes precedence over the built-in class. -#}
with statuses as (
    select
        source,
        status
    from {{ ref('stg_orders') }}
    where status is not null
    union
    select
        source,
        status
    from {{ ref('stg_order_lines') }}
    where status is not null
    union
    select
        source,
        status
    from {{ ref('stg_rejected_rows') }}
    where status is not null
),

words as (
    select
        source,
        status,
        {{ status_word('status') }} as word
    from statuses
),

declared as (
    select distinct
        source,
        {{ status_word('status') }} as word,
        status_class
    from {{ source('exchange', 'order_statuses') }}
),

built_in as (
    select distinct
        {{ status_word('status') }} as word,
        status_class
    from {{ ref('order_statuses') }}
)

select
    words.source,
    words.status,
    coalesce(declared.status_class, built_in.status_class, 'unknown') as status_class
from words
left join declared
    on words.source = declared.source and words.word = declared.word
left join built_in
    on words.word = built_in.word
