-- Each code set has the same codes in every language.
with labels as (
    select * from {{ ref('dim_label') }}
),

languages as (
    select distinct language
    from labels
),

codes as (
    select distinct
        code_set,
        code
    from labels
)

select
    codes.code_set,
    codes.code,
    languages.language
from codes
cross join languages
left join labels
    on
        codes.code_set = labels.code_set
        and codes.code = labels.code
        and languages.language = labels.language
where labels.label is null
