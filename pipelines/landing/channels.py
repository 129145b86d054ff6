"""The meaning of a channel in the source's own words: a channel code and, where the words say more, a touchpoint.

The known spellings are in dbt_project/seeds/channels.csv. A mapping adds its own under `channels`. Spellings are
compared as order statuses are (`status_word`). This module defines what a mapping can declare, and the file with which
the build reads the declarations. The build assigns channels in SQL (int_channel).
"""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import AfterValidator, BeforeValidator

from pipelines.base.durable import write_durably
from pipelines.config.settings import project_root
from pipelines.landing.order_statuses import status_word

FILE = "channels.parquet"

DeclaredChannel = tuple[str, str, str, str | None]
"""A source, a spelling in lower case, its channel, and its touchpoint if it has one."""


@cache
def known_places() -> frozenset[tuple[str, str]]:
    """Every channel with each of its touchpoints; the touchpoint is empty for the channel itself."""
    path = project_root() / "dbt_project" / "seeds" / "channels.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return frozenset((row["channel"], row["touchpoint"].strip("-")) for row in csv.DictReader(lines))


def _place(value: Any) -> Any:
    """A channel, or a channel and its touchpoint with a slash between them. Both must be known."""
    if not isinstance(value, str):
        return value
    text = value.lower().replace(" ", "")
    channel, _, touchpoint = text.partition("/")
    places = known_places()
    channels = sorted({name for name, _ in places})
    if channel not in channels:
        raise ValueError(f"`{value}` is not a channel. The channels are {', '.join(channels)}")
    if (channel, touchpoint) not in places:
        own = sorted(name for its_channel, name in places if its_channel == channel and name)
        raise ValueError(
            f"`{touchpoint}` is not a touchpoint of `{channel}`. "
            + (f"It has {', '.join(own)}" if own else "It has none")
        )
    return text.removesuffix("/")


def _each_word_has_one_place(declared: dict[str, str]) -> dict[str, str]:
    """The spellings in lower case, as landing writes them, if no two of them contradict each other."""
    found: dict[str, tuple[str, str]] = {}
    for spelling, place in declared.items():
        word = status_word(spelling.strip())
        if not word:
            raise ValueError(f"`{spelling}` has no letter or digit")
        before, its_place = found.setdefault(word, (spelling, place))
        if its_place != place:
            raise ValueError(
                f"`{before}` is `{its_place}` and `{spelling}` is `{place}`, but they are the same spelling:"
                " give both the same channel"
            )
    return {spelling.lower().strip(): place for spelling, place in declared.items()}


Place = Annotated[str, BeforeValidator(_place)]
Channels = Annotated[dict[str, Place], AfterValidator(_each_word_has_one_place)]
"""Spellings that a mapping declares for its source, with `channel` or `channel/touchpoint`."""


def split_place(place: str) -> tuple[str, str | None]:
    """The channel of a declared place, and its touchpoint if it names one."""
    channel, _, touchpoint = place.partition("/")
    return channel, touchpoint or None


def write_channels(exchange: Path, declared: Iterable[DeclaredChannel]) -> None:
    """Write `channels.parquet` (source, spelling, channel, touchpoint) into the folder that a build reads."""
    names = ("source", "spelling", "channel", "touchpoint")
    rows = [dict(zip(names, row, strict=True)) for row in sorted(declared, key=lambda row: row[:2])]
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))
    write_durably(exchange / FILE, lambda path: pq.write_table(table, path, compression="zstd"))
