{{ config(materialized='connected_components') }}

select
    alias_key as one_key,
    person_key as other_key
from {{ ref('int_identity_edge') }}
