"""Every status of a Stripe payment has a class; one that Stripe does not document does not count as paid."""

import pytest

from pipelines.landing import read_mapping
from pipelines.landing.order_statuses import UNKNOWN, class_of

# docs.stripe.com/payments/payment-intents/verifying-status, docs.stripe.com/api: payment_intents, charges, disputes
STATUSES = {
    "sale": (
        "Paid,Succeeded,succeeded,Refunded,Refund pending,Partial refund,Partially refunded,Early fraud warning,"
        "Dispute won,won,warning_needs_response,warning_under_review,warning_closed,Inquiry"
    ),
    "pending": (
        "Pending,Uncaptured,Incomplete,processing,requires_payment_method,requires_confirmation,requires_action,"
        "requires_capture,Disputed,needs_response,under_review"
    ),
    "cancelled": "Failed,Blocked,Canceled,Cancelled,Expired,Dispute lost,lost",
}


@pytest.mark.parametrize(("status_class", "statuses"), STATUSES.items())
def test_every_status_of_stripe_has_a_class(status_class: str, statuses: str) -> None:
    declared = read_mapping("stripe").order_statuses
    found = {status: class_of(status, declared) for status in statuses.split(",")}
    assert found == dict.fromkeys(found, status_class)


def test_another_status_is_unknown() -> None:
    assert class_of("Something new", read_mapping("stripe").order_statuses) == UNKNOWN
