"""Finds columns of shipping costs that are not read. If the total includes them, so does the value of the order."""

import re
from collections.abc import Iterator, Sequence

from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values

_NAME = re.compile(
    r"shipping|freight|postage|delivery (fee|cost|charge|price)|versand|porto|liefer(kosten|gebuhr)|frais de port"
    r"|livraison|\benvio\b|spedizione|verzend(ing|kosten)|bezorgkosten|frete|运费|邮费|快递费|配送费|送料|配送料"
)
_NOT_COSTS = re.compile(
    r"discount|promotion|rabatt|remise|descuento|\btax|steuer|\btva\b|\biva\b|税|date|datum|method|address|adresse|\bid\b"
    r"|number|nummer|code|zip|优惠|折扣|减免"
)


def shipping_not_read(values: Values, found: Match, unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column with the shipping of an order that nothing reads: the value may include it.

    Args:
        values: The file.
        found: The columns of orders.
        unread: The columns that nothing reads, as a mapping names them.
    """
    total = found.columns.get("total")
    if found.entity != "orders" or {"shipping", "gross"} & set(found.columns) or total is None:
        return
    whole = values.amount(total)
    for one in values.rows.fields:
        name = re.sub(r"[\W_]+", " ", re.sub(r"([a-z])([A-Z])", r"\1 \2", one.name)).lower()
        if one.sql not in unread or not _NAME.search(name) or _NOT_COSTS.search(name):
            continue
        cost = values.amount(one)
        n = values.counted(f"{cost} > 0 and {whole} > 0")
        if n and values.counted(f"{cost} > 0 and {whole} > 0 and {cost} <= {whole}") > n / 2:
            text = f"shipping: `{one.name}` is not read. If `{total.name}` includes it, map it as `shipping`, so"
            yield decisive(
                f"{text} that it does not count as value of goods. If `{total.name}` does not include it, only remove"
                " this comment"
            )
