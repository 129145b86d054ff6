select
    customer_key,
    {{ as_of_date() }} as as_of_on,
    dimension,
    part,
    raw_value,
    score,
    weight,
    is_counted,
    n_evidence,
    evidence_weight,
    raw_top_share,
    top_share,
    latest_on,
    mean_score,
    score_share,
    score_effect
from {{ ref('int_evidence_effect') }}
