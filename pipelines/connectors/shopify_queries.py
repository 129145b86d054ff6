"""The GraphQL queries of the connector of Shopify, where records have further pages inside them,
and whether a page leads to the next one.

The queries are valid in the vendor's published schemas of the Admin API (npm, @shopify/dev-mcp 1.16.0): 2026-01,
2026-04 (asked for by default), 2026-07, 2026-10, and 2025-10 without `Refund.processedAt`.
"""

from collections.abc import Mapping, Set
from typing import Any

from pipelines.base.errors import PullError
from pipelines.config.pull_shopify import ShopifySettings

MONEY = "{ shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }"
PAGE = "pageInfo { hasNextPage endCursor }"

# Not every version has these fields. A query that is refused because of one of them is sent again without it.
OPTIONAL = frozenset({"Refund.processedAt", "Customer.defaultEmailAddress", "Customer.defaultPhoneNumber"})

ABOUT = "query about { shop { id currencyCode } currentAppInstallation { accessScopes { handle } } }"

_NESTED = {
    "lineItems": f"id sku title name vendor quantity currentQuantity product {{ id }} variant {{ id }}"
    f" originalUnitPriceSet {MONEY} discountedUnitPriceSet {MONEY}"
    f" discountAllocations {{ allocatedAmountSet {MONEY} }} taxLines {{ title rate priceSet {MONEY} }}"
    " customAttributes { key value }",
    "transactions": f"id kind status gateway processedAt createdAt amountSet {MONEY}",
    "refundLineItems": f"id quantity restockType lineItem {{ id }} subtotalSet {MONEY} totalTaxSet {MONEY}",
    "variants": "id sku title barcode price",
}
TYPES: Mapping[str, str] = {"lineItems": "Order", "transactions": "Refund", "refundLineItems": "Refund",
                            "variants": "Product"}  # fmt: skip


def list_query(name: str, settings: ShopifySettings, absent: frozenset[str]) -> str:
    """The query for a page of an object.

    Args:
        name: orders, customers or products.
        settings: The size of nested pages, and further fields.
        absent: Optional fields that the version does not have.
    """
    fields = {"orders": _order, "customers": _customer, "products": _product}[name](settings, absent)
    return (
        f"query {name}($first: Int!, $after: String, $query: String) {{"
        f" {name}(first: $first, after: $after, query: $query, sortKey: ID) {{ nodes {{ {fields} }} {PAGE} }} }}"
    )


def nested_query(connection: str, settings: ShopifySettings) -> str:
    """The query for a further page of a connection inside a record."""
    size = max(settings.nested_size, 50)
    fields = _NESTED[connection]
    return (
        f"query nested($id: ID!, $after: String) {{ node(id: $id) {{ ... on {TYPES[connection]} {{"
        f" {connection}(first: {size}, after: $after) {{ nodes {{ {fields} }} {PAGE} }} }} }} }}"
    )


def ids(page: Mapping[str, Any]) -> Set[str]:
    """The IDs of the nodes of a page."""
    return {str(node["id"]) for node in page["nodes"]}


def is_stuck(page: Mapping[str, Any], after: str | None) -> bool:
    """Whether a page is not the last one, and the next one would not be further."""
    info = page["pageInfo"]
    return bool(info["hasNextPage"]) and (not page["nodes"] or info["endCursor"] in (None, "", after))


def endless(what: str) -> PullError:
    """The error for pages that do not end."""
    return PullError(
        f"the server repeats a page of {what}, or says that more follow and gives none",
        hint="pull again later; if it repeats, report it to the vendor",
        is_temporary=True,
    )


def _nested(connection: str, settings: ShopifySettings) -> str:
    return f"{connection}(first: {settings.nested_size}) {{ nodes {{ {_NESTED[connection]} }} {PAGE} }}"


def _order(settings: ShopifySettings, absent: frozenset[str]) -> str:
    amounts = ("totalPriceSet", "subtotalPriceSet", "totalTaxSet", "totalDiscountsSet", "totalShippingPriceSet",
               "currentTotalPriceSet", "totalRefundedSet")  # fmt: skip
    sets = " ".join(f"{name} {MONEY}" for name in amounts)
    email = "" if "Customer.defaultEmailAddress" in absent else " defaultEmailAddress { emailAddress }"
    processed = "" if "Refund.processedAt" in absent else " processedAt"
    refund = f"id createdAt{processed} updatedAt note totalRefundedSet {MONEY}"
    return (
        "id name email phone createdAt processedAt cancelledAt cancelReason updatedAt displayFinancialStatus"
        f" displayFulfillmentStatus sourceName test taxesIncluded discountCodes tags customAttributes {{ key value }}"
        f" customer {{ id{email} }} {sets} transactions {{ {_NESTED['transactions']} }}"
        f" {_nested('lineItems', settings)}"
        f" refunds {{ {refund} {_nested('transactions', settings)} {_nested('refundLineItems', settings)} }}"
        f" {' '.join(settings.order_fields)}"
    )


def _customer(settings: ShopifySettings, absent: frozenset[str]) -> str:
    email = "email emailMarketingConsent { marketingState }"
    phone = "phone smsMarketingConsent { marketingState }"
    if "Customer.defaultEmailAddress" not in absent:
        email = "defaultEmailAddress { emailAddress marketingState }"
    if "Customer.defaultPhoneNumber" not in absent:
        phone = "defaultPhoneNumber { phoneNumber marketingState }"
    return (
        f"id firstName lastName createdAt updatedAt tags note state {email} {phone}"
        " defaultAddress { countryCodeV2 provinceCode city zip company phone }"
        f" {' '.join(settings.customer_fields)}"
    )


def _product(settings: ShopifySettings, absent: frozenset[str]) -> str:
    return (
        "id title vendor productType status createdAt updatedAt tags"
        f" {_nested('variants', settings)} {' '.join(settings.product_fields)}"
    )
