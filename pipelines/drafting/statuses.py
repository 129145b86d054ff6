"""What words say about orders: statuses that no list knows, contradictions, records that are not sales, refunds.

Also what they say about returns: refunds that failed, and disputes that the shop won.
"""

import re
from collections.abc import Iterator, Sequence

from pipelines.base.text import counted
from pipelines.drafting.drafted import Remark, decisive
from pipelines.drafting.matching import Match, Values
from pipelines.drafting.names import compared
from pipelines.drafting.numbers import without_unit
from pipelines.drafting.table import Field
from pipelines.landing.order_statuses import UNKNOWN, OrderStatuses, class_of

_SHOWN = 10
_PAIRS = 500
_FEW = 12  # different values of a column that says what a record is
_KINDS = {  # in compared form, besides the words for statuses
    *("return", "returned", "refund", "refunded", "void", "voided", "quote", "quotation", "estimate", "draft"),
    *("creditnote", "storno", "gutschrift", "retoure", "angebot", "avoir", "retour", "devis", "devolucion"),
    *("reembolso", "presupuesto", "退货", "退款", "作废"),
}
_FLAGS = {
    *("void", "voided", "isvoid", "isvoided", "cancelled", "canceled", "iscancelled", "iscanceled", "deleted"),
    *("isdeleted", "refunded", "isrefunded", "storniert", "storno", "annule", "已取消", "已退款", "作废"),
}
# Names of columns with the amount that was paid back, in compared form
_REFUNDED = re.compile(
    "(order|item|line|total|amount|value|sum|gross|net|is|was){0,3}(refund|refunds|refunded)"
    "(order|item|line|total|amount|value|sum|gross|net){0,3}"
    "|(betrag)?(ruck)?(ue)?erstattet(erbetrag)?|(ruck|rueck)?erstattung(en|sbetrag)?"
    "|montantrembourse|rembourse|remboursements?|(importe|monto)?reembols(o|os|ado)"
    "|(已|总|订单|商品)*退款(总|金)*额?"
)
# Statuses that say that money was not paid back, or not yet, in compared form. Those of cancelled orders say it too.
_NOT_PAID_BACK = re.compile(
    "failed|pending|open|requested|rejected|refused|denied|declined|won|inprogress|underreview|needsresponse"
    "|warning.*|requiresaction|processing|abgelehnt|offen|fehlgeschlagen|refuse|enattente|rechazad[oa]|pendiente"
    "|rifiutato|inattesa|geweigerd|退款关闭|退款中|已拒绝|买家撤销|処理中|却下"
)
# Of these words, those that also describe goods, such as an open package; they count if the column is a status
_OF_GOODS = re.compile("open|offen|pending|processing")
_STATUS = re.compile("stat(us|e|o|ut)$|^etat|^estado|^state|result|outcome|stage|状态|狀態|状況|ステータス")
_TRUE = ("true", "t", "yes", "y", "1", "x", "ja", "oui", "si", "是")


def unknown_statuses(values: Values, found: Match) -> Iterator[tuple[str, int]]:
    """Words for statuses that no list knows, with the number of sampled rows, the most frequent first."""
    if found.entity not in ("orders", "order_lines") or "status" not in found.columns:
        return
    column = found.columns["status"].column
    counted = values.table.query(
        f"select lower({column}), count(*) from {values.rows.sample} where {column} is not null"  # noqa: S608 (names of ours)
        " group by all order by 2 desc, 1 limit 200"
    )
    unknown = [(str(word), int(str(n))) for word, n in counted if class_of(str(word), OrderStatuses()) == UNKNOWN]
    yield from unknown[:_SHOWN]


def classes_differ(values: Values, one: Field, other: Field) -> bool:
    """Whether two columns say different things about an order, such as paid and cancelled."""
    pairs = values.table.query(
        f"select distinct {one.column}, {other.column} from {values.rows.sample} limit {_PAIRS}"  # noqa: S608 (names of ours)
    )
    known = OrderStatuses()
    return any(class_of(str(first or ""), known) != class_of(str(second or ""), known) for first, second in pairs)


def no_sales(values: Values, found: Match, unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column that nothing reads, if its words say that some of the orders are not sales.

    Args:
        values: The file.
        found: The columns of orders or lines.
        unread: The columns that nothing reads, as a mapping names them.
    """
    if found.entity not in ("orders", "order_lines"):
        return
    asked = found.others.get("status", ())  # compared with the column that is read as the status
    for one in values.rows.fields:
        if one.sql in unread and one not in asked and (words := _no_sales(values, one)):
            listed = ", ".join(f"`{word}`" for word in words)
            yield decisive(
                f"`{one.name}` is not read, and some records have {listed}: all of them count as sales. If they are not"
                " sales, map the column as `status`, or leave these records out with `skips`"
            )


def not_paid_back(values: Values, found: Match, unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column of statuses that nothing reads, if it says that money was not paid back.

    Args:
        values: The file.
        found: The columns of returns. Returns have no canonical status.
        unread: The columns that nothing reads, as a mapping names them.
    """
    if found.entity != "returns":
        return
    known = OrderStatuses()
    for one in values.rows.fields:
        if one.sql in unread:
            words = [
                text
                for text in _few_texts(values, one)
                if (_NOT_PAID_BACK.fullmatch(compared(text)) or class_of(text, known) == "cancelled")
                and (_STATUS.search(compared(one.name)) or not _OF_GOODS.fullmatch(compared(text)))
            ]
            if words:
                listed = ", ".join(f"`{word}`" for word in words)
                yield decisive(
                    f"`{one.name}` is not read, and some records have {listed}: the draft subtracts them from"
                    " their orders. If nothing was paid back for these records, leave them out with `skips`"
                )


def refunds_not_read(values: Values, found: Match, unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column of refunded amounts that nothing reads, if it has an amount other than 0 and 1.

    Args:
        values: The file.
        found: The columns of orders or lines.
        unread: The columns that nothing reads, as a mapping names them.
    """
    if found.entity not in ("orders", "order_lines"):
        return
    for one in values.rows.fields:
        if one.sql in unread and _REFUNDED.fullmatch(compared(without_unit(one.name)[0])):
            bracketed = f"regexp_full_match({one.column}, '\\([^:/]*[1-9][^:/]*\\)')"  # a negative number: (5.00)
            n = values.counted(f"coalesce({values.amount(one)} <> 0, {bracketed})")
            is_flag = not values.counted(f"coalesce({values.amount(one)} not in (0, 1), {bracketed})")
            if n and not is_flag and not _no_sales(values, one):
                yield decisive(
                    f"`{one.name}` is not read, but {counted(n, 'record has', 'records have')} an amount in it, so"
                    " these refunds are not subtracted. Add the entity `returns` with this column as `amount`. If"
                    " another file has the refunds, only remove this comment"
                )


def _no_sales(values: Values, one: Field) -> list[str]:
    """The values of a column that say that a record is not a sale. None if the column has too many different values."""
    texts = _few_texts(values, one)
    if compared(one.name) in _FLAGS:
        return [text for text in texts if text.lower() in _TRUE]
    known = OrderStatuses()
    return [text for text in texts if compared(text) in _KINDS or class_of(text, known) in ("cancelled", "test")]


def _few_texts(values: Values, one: Field) -> list[str]:
    """The values of a column; none if it has too many different ones."""
    found = values.table.query(
        f"select distinct {one.column} from {values.rows.sample} where {one.column} is not null"  # noqa: S608 (names of ours)
        f" order by 1 limit {_FEW + 1}"
    )
    return [str(text) for (text,) in found] if len(found) <= _FEW else []
