"""Finds columns that state the time zone of each row but are not read. Then all times are read in one zone."""

from collections.abc import Iterator, Sequence

from pipelines.base import quoting
from pipelines.drafting.drafted import DraftedEntity, Remark, decisive
from pipelines.drafting.matching import Values
from pipelines.drafting.names import compared

_NAMES = frozenset(
    map(
        compared,
        ("time zone", "timezone", "tz", "zone id", "zeitzone", "fuseau horaire", "zona horaria", "fuso orario"),
    )
) | {"tijdzone", "时区", "タイムゾーン"}
_SHOWN = 3


def zones_not_read(values: Values, entities: Sequence[DraftedEntity], unread: Sequence[str]) -> Iterator[Remark]:
    """A remark on each column with the zones of times, if the draft reads times in the zone of the mapping.

    Args:
        values: The file.
        entities: What was drafted.
        unread: The columns that nothing reads, as a mapping names them.
    """
    if not any(one.is_local for entity in entities for block in entity.blocks() for one in block.values()):
        return
    for one in values.rows.fields:
        if one.sql not in unread or compared(one.name) not in _NAMES:
            continue
        rows = values.table.query(
            f"select {one.column}, count(*) from {values.rows.sample} where {one.column} is not null"  # noqa: S608 (names of ours)
            " group by all order by 2 desc, 1"
        )
        zones = [str(zone) for zone, _ in rows]
        if not zones:
            continue
        listed = ", ".join(f"`{zone}`" for zone in zones[:_SHOWN])
        if len(zones) == 1:
            text = (
                f"timezone: `{one.name}` is {listed} in all records. Check that `timezone` of this mapping is this zone"
            )
            yield Remark(text, is_open=True)
            continue
        if all(entity.name == "customers" for entity in entities):
            zones_of = "They are taken as the zones of the people, not of the times"
            yield Remark(f"timezone: `{one.name}` has {len(zones)} zones. {zones_of}", is_open=True)
            continue
        cases = f"case \"{one.name}\" when {quoting.text(zones[0])} then 'ZONE' … end"
        yield decisive(
            f"timezone: `{one.name}` is not read and has {len(zones)} zones, such as {listed}. The draft reads all"
            f" times in one zone. Write an expression with the zone: `timezone({cases}, TIME::timestamp)`, with"
            " names of zones such as `Europe/Paris`. Its format is `iso`"
        )
