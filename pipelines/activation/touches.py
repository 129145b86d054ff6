"""The campaign touches of an export: who is contacted and who is held out, as files that the next run lands.

A file names references of one source, so that they are erased like the source's own rows. A guest has no reference of a
source and gets no touch, in either group. The touch happens at the end of the as-of day: what customers do afterwards
is the outcome.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from pipelines.base.spreadsheet import write_csv

CAMPAIGN = "audience:"
_NAMES = ("touch_id", "customer_ref", "campaign_id", "action", "arm", "touched_at")
_GUEST = "@"


@dataclass(frozen=True)
class Touch:
    """A customer of an export.

    Attributes:
        source: The source of the reference; empty if there is none.
        customer_ref: The reference.
        arm: `treated` or `control`.
    """

    source: str
    customer_ref: str
    arm: str


def write_touches(folder: Path, audience: str, as_of: date, timezone: str, touches: Iterable[Touch]) -> int:
    """Write `<folder>/<source>/audience_<audience>_<day>.csv` for each source; an export of the same day replaces it.

    Args:
        folder: `<home>/audience_touches`.
        audience: The audience.
        as_of: The as-of day of the exported version.
        timezone: The zone of the business day.
        touches: The members and those who are held out.

    Returns:
        The number of touches.
    """
    by_source: dict[str, list[Touch]] = defaultdict(list)
    for touch in touches:
        if touch.source and not touch.customer_ref.startswith(_GUEST):
            by_source[touch.source].append(touch)
    name = f"audience_{audience}_{as_of}.csv"
    for path in folder.glob(f"*/{name}"):
        if path.parent.name not in by_source:
            by_source[path.parent.name] = []
    end = datetime.combine(as_of, time(23, 59, 59), ZoneInfo(timezone)).astimezone(UTC)
    for source, rows in by_source.items():
        (folder / source).mkdir(mode=0o700, parents=True, exist_ok=True)
        cells = [
            (
                sha256(f"{audience}\x1f{as_of}\x1f{one.customer_ref}".encode()).hexdigest()[:32],
                one.customer_ref,
                f"{CAMPAIGN}{audience}",
                "sent" if one.arm == "treated" else None,
                one.arm,
                f"{end:%Y-%m-%d %H:%M:%S}",
            )
            for one in rows
        ]
        write_csv(folder / source / name, _NAMES, [cells])
    return sum(map(len, by_source.values()))
