"""Finds how a column writes its numbers: decimal comma, separators of thousands, currency signs, `17850.0` as a key."""

from dataclasses import dataclass

from pipelines.base import quoting
from pipelines.drafting.times import Query

_SIGNS = "[\\s\\p{L}\\p{Sc}'’]"
_PLAIN = r"[+-]?\d+(\.\d+)?"
_COMMA = r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?"
_THOUSANDS = r"[+-]?(\d{1,3}(,\d{3})+|\d+)(\.\d+)?"


@dataclass(frozen=True)
class Numbers:
    """How a column writes numbers.

    Attributes:
        share: The share of values that are numbers, once they are read as declared here; 1 if there is no value.
        sql: An expression that makes them plain, with `{}` for the column; empty if they are plain.
        why: What is special about them.
        is_open: Whether commas may be decimal marks or separators of thousands.
        unread: The number of values in the sample that are no numbers.
    """

    share: float
    sql: str = ""
    why: str = ""
    is_open: bool = False
    unread: int = 0


def numbers_of(query: Query, sample: str, column: str) -> Numbers:
    """How the sampled values of a column write numbers.

    Args:
        query: Runs SQL.
        sample: The table with the sample.
        column: The column of the sample.
    """
    bare = f"regexp_replace({column}, {quoting.text(_SIGNS)}, '', 'g')"
    fits = ", ".join(
        f"count(*) filter (regexp_full_match({value}, {quoting.text(pattern)}))"
        for value, pattern in (
            (column, _PLAIN),
            (bare, _PLAIN),
            (bare, _COMMA),
            (bare, _THOUSANDS),
        )
    )
    letters = f"count(*) filter (length(regexp_replace({column}, '[^\\p{{L}}]', '', 'g')) > 3)"
    commas = f"count(*) filter (contains({column}, ','))"
    spaced = f"count(*) filter ({column} <> {bare})"
    ((total, words, comma, signs, *counts),) = query(
        f"select count({column}), {letters}, {commas}, {spaced}, {fits} from {sample}"  # noqa: S608 (names of ours)
    )
    n, texts, with_comma, with_signs = (int(str(one)) for one in (total, words, comma, signs))
    plain, bare_plain, decimal_comma, thousands = (int(str(one)) for one in counts)
    if not n:
        return Numbers(1.0)
    if texts > n / 2:
        return Numbers(0.0, unread=n)
    if plain == n or (not with_comma and plain >= bare_plain):
        return Numbers(plain / n, unread=n - plain)
    value = f"regexp_replace({{}}, {quoting.text(_SIGNS)}, '', 'g')" if with_signs else "{}"
    shown = "with a currency sign, unit or blank" if with_signs else ""
    if not with_comma:
        return Numbers(bare_plain / n, value, shown, unread=n - bare_plain)
    if decimal_comma > thousands:
        sql = f"replace(replace({value}, '.', ''), ',', '.')"
        why = " ".join(filter(None, ("with a decimal comma", shown)))
        return Numbers(decimal_comma / n, sql, why, unread=n - decimal_comma)
    why = " ".join(filter(None, ("with commas between thousands", shown)))
    return Numbers(thousands / n, f"replace({value}, ',', '')", why, decimal_comma == thousands, n - thousands)


def is_float_key(query: Query, sample: str, column: str) -> bool:
    """Whether keys were written as decimal numbers, such as `17850.0`."""
    ((total, odd),) = query(
        f"select count({column}), count(*) filter (regexp_full_match({column}, '\\d+\\.0')) from {sample}"  # noqa: S608 (names of ours)
    )
    return bool(total) and total == odd
