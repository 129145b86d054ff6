"""The campaign touches of an export: who is contacted and who is held out, as files that the next run lands.

A file names references of one source, so that they are erased like the source's own rows. A guest has no reference of a
source and gets no touch, in either group. The touch happens at the end of the as-of day: what customers do afterwards
is the outcome.
"""

import csv
import re
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
_ANY = re.compile(r"(?s).*")  # a machine reads the files, so a reference stays as it is


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


def read_touches(folder: Path, audience: str, as_of: date) -> dict[tuple[str, str], str]:
    """The arm of each (source, reference) in earlier exports of an audience for a day."""
    found: dict[tuple[str, str], str] = {}
    for path in sorted(folder.glob(f"*/{_file(audience, as_of)}")):
        with path.open(encoding="utf-8", newline="") as file:
            found |= {(path.parent.name, row["customer_ref"]): row["arm"] for row in csv.DictReader(file)}
    return found


def _file(audience: str, as_of: date) -> str:
    return f"audience_{audience}_{as_of}.csv"


def write_touches(folder: Path, audience: str, as_of: date, timezone: str, touches: Iterable[Touch]) -> int:
    """Write `<folder>/<source>/audience_<audience>_<day>.csv` for each source; an export of the same day adds to it.

    Who has been contacted stays contacted, also if a later export of the day no longer has that customer.

    Args:
        folder: `<home>/audience_touches`.
        audience: The audience.
        as_of: The as-of day of the exported version.
        timezone: The zone of the business day.
        touches: The members and those who are held out.

    Returns:
        The number of touches of this export.
    """
    arms: dict[tuple[str, str], str] = {
        (one.source, one.customer_ref): one.arm
        for one in touches
        if one.source and not one.customer_ref.startswith(_GUEST)
    }
    written = len(arms)
    for pair, arm in read_touches(folder, audience, as_of).items():
        arms[pair] = "treated" if arm == "treated" else arms.get(pair, arm)
    by_source: dict[str, list[Touch]] = defaultdict(list)
    for (source, ref), arm in sorted(arms.items()):
        by_source[source].append(Touch(source, ref, arm))
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
        write_csv(folder / source / _file(audience, as_of), _NAMES, [cells], unchanged=_ANY)
    return written
