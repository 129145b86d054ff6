"""Finds whether points were earned or redeemed by the name of their column, if no column says the kind of an event."""

from dataclasses import replace

from pipelines.base import quoting
from pipelines.drafting.drafted import DraftedColumn, DraftedEntity, Remark, decisive
from pipelines.drafting.names import compared

_KINDS = {
    "redeem": (
        *("redeem", "spent", "used", "eingelost", "utilis", "depens", "canje", "utilizad", "utilizzat", "riscatt"),
        *("ingewisseld", "利用", "使用", "消费", "兑换"),
    ),
    "earn": (
        *("earned", "gained", "gesammelt", "gutgeschrieben", "verdien", "gagne", "ganad", "obtenid", "guadagnat"),
        *("accumulat", "gespaard", "獲得", "付与", "获得"),
    ),
}


def with_point_kind(entity: DraftedEntity) -> DraftedEntity:
    """Events of points with their kind; a remark if neither a column nor a name says it."""
    if entity.name != "loyalty_events" or "kind" in entity.columns:
        return entity
    points = entity.columns.get("points")
    if points is None:
        text = "kind, points: no column says what happened, and none has the points, so these events change no balance"
        both = "If points in and points out are two columns, write `unpivot` with a block for each of them"
        return replace(entity, remarks=(*entity.remarks, decisive(f"{text}. {both} (docs/mapping.md)")))
    name = points.sql.strip('"')
    found = [kind for kind, words in _KINDS.items() if any(compared(word) in compared(name) for word in words)]
    if len(found) != 1:
        text = "kind: no column says whether points were earned or redeemed, and points without a kind do not count"
        remark = decisive(f"{text}. Write it, such as `kind: {quoting.text('earn')}`, or an expression")
        return replace(entity, remarks=(*entity.remarks, remark))
    remark = Remark(f"kind: the column `{name}` says that the points were {_past(found[0])}", is_assumed=True)
    return replace(entity, columns={**entity.columns, "kind": DraftedColumn(quoting.text(found[0]), remarks=(remark,))})


def _past(kind: str) -> str:
    return "redeemed" if kind == "redeem" else "earned"
