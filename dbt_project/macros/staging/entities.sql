{#-
The canonical entities, by name: key, event, times that are masked after the as-of day, the columns that describe those
times (state), the columns with IDs, each column with its type and the code of the rule that malformed text breaks, and
the other rules.
Written by `make docs` from models/staging/entities/: change them there.
-#}
{% macro entity(name) -%}
    {%- if name == 'campaign_touches' -%}
    {{ return({
        "prefix": "TCH", "key": ["touch_id"], "event": "touched_at",
        "masked": [], "state": [],
        "ids": ["touch_id", "customer_ref", "campaign_id", "order_id"],
        "columns": {
            "touch_id": ["text"],
            "customer_ref": ["text"],
            "campaign_id": ["text"],
            "campaign_kind": ["lower"],
            "action": ["lower"],
            "arm": ["lower"],
            "order_id": ["text"],
            "order_source": ["text"],
            "coupon_code": ["text"],
            "touched_at": ["timestamp", "TCH-002"],
            "cost": ["amount", "TCH-003"],
            "currency": ["text"],
            "updated_at": ["timestamp", "TCH-004"],
        },
        "accepts": {
            "campaign_kind": ["brand", "education", "discount", "reward", "service"],
            "action": ["sent", "opened", "clicked", "redeemed"],
            "arm": ["treated", "control"],
        },
        "rules": [
            {"code": "TCH-101", "columns": ["touched_at"], "reject": "missing"},
            {"code": "TCH-102", "columns": ["touched_at"], "reject": "future"},
            {"code": "TCH-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "TCH-104", "columns": ["campaign_kind"], "reject": "unaccepted"},
            {"code": "TCH-105", "columns": ["action"], "reject": "unaccepted"},
            {"code": "TCH-106", "columns": ["arm"], "reject": "unaccepted"},
            {"code": "TCH-107", "columns": ["cost"], "reject": "negative"},
            {"code": "TCH-108", "columns": ["currency"], "reject": "not_currency"},
        ],
    }) }}
    {%- elif name == 'cases' -%}
    {{ return({
        "prefix": "CAS", "key": ["case_id"], "event": "opened_at",
        "masked": ["first_response_at", "closed_at"], "state": ["status", "resolution", "satisfaction"],
        "ids": ["case_id", "customer_ref", "order_id", "product_id"],
        "columns": {
            "case_id": ["text"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "order_id": ["text"],
            "order_source": ["text"],
            "product_id": ["text"],
            "channel": ["lower"],
            "opened_at": ["timestamp", "CAS-002"],
            "first_response_at": ["timestamp", "CAS-003"],
            "closed_at": ["timestamp", "CAS-004"],
            "kind": ["lower"],
            "priority": ["lower"],
            "status": ["lower"],
            "category": ["text"],
            "body": ["personal"],
            "resolution": ["personal"],
            "satisfaction": ["price", "CAS-005"],
            "cost": ["amount", "CAS-006"],
            "updated_at": ["timestamp", "CAS-007"],
        },
        "accepts": {
            "kind": ["complaint", "question", "request", "praise", "suggestion"],
        },
        "rules": [
            {"code": "CAS-101", "columns": ["opened_at"], "reject": "missing"},
            {"code": "CAS-102", "columns": ["opened_at"], "reject": "future"},
            {"code": "CAS-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "CAS-104", "columns": ["kind"], "reject": "unaccepted"},
            {"code": "CAS-105", "columns": ["first_response_at"], "where": "first_response_at < opened_at"},
            {"code": "CAS-106", "columns": ["closed_at"], "where": "closed_at < opened_at"},
            {"code": "CAS-107", "columns": ["cost"], "reject": "negative"},
        ],
    }) }}
    {%- elif name == 'coverage' -%}
    {{ return({
        "prefix": "COV", "key": ["entity"], "event": none,
        "masked": [], "state": [],
        "ids": [],
        "columns": {
            "entity": ["lower"],
            "covered_from": ["date", "COV-002"],
            "covered_to": ["date", "COV-003"],
            "is_complete": ["boolean", "COV-004"],
            "updated_at": ["timestamp", "COV-005"],
        },
        "accepts": {
            "entity": ["campaign_touches", "cases", "customers", "deletions", "fx_rates", "interactions", "loyalty_events", "order_lines", "orders", "payments", "products", "referrals", "returns", "survey_answers", "survey_invitations"],
        },
        "rules": [
            {"code": "COV-101", "columns": ["entity"], "reject": "unaccepted"},
            {"code": "COV-102", "columns": ["covered_to"], "where": "covered_to < covered_from"},
            {"code": "COV-103", "columns": ["updated_at"], "reject": "future"},
        ],
    }) }}
    {%- elif name == 'customers' -%}
    {{ return({
        "prefix": "CUS", "key": ["customer_ref"], "event": "signed_up_at",
        "masked": [], "state": [],
        "ids": ["customer_ref", "person_ref", "account_ref"],
        "columns": {
            "customer_ref": ["text"],
            "person_ref": ["text"],
            "person_source": ["text"],
            "account_ref": ["text"],
            "name": ["personal"],
            "email": ["personal"],
            "phone": ["personal"],
            "signed_up_at": ["timestamp", "CUS-002"],
            "birth_date": ["date", "CUS-003"],
            "gender": ["lower"],
            "country": ["text"],
            "region": ["text"],
            "city": ["text"],
            "segment": ["text"],
            "industry": ["text"],
            "owner": ["personal"],
            "acquisition_channel": ["lower"],
            "acquisition_cost": ["amount", "CUS-004"],
            "is_employee": ["boolean", "CUS-005"],
            "consent_email": ["boolean", "CUS-006"],
            "consent_sms": ["boolean", "CUS-007"],
            "consent_phone": ["boolean", "CUS-008"],
            "external_ids": ["personal"],
            "updated_at": ["timestamp", "CUS-009"],
        },
        "accepts": {},
        "rules": [
            {"code": "CUS-101", "columns": ["signed_up_at"], "reject": "future"},
            {"code": "CUS-102", "columns": ["updated_at"], "reject": "future"},
            {"code": "CUS-103", "columns": ["birth_date"], "reject": "future", "where": "birth_date < date '1900-01-01'"},
            {"code": "CUS-104", "columns": ["acquisition_cost"], "reject": "negative"},
        ],
    }) }}
    {%- elif name == 'deletions' -%}
    {{ return({
        "prefix": "DEL", "key": ["entity", "record_id"], "event": "deleted_at",
        "masked": [], "state": [],
        "ids": ["record_id"],
        "columns": {
            "entity": ["lower"],
            "record_id": ["text"],
            "deleted_at": ["timestamp", "DEL-002"],
            "updated_at": ["timestamp", "DEL-003"],
        },
        "accepts": {
            "entity": ["campaign_touches", "cases", "customers", "interactions", "loyalty_events", "orders", "payments", "products", "referrals", "returns", "survey_answers", "survey_invitations"],
        },
        "rules": [
            {"code": "DEL-101", "columns": ["entity"], "reject": "unaccepted"},
            {"code": "DEL-102", "columns": ["deleted_at"], "reject": "missing"},
            {"code": "DEL-103", "columns": ["deleted_at"], "reject": "future"},
            {"code": "DEL-104", "columns": ["updated_at"], "reject": "future"},
        ],
    }) }}
    {%- elif name == 'fx_rates' -%}
    {{ return({
        "prefix": "FXR", "key": ["day", "currency"], "event": "day",
        "masked": [], "state": [],
        "ids": [],
        "columns": {
            "day": ["date", "FXR-002"],
            "currency": ["text"],
            "rate": ["rate", "FXR-003"],
            "updated_at": ["timestamp", "FXR-004"],
        },
        "accepts": {},
        "rules": [
            {"code": "FXR-101", "columns": ["rate"], "reject": "missing", "where": "rate <= 0"},
            {"code": "FXR-102", "columns": ["day"], "reject": "future"},
            {"code": "FXR-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "FXR-104", "columns": ["currency"], "reject": "not_currency"},
        ],
    }) }}
    {%- elif name == 'interactions' -%}
    {{ return({
        "prefix": "INT", "key": ["interaction_id"], "event": "occurred_at",
        "masked": [], "state": [],
        "ids": ["interaction_id", "customer_ref"],
        "columns": {
            "interaction_id": ["text"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "occurred_at": ["timestamp", "INT-002"],
            "kind": ["lower"],
            "direction": ["lower"],
            "channel": ["lower"],
            "subject": ["personal"],
            "body": ["personal"],
            "sentiment": ["price", "INT-003"],
            "sentiment_min": ["price", "INT-007"],
            "sentiment_max": ["price", "INT-008"],
            "duration_s": ["integer", "INT-004"],
            "cost": ["amount", "INT-005"],
            "agent": ["personal"],
            "updated_at": ["timestamp", "INT-006"],
        },
        "accepts": {
            "kind": ["call", "email", "chat", "visit", "browse", "social", "event", "note"],
        },
        "rules": [
            {"code": "INT-101", "columns": ["occurred_at"], "reject": "missing"},
            {"code": "INT-102", "columns": ["occurred_at"], "reject": "future"},
            {"code": "INT-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "INT-104", "columns": ["kind"], "reject": "unaccepted"},
            {"code": "INT-105", "columns": ["duration_s"], "reject": "negative"},
            {"code": "INT-106", "columns": ["cost"], "reject": "negative"},
            {"code": "INT-107", "columns": ["sentiment_min"], "reject": "unpaired", "with": "sentiment_max", "where": "sentiment_min >= sentiment_max"},
            {"code": "INT-108", "columns": ["sentiment"], "where": "sentiment < sentiment_min or sentiment > sentiment_max"},
        ],
    }) }}
    {%- elif name == 'loyalty_events' -%}
    {{ return({
        "prefix": "LOY", "key": ["event_id"], "event": "occurred_at",
        "masked": [], "state": [],
        "ids": ["event_id", "customer_ref", "order_id"],
        "columns": {
            "event_id": ["text"],
            "customer_ref": ["text"],
            "occurred_at": ["timestamp", "LOY-002"],
            "kind": ["lower"],
            "points": ["price", "LOY-003"],
            "money_value": ["amount", "LOY-004"],
            "expires_at": ["timestamp", "LOY-005"],
            "order_id": ["text"],
            "order_source": ["text"],
            "tier": ["text"],
            "fee": ["amount", "LOY-007"],
            "paid_until": ["timestamp", "LOY-008"],
            "updated_at": ["timestamp", "LOY-006"],
        },
        "accepts": {
            "kind": ["enrol", "earn", "redeem", "expire", "adjust", "tier", "renew"],
        },
        "rules": [
            {"code": "LOY-101", "columns": ["occurred_at"], "reject": "missing"},
            {"code": "LOY-102", "columns": ["occurred_at"], "reject": "future"},
            {"code": "LOY-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "LOY-104", "columns": ["kind"], "reject": "unaccepted"},
            {"code": "LOY-105", "columns": ["expires_at"], "where": "expires_at < occurred_at"},
        ],
    }) }}
    {%- elif name == 'order_lines' -%}
    {{ return({
        "prefix": "LIN", "key": ["order_id", "line_id"], "event": "ordered_at",
        "masked": [], "state": [],
        "ids": ["order_id", "line_id", "product_id", "customer_ref", "store_id"],
        "columns": {
            "order_id": ["text"],
            "line_id": ["text"],
            "product_id": ["text"],
            "product_name": ["text"],
            "category": ["text"],
            "brand": ["text"],
            "quantity": ["price", "LIN-002"],
            "unit_price": ["price", "LIN-003"],
            "list_price": ["price", "LIN-004"],
            "discount": ["amount", "LIN-005"],
            "unit_cost": ["price", "LIN-006"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "ordered_at": ["timestamp", "LIN-007"],
            "status": ["lower"],
            "channel": ["lower"],
            "store_id": ["text"],
            "currency": ["text"],
            "total": ["amount", "LIN-009"],
            "tax": ["amount", "LIN-010"],
            "updated_at": ["timestamp", "LIN-008"],
        },
        "accepts": {},
        "rules": [
            {"code": "LIN-101", "columns": ["ordered_at"], "reject": "future"},
            {"code": "LIN-102", "columns": ["updated_at"], "reject": "future"},
            {"code": "LIN-103", "columns": ["quantity"], "reject": "negative"},
            {"code": "LIN-104", "columns": ["unit_price"], "reject": "negative"},
            {"code": "LIN-105", "columns": ["list_price"], "reject": "negative"},
            {"code": "LIN-106", "columns": ["discount"], "reject": "negative"},
            {"code": "LIN-107", "columns": ["unit_cost"], "reject": "negative"},
            {"code": "LIN-108", "columns": ["currency"], "reject": "not_currency"},
            {"code": "LIN-109", "columns": ["total"], "reject": "negative"},
            {"code": "LIN-110", "columns": ["tax"], "reject": "negative"},
            {"code": "LIN-111", "columns": ["tax"], "where": "tax > total"},
        ],
    }) }}
    {%- elif name == 'orders' -%}
    {{ return({
        "prefix": "ORD", "key": ["order_id"], "event": "ordered_at",
        "masked": ["paid_at", "cancelled_at", "delivered_at"], "state": ["status"],
        "ids": ["order_id", "customer_ref", "store_id"],
        "columns": {
            "order_id": ["text"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "ordered_at": ["timestamp", "ORD-002"],
            "paid_at": ["timestamp", "ORD-003"],
            "cancelled_at": ["timestamp", "ORD-004"],
            "promised_at": ["timestamp", "ORD-005"],
            "delivered_at": ["timestamp", "ORD-006"],
            "status": ["lower"],
            "channel": ["lower"],
            "store_id": ["text"],
            "currency": ["text"],
            "gross": ["amount", "ORD-007"],
            "discount": ["amount", "ORD-008"],
            "tax": ["amount", "ORD-009"],
            "shipping": ["amount", "ORD-010"],
            "total": ["amount", "ORD-011"],
            "coupon_code": ["text"],
            "is_test": ["boolean", "ORD-012"],
            "updated_at": ["timestamp", "ORD-013"],
        },
        "accepts": {},
        "rules": [
            {"code": "ORD-101", "columns": ["ordered_at"], "reject": "missing"},
            {"code": "ORD-102", "columns": ["ordered_at"], "reject": "future"},
            {"code": "ORD-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "ORD-104", "columns": ["gross"], "reject": "negative"},
            {"code": "ORD-105", "columns": ["discount"], "reject": "negative"},
            {"code": "ORD-106", "columns": ["tax"], "reject": "negative"},
            {"code": "ORD-107", "columns": ["shipping"], "reject": "negative"},
            {"code": "ORD-108", "columns": ["total"], "reject": "negative"},
            {"code": "ORD-109", "columns": ["cancelled_at"], "reject": "before_event"},
            {"code": "ORD-110", "columns": ["delivered_at"], "reject": "before_event"},
            {"code": "ORD-111", "columns": ["currency"], "reject": "not_currency"},
        ],
    }) }}
    {%- elif name == 'payments' -%}
    {{ return({
        "prefix": "PAY", "key": ["payment_id"], "event": "paid_at",
        "masked": [], "state": [],
        "ids": ["payment_id", "order_id"],
        "columns": {
            "payment_id": ["text"],
            "order_id": ["text"],
            "paid_at": ["timestamp", "PAY-002"],
            "method": ["lower"],
            "amount": ["amount", "PAY-003"],
            "currency": ["text"],
            "updated_at": ["timestamp", "PAY-004"],
        },
        "accepts": {},
        "rules": [
            {"code": "PAY-101", "columns": ["paid_at"], "reject": "future"},
            {"code": "PAY-102", "columns": ["updated_at"], "reject": "future"},
            {"code": "PAY-103", "columns": ["order_id"], "reject": "missing"},
            {"code": "PAY-104", "columns": ["amount"], "reject": "negative"},
            {"code": "PAY-105", "columns": ["currency"], "reject": "not_currency"},
        ],
    }) }}
    {%- elif name == 'products' -%}
    {{ return({
        "prefix": "PRD", "key": ["product_id"], "event": none,
        "masked": [], "state": [],
        "ids": ["product_id"],
        "columns": {
            "product_id": ["text"],
            "product_name": ["text"],
            "category": ["text"],
            "brand": ["text"],
            "unit_cost": ["price", "PRD-002"],
            "updated_at": ["timestamp", "PRD-003"],
        },
        "accepts": {},
        "rules": [
            {"code": "PRD-101", "columns": ["unit_cost"], "reject": "negative"},
            {"code": "PRD-102", "columns": ["updated_at"], "reject": "future"},
        ],
    }) }}
    {%- elif name == 'referrals' -%}
    {{ return({
        "prefix": "REF", "key": ["referral_id"], "event": "referred_at",
        "masked": [], "state": [],
        "ids": ["referral_id", "referrer_ref", "referred_ref"],
        "columns": {
            "referral_id": ["text"],
            "referrer_ref": ["text"],
            "referred_ref": ["text"],
            "referred_at": ["timestamp", "REF-002"],
            "updated_at": ["timestamp", "REF-003"],
        },
        "accepts": {},
        "rules": [
            {"code": "REF-101", "columns": ["referred_at"], "reject": "missing"},
            {"code": "REF-102", "columns": ["referred_at"], "reject": "future"},
            {"code": "REF-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "REF-104", "columns": ["referrer_ref"], "reject": "missing"},
            {"code": "REF-105", "columns": ["referred_ref"], "reject": "missing"},
            {"code": "REF-106", "columns": ["referred_ref"], "where": "referrer_ref = referred_ref"},
        ],
    }) }}
    {%- elif name == 'returns' -%}
    {{ return({
        "prefix": "RET", "key": ["return_id"], "event": "returned_at",
        "masked": [], "state": [],
        "ids": ["return_id", "order_id", "line_id", "customer_ref"],
        "columns": {
            "return_id": ["text"],
            "order_id": ["text"],
            "line_id": ["text"],
            "customer_ref": ["text"],
            "returned_at": ["timestamp", "RET-002"],
            "quantity": ["price", "RET-003"],
            "amount": ["amount", "RET-004"],
            "currency": ["text"],
            "kind": ["lower"],
            "reason": ["personal"],
            "fault": ["lower"],
            "amount_basis": ["lower"],
            "tax": ["amount", "RET-006"],
            "shipping": ["amount", "RET-007"],
            "updated_at": ["timestamp", "RET-005"],
        },
        "accepts": {
            "kind": ["return", "refund", "cancellation", "credit"],
            "fault": ["company", "customer", "unknown"],
            "amount_basis": ["goods", "gross"],
        },
        "rules": [
            {"code": "RET-101", "columns": ["returned_at"], "reject": "missing", "with": "order_id"},
            {"code": "RET-102", "columns": ["returned_at"], "reject": "future"},
            {"code": "RET-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "RET-104", "columns": ["amount"], "reject": "negative"},
            {"code": "RET-105", "columns": ["quantity"], "reject": "negative"},
            {"code": "RET-106", "columns": ["kind"], "reject": "unaccepted"},
            {"code": "RET-107", "columns": ["fault"], "reject": "unaccepted"},
            {"code": "RET-108", "columns": ["currency"], "reject": "not_currency"},
            {"code": "RET-109", "columns": ["amount_basis"], "reject": "unaccepted"},
            {"code": "RET-110", "columns": ["tax", "shipping"], "reject": "negative"},
            {"code": "RET-111", "columns": ["tax", "shipping", "amount"], "where": "coalesce(tax, 0) + coalesce(shipping, 0) > amount and coalesce(amount_basis, 'gross') = 'gross'"},
        ],
    }) }}
    {%- elif name == 'survey_answers' -%}
    {{ return({
        "prefix": "ANS", "key": ["response_id", "question_id"], "event": "answered_at",
        "masked": [], "state": [],
        "ids": ["response_id", "question_id", "survey_id", "customer_ref", "order_id"],
        "columns": {
            "response_id": ["text"],
            "question_id": ["text"],
            "survey_id": ["text"],
            "survey_kind": ["lower"],
            "channel": ["lower"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "order_id": ["text"],
            "order_source": ["text"],
            "answered_at": ["timestamp", "ANS-002"],
            "construct": ["lower"],
            "answer_number": ["price", "ANS-003"],
            "answer_text": ["personal"],
            "scale_min": ["price", "ANS-004"],
            "scale_max": ["price", "ANS-005"],
            "is_reversed": ["boolean", "ANS-006"],
            "updated_at": ["timestamp", "ANS-007"],
        },
        "accepts": {
            "survey_kind": ["relationship", "transaction"],
            "construct": ["nps", "csat", "ces", "review", "product_quality", "service", "after_sales", "brand", "brand_preference", "awareness", "price", "value_for_money", "relationship", "personalisation", "emotional_bond", "belonging", "values_fit", "trust", "knowledge", "price_tolerance", "switching", "repurchase_intent", "word_of_mouth", "external_complaint", "internal_complaint", "sentiment"],
        },
        "rules": [
            {"code": "ANS-101", "columns": ["answered_at"], "reject": "missing"},
            {"code": "ANS-102", "columns": ["answered_at"], "reject": "future"},
            {"code": "ANS-103", "columns": ["updated_at"], "reject": "future"},
            {"code": "ANS-104", "columns": ["survey_kind"], "reject": "unaccepted"},
            {"code": "ANS-105", "columns": ["construct"], "reject": "unaccepted"},
            {"code": "ANS-106", "columns": ["scale_min"], "reject": "unpaired", "with": "scale_max", "where": "scale_min >= scale_max"},
            {"code": "ANS-107", "columns": ["answer_number"], "where": "answer_number < scale_min or answer_number > scale_max"},
        ],
    }) }}
    {%- elif name == 'survey_invitations' -%}
    {{ return({
        "prefix": "INV", "key": ["invitation_id"], "event": "sent_at",
        "masked": [], "state": [],
        "ids": ["invitation_id", "survey_id", "customer_ref"],
        "columns": {
            "invitation_id": ["text"],
            "survey_id": ["text"],
            "customer_ref": ["text"],
            "email": ["personal"],
            "phone": ["personal"],
            "sent_at": ["timestamp", "INV-002"],
            "channel": ["lower"],
            "updated_at": ["timestamp", "INV-003"],
        },
        "accepts": {},
        "rules": [
            {"code": "INV-101", "columns": ["sent_at"], "reject": "missing"},
            {"code": "INV-102", "columns": ["sent_at"], "reject": "future"},
            {"code": "INV-103", "columns": ["updated_at"], "reject": "future"},
        ],
    }) }}
    {%- endif -%}
{%- endmacro %}

{#- The names of the entities. -#}
{% macro entities() -%}
    {{ return([
        'campaign_touches', 'cases', 'coverage', 'customers', 'deletions', 'fx_rates', 'interactions',
        'loyalty_events', 'order_lines', 'orders', 'payments', 'products', 'referrals', 'returns', 'survey_answers',
        'survey_invitations',
    ]) }}
{%- endmacro %}
