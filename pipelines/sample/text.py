"""Turns columns of numbers into text: references, amounts, dates, times.

Every function takes numpy arrays and returns a pyarrow string array of the same length. This module does not know
entities.
"""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.sample.process import Floats, Ints

DAY_S = 86_400
Bools = NDArray[np.bool_]
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}


def constant(value: str, length: int) -> pa.Array:
    """One text, `length` times."""
    return pa.repeat(pa.scalar(value, pa.large_string()), length)


def nothing(length: int) -> pa.Array:
    """NULL, `length` times."""
    return pa.nulls(length, pa.large_string())


def digits(values: Ints, width: int = 0) -> pa.Array:
    """Whole numbers, padded with zeros on the left to `width`."""
    text = pc.cast(pa.array(values, pa.int64()), pa.large_string())
    return pc.utf8_lpad(text, width, "0") if width else text


def reference(prefix: str, values: Ints, width: int = 7) -> pa.Array:
    """`C0000042` from `C` and 42."""
    return joined(constant(prefix, len(values)), digits(values, width))


def joined(*columns: pa.Array, by: str = "") -> pa.Array:
    """The columns joined; NULL if one of them is NULL."""
    return pc.binary_join_element_wise(*columns, pa.scalar(by, pa.large_string()))


def money(cents: Ints) -> pa.Array:
    """`12.50` from 1250, without floats."""
    sign = np.where(cents < 0, "-", "")
    whole = np.abs(cents)
    return joined(
        pa.array(sign, pa.large_string()), digits(whole // 100), constant(".", len(cents)), digits(whole % 100, 2)
    )


def decimal(values: Floats, places: int) -> pa.Array:
    """A number with a fixed number of decimal places."""
    scale = 10**places
    units = np.rint(values * scale).astype(np.int64)
    sign = np.where(units < 0, "-", "")
    whole = np.abs(units)
    return joined(
        pa.array(sign, pa.large_string()),
        digits(whole // scale),
        constant(".", len(units)),
        digits(whole % scale, places),
    )


def picked(labels: list[str], codes: Ints) -> pa.Array:
    """The label of each code; an empty label becomes NULL."""
    return pa.array([label or None for label in labels], pa.large_string()).take(pa.array(codes))


def where(mask: Bools, text: pa.Array) -> pa.Array:
    """The text if the mask is true, else NULL."""
    return pc.if_else(pa.array(mask), text, pa.scalar(None, text.type))


def either(mask: Bools, this: pa.Array, that: pa.Array) -> pa.Array:
    """`this` if the mask is true, else `that`."""
    return pc.if_else(pa.array(mask), this, that)


def upper(text: pa.Array, mask: Bools) -> pa.Array:
    """The text in capitals if the mask is true."""
    return either(mask, pc.utf8_upper(text), text)


def full_width(text: pa.Array, mask: Bools) -> pa.Array:
    """The text in the full-width characters of East Asian keyboards if the mask is true."""
    if not mask.any():
        return text
    wide = [value and value.translate(_FULL_WIDTH) for value in text.filter(pa.array(mask)).to_pylist()]
    return pc.replace_with_mask(text, pa.array(mask), pa.array(wide, text.type))


def day_text(days: Ints) -> pa.Array:
    """`2025-01-31` from days since 1970."""
    return pc.cast(pc.cast(pa.array(days, pa.int32()), pa.date32()), pa.large_string())


def time_text(seconds: Ints) -> pa.Array:
    """`2025-01-31 18:00:00` from seconds since 1970, without a change of time zone."""
    return pc.cast(pc.cast(pa.array(seconds, pa.int64()), pa.timestamp("s")), pa.large_string())


def formatted(seconds: Ints, pattern: str) -> pa.Array:
    """Seconds since 1970 in a strftime format, without a change of time zone."""
    whole = pc.cast(pa.array(seconds, pa.int64()), pa.timestamp("s"))
    return pc.cast(pc.strftime(whole, format=pattern), pa.large_string())


def zulu(seconds: Ints) -> pa.Array:
    """`2025-01-31T17:00:00Z` from UTC seconds since 1970."""
    return joined(pc.replace_substring(time_text(seconds), " ", "T"), constant("Z", len(seconds)))


class Clock:
    """The wall clock of a time zone for whole columns. It is exact: it knows each change of the offset in the period.

    Args:
        zone: IANA name.
        first: First local day, since 1970.
        last: Last local day.
    """

    def __init__(self, zone: str, first: int, last: int) -> None:
        self.last = last
        info = ZoneInfo(zone)
        hours = np.arange((first - 2) * 24, (last + 2) * 24, dtype=np.int64) * 3600
        noons = hours[12::24]
        offsets = _offsets(info, noons)
        changed = np.flatnonzero(np.diff(offsets))
        since, offset = [int(hours[0])], [int(offsets[0])]
        for spot in changed:
            between = np.arange(noons[spot], noons[spot + 1], 900, dtype=np.int64)
            inside = _offsets(info, between)
            at = int(np.flatnonzero(inside != inside[0])[0]) if np.any(inside != inside[0]) else len(between) - 1
            since.append(int(between[at]))
            offset.append(int(offsets[spot + 1]))
        self._since = np.array(since, np.int64)
        self._offset = np.array(offset, np.int64)
        backwards = np.flatnonzero(np.diff(self._offset) < 0) + 1
        #: UTC second at which a repeated hour begins for the second time; one per year in most of Europe.
        self.repeats: Ints = self._since[backwards]

    def offset(self, utc: Ints) -> Ints:
        """Seconds that the wall clock is ahead of UTC."""
        return self._offset[np.maximum(np.searchsorted(self._since, utc, side="right") - 1, 0)]

    def local(self, utc: Ints) -> Ints:
        """Wall-clock seconds since 1970."""
        return utc + self.offset(utc)

    def day(self, utc: Ints) -> Ints:
        """Local day since 1970."""
        return self.local(utc) // DAY_S

    def utc(self, days: Ints, seconds: Ints) -> Ints:
        """The UTC time of a local day and the seconds since its start, except in skipped or repeated hours."""
        local = days * DAY_S + seconds
        return local - self.offset(local - self.offset(local))

    def offset_text(self, utc: Ints) -> pa.Array:
        """The offset as text, such as `+02:00`, for zones that are whole hours ahead of UTC."""
        hours = self.offset(utc) // 3600
        return joined(constant("+", len(utc)), digits(hours, 2), constant(":00", len(utc)))


def _offsets(zone: ZoneInfo, seconds: Ints) -> Ints:
    moments = (datetime.fromtimestamp(int(second), UTC).astimezone(zone).utcoffset() for second in seconds)
    return np.array([int(moment.total_seconds()) if moment else 0 for moment in moments], np.int64)
