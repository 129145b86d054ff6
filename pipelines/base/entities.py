"""The canonical entities: the columns, types and keys onto which every source maps.

This module holds names, types and keys and nothing else: no reading (readers.py), no mapping (mapping.py). Staging
casts each column by the type that stands here; landing keeps every column as text and only normalises it (see
`ColumnType`).
"""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """What a canonical column holds. Landing writes text in the normal form given here; staging casts it strictly.

    Attributes:
        TEXT: Trimmed text; empty is NULL.
        PERSONAL: As TEXT, and never seen outside the restricted staging schema.
        LOWER: As TEXT, in lower case (codes, kinds, e-mail addresses).
        TIMESTAMP: `YYYY-MM-DD HH:MM:SS[.ffffff]` in UTC.
        DATE: `YYYY-MM-DD`, in the source's own zone.
        AMOUNT: DECIMAL(18,2), a point as decimal mark; further decimals are rounded, half away from zero, and counted.
        PRICE: DECIMAL(18,4).
        RATE: DECIMAL(18,8).
        INTEGER: BIGINT, digits only with an optional sign.
        BOOLEAN: `true` or `false`.
    """

    TEXT = "text"
    PERSONAL = "personal"
    LOWER = "lower"
    TIMESTAMP = "timestamp"
    DATE = "date"
    AMOUNT = "amount"
    PRICE = "price"
    RATE = "rate"
    INTEGER = "integer"
    BOOLEAN = "boolean"


@dataclass(frozen=True)
class Entity:
    """One canonical entity.

    Attributes:
        name: Its name, as in `landing/<name>/` and `stg_<name>`.
        key: Its key columns, beside `source`.
        columns: Every canonical column but `source`, key columns first, `updated_at` last.
        event: The column that says when it happened, or None for standing data.
        masked: Times of later events, read as NULL where they lie after the as-of day.
        needs: What staging requires of a row beside its key: of each group, one column that is not NULL.
        pairs: Columns of which staging accepts both or none.
        is_reference: Whether it describes people or the world, so that its event says nothing of when customers were
            last active.
    """

    name: str
    key: tuple[str, ...]
    columns: dict[str, ColumnType]
    event: str | None = None
    masked: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    is_reference: bool = False

    @property
    def is_activity(self) -> bool:
        """Whether its rows are events of customers: they decide which day `latest` is."""
        return self.event is not None and not self.is_reference


_T = ColumnType


def _columns(spec: str) -> dict[str, ColumnType]:
    """`"order_id gross:amount"` to typed columns, `updated_at` appended; a name without a type is TEXT."""
    pairs = (word.partition(":") for word in (spec + " updated_at:timestamp").split())
    return {name: _T(kind or "text") for name, _, kind in pairs}


ENTITIES: dict[str, Entity] = {
    entity.name: entity
    for entity in (
        Entity(
            "orders",
            ("order_id",),
            _columns(
                "order_id customer_ref email:personal phone:personal ordered_at:timestamp paid_at:timestamp"
                " cancelled_at:timestamp promised_at:timestamp delivered_at:timestamp status:lower channel:lower"
                " store_id currency gross:amount discount:amount tax:amount shipping:amount total:amount coupon_code"
                " is_test:boolean"
            ),
            event="ordered_at",
            needs=(("ordered_at",),),
            masked=("paid_at", "cancelled_at", "delivered_at"),
        ),
        Entity(
            "order_lines",
            ("order_id", "line_id"),
            _columns(
                "order_id line_id product_id product_name category brand quantity:price unit_price:price"
                " list_price:price discount:amount unit_cost:price customer_ref email:personal phone:personal"
                " ordered_at:timestamp status:lower channel:lower store_id currency total:amount tax:amount"
            ),
            event="ordered_at",
        ),
        Entity(
            "payments",
            ("payment_id",),
            _columns("payment_id order_id paid_at:timestamp method:lower amount:amount currency"),
            event="paid_at",
            needs=(("order_id",),),
        ),
        Entity(
            "products",
            ("product_id",),
            _columns("product_id product_name category brand unit_cost:price"),
        ),
        Entity(
            "returns",
            ("return_id",),
            _columns(
                "return_id order_id line_id customer_ref returned_at:timestamp quantity:price amount:amount currency"
                " kind:lower reason:personal fault:lower amount_basis:lower tax:amount shipping:amount"
            ),
            event="returned_at",
            needs=(("returned_at", "order_id"),),
        ),
        Entity(
            "customers",
            ("customer_ref",),
            _columns(
                "customer_ref person_ref account_ref name:personal email:personal phone:personal signed_up_at:timestamp"
                " birth_date:date gender:lower country region city segment industry owner:personal"
                " acquisition_channel:lower acquisition_cost:amount is_employee:boolean consent_email:boolean"
                " consent_sms:boolean consent_phone:boolean external_ids:personal"
            ),
            event="signed_up_at",
            is_reference=True,
        ),
        Entity(
            "interactions",
            ("interaction_id",),
            _columns(
                "interaction_id customer_ref occurred_at:timestamp kind:lower direction:lower channel:lower"
                " subject:personal body:personal sentiment:price duration_s:integer cost:amount agent:personal"
            ),
            event="occurred_at",
            needs=(("occurred_at",),),
        ),
        Entity(
            "cases",
            ("case_id",),
            _columns(
                "case_id customer_ref order_id product_id channel:lower opened_at:timestamp first_response_at:timestamp"
                " closed_at:timestamp kind:lower priority:lower status:lower category body:personal resolution:personal"
                " satisfaction:price cost:amount"
            ),
            event="opened_at",
            needs=(("opened_at",),),
            masked=("first_response_at", "closed_at"),
        ),
        Entity(
            "campaign_touches",
            ("touch_id",),
            _columns(
                "touch_id customer_ref campaign_id campaign_kind:lower action:lower arm:lower order_id coupon_code"
                " touched_at:timestamp cost:amount currency"
            ),
            event="touched_at",
            needs=(("touched_at",),),
        ),
        Entity(
            "loyalty_events",
            ("event_id",),
            _columns(
                "event_id customer_ref occurred_at:timestamp kind:lower points:price money_value:amount"
                " expires_at:timestamp order_id tier"
            ),
            event="occurred_at",
            needs=(("occurred_at",),),
        ),
        Entity(
            "referrals",
            ("referral_id",),
            _columns("referral_id referrer_ref referred_ref referred_at:timestamp"),
            event="referred_at",
            needs=(("referred_at",), ("referrer_ref",), ("referred_ref",)),
        ),
        Entity(
            "survey_invitations",
            ("invitation_id",),
            _columns("invitation_id survey_id customer_ref email:personal sent_at:timestamp channel:lower"),
            event="sent_at",
            needs=(("sent_at",),),
        ),
        Entity(
            "survey_answers",
            ("response_id", "question_id"),
            _columns(
                "response_id question_id survey_id survey_kind:lower customer_ref email:personal order_id"
                " answered_at:timestamp construct:lower answer_number:price answer_text:personal scale_min:price"
                " scale_max:price is_reversed:boolean"
            ),
            event="answered_at",
            needs=(("answered_at",),),
            pairs=(("scale_min", "scale_max"),),
        ),
        Entity(
            "fx_rates",
            ("day", "currency"),
            _columns("day:date currency rate:rate"),
            event="day",
            needs=(("rate",),),
            is_reference=True,
        ),
        Entity(
            "coverage",
            ("entity",),
            _columns("entity:lower covered_from:date covered_to:date is_complete:boolean"),
        ),
    )
}
