"""Every status of a Stripe payment has a class; one that Stripe does not document does not count as paid."""

from pathlib import Path

import pytest

from pipelines.landing import read_mapping
from pipelines.landing.order_statuses import UNKNOWN, class_of
from tests.pipeline.landing_desk import Desk

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


def test_what_came_of_a_dispute_is_in_a_column_of_its_own(tmp_path: Path) -> None:
    """Stripe leaves the status `Paid` on payments that the bank has taken back."""
    desk = Desk(tmp_path)
    desk.mapping.write_text("extends: stripe\n", encoding="utf-8")
    header = (
        "id,Created date (UTC),Amount,Amount Refunded,Currency,Captured,Mode,Status,Customer ID,Customer Email,"
        "Refunded date (UTC),Disputed Amount,Dispute Status,Dispute Date (UTC)"
    )
    paid = "2024-03-01 08:15:02,{amount},{refunded},eur,{captured},{mode},{status},,ada@example.com,{more}"
    usual = {"amount": "50.00", "refunded": "0.00", "captured": "true", "mode": "Live", "status": "Paid"}
    payments: dict[str, dict[str, str]] = {
        "none": {"more": ",0.00,,"},
        "lost": {"more": ",50.00,lost,2024-03-20 10:00:00"},
        "won": {"more": ",50.00,won,2024-03-20 10:00:00"},
        "open": {"more": ",50.00,under_review,2024-03-20 10:00:00"},
        "inquiry": {"more": ",50.00,warning_needs_response,2024-03-20 10:00:00"},
        # 20.00 were refunded, and the bank took back the other 30.00
        "part": {
            "status": "Refunded",
            "refunded": "20.00",
            "more": "2024-03-09 11:00:00,30.00,lost,2024-03-20 10:00:00",
        },
        "held": {"captured": "false", "more": ",0.00,,"},
        "failed": {"captured": "false", "status": "Failed", "more": ",0.00,,"},
        "test": {"mode": "Test", "more": ",0.00,,"},
    }
    rows = [f"{name},{paid.format(**{**usual, **values})}" for name, values in payments.items()]
    desk.put("unified_payments.csv", "\n".join([header, *rows]) + "\n")
    desk.land()
    declared = read_mapping("stripe").order_statuses
    classes = {
        order: (class_of(status, declared), is_test)
        for order, status, is_test in desk.rows("orders", "order_id, status, is_test")
    }
    assert classes == {
        "none": ("sale", "false"),
        "lost": ("cancelled", "false"),
        "won": ("sale", "false"),
        "open": ("pending", "false"),
        "inquiry": ("sale", "false"),
        "part": ("sale", "false"),
        "held": ("pending", "false"),
        "failed": ("cancelled", "false"),
        "test": ("sale", "true"),
    }
    assert desk.rows("returns", "return_id, order_id, returned_at, amount, amount_basis, currency, kind", "1") == [
        ("part-disputed", "part", "2024-03-20 10:00:00", "30.00", "gross", "EUR", "refund"),
        ("part-refunded", "part", "2024-03-09 11:00:00", "20.00", "gross", "EUR", "refund"),
    ]
