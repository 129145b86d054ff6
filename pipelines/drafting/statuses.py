"""What the words for the status of orders mean: those that no list knows, and columns that contradict each other."""

from collections.abc import Iterator

from pipelines.drafting.matching import Match, Values
from pipelines.drafting.table import Field
from pipelines.landing.order_statuses import UNKNOWN, OrderStatuses, class_of

_SHOWN = 10
_PAIRS = 500


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
