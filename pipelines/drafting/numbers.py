"""Finds how a column writes its numbers: decimal comma, separators of thousands, currency signs."""

import re
from dataclasses import dataclass, replace

from pipelines.base import quoting
from pipelines.config.values import DecimalMark
from pipelines.drafting.times import Query

_SIGNS = "[\\s\\p{Zs}\\p{L}\\p{Sc}'’]"
_BLANKS = "[\\s\\p{Zs}'’]"
_NO_UNIT = "[^\\p{L}\\p{Sc}]"
# Blanks that do not change a number: between thousands, or not between two digits. `1 5` may be two numbers.
_NEUTRAL_BLANKS = rf"{_BLANKS}\B|\B{_BLANKS}|{_BLANKS}(\d{{3}})\b"
_PLAIN = r"[+-]?\d+(\.\d+)?"
_COMMA = r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)(,\d+)?"
_THOUSANDS = r"[+-]?([1-9]\d{0,2}(,\d{3})+|\d+)(\.\d+)?"
_GROUPS = r"[+-]?([1-9]\d{0,2}(\.\d{3})+|\d+)"  # points between thousands, or decimals of three digits


# What may stand beside a number and does not change it, with the unit that it means. Anything else, such as k, does.
_CODE = re.compile(
    "AED|AUD|BRL|CAD|CHF|CLP|CNY|COP|CZK|DKK|EGP|EUR|GBP|HKD|HUF|IDR|ILS|INR|JPY|KRW|KZT|MAD|MXN|MYR|NGN|NOK|NZD|PEN"
    "|PHP|PKR|PLN|RON|RUB|SAR|SEK|SGD|THB|TRY|TWD|UAH|USD|VND|ZAR"
)
_UNITS = {
    **{"€": "EUR", "EURO": "EUR", "EUROS": "EUR", "£": "GBP", "US$": "USD", "HK$": "HKD", "NT$": "TWD", "R$": "BRL"},
    **{"A$": "AUD", "AU$": "AUD", "C$": "CAD", "CA$": "CAD", "S$": "SGD", "$": "$", "KR": "KR", "FR": "CHF"},
    **{"RMB": "CNY", "元": "CNY", "人民币": "CNY", "CN¥": "CNY", "JP¥": "JPY", "円": "JPY", "¥": "¥", "￥": "¥"},
    **{"₽": "RUB", "РУБ": "RUB", "₹": "INR", "RS": "RS", "₩": "KRW", "₺": "TRY", "TL": "TRY", "₫": "VND", "₴": "UAH"},
    **{"ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "₪": "ILS", "฿": "THB", "₦": "NGN", "₱": "PHP", "RM": "MYR", "RP": "IDR"},
    **{"PCS": "PCS", "PC": "PCS", "件": "件", "个": "个", "PTS": "PTS", "POINTS": "PTS", "积分": "积分"},
}
_CURRENCIES = {
    "$": ("USD", "AUD", "CAD", "CLP", "COP", "HKD", "MXN", "NZD", "SGD", "TWD"),
    "¥": ("CNY", "JPY"),
    "KR": ("DKK", "NOK", "SEK"),
    "RS": ("INR", "PKR"),
}
_IN_NAME = re.compile(rf"(?i)(.+?)(?:[\s_([,/-]+(?:in\s+)?|(?=[^\w\s]))({_CODE.pattern}|[A-Z]{{0,2}}\$|[€£¥￥])[)\]]*")
_IN_CENTS = re.compile(r"(?i)(.+?)[\s_(,/-]+(?:in[\s_]+)?(?:cents?|ct|pence|minor(?:[\s_]units?)?)[)\]]*")
_LISTED = 5
_DECIMAL_COMMA, _DECIMAL_POINT = "with a decimal comma", "with a decimal point"
_POINTS = "with points between thousands"


@dataclass(frozen=True)
class Numbers:
    """How a column writes numbers.

    Attributes:
        share: The share of values that are numbers, once they are read as declared here; 1 if there is no value.
        sql: An expression that makes them plain, with `{}` for the column; empty if they are plain.
        why: What is special about them.
        other: Another way of writing that every value fits, if marks may be decimal marks or separators of thousands.
        unread: The number of values in the sample that are no numbers.
        unit: The unit of all values: the code of a currency, or a sign that several currencies have; empty if unknown.
        doubt: Why letters beside the numbers are left in place, so that staging rejects the values; empty if none are.
    """

    share: float
    sql: str = ""
    why: str = ""
    other: str = ""
    unread: int = 0
    unit: str = ""
    doubt: str = ""

    @property
    def currencies(self) -> tuple[str, ...]:
        """The currencies that the unit may mean."""
        return (self.unit,) if _CODE.fullmatch(self.unit) else _CURRENCIES.get(self.unit, ())


def without_unit(name: str) -> tuple[str, str]:
    """The name of a column without a currency at its end, and the unit that it means: `Total (EUR)`, `total_usd`."""
    found = _IN_NAME.fullmatch(name.strip())
    if not found:
        return name, ""
    unit = found[2].upper()
    return found[1], unit if _CODE.fullmatch(unit) else _UNITS.get(unit, "")


def without_cents(name: str) -> str | None:
    """The name of a column without a word for hundredths at its end: `amount_cents`; None if it has none."""
    found = _IN_CENTS.fullmatch(name.strip())
    return found[1] if found else None


def in_cents(numbers: Numbers) -> Numbers:
    """Whole numbers of hundredths as amounts. A text that is not a whole number stays, so that staging rejects it."""
    text = numbers.sql or "{}"
    sql = f"coalesce(cast(try_cast({text} as bigint) * 0.01 as varchar), {text})"
    return replace(numbers, sql=sql, why=" and ".join(filter(None, (numbers.why, "in cents (divided by 100)"))))


def numbers_of(query: Query, sample: str, column: str, mark: DecimalMark | None = None) -> Numbers:
    """How the sampled values of a column write numbers.

    Args:
        query: Runs SQL.
        sample: The table with the sample.
        column: The column of the sample.
        mark: The decimal mark, as the user says it. It decides only what the values leave open.
    """
    units, meaning, doubt = _units(query, sample, column)
    return replace(_written(query, sample, column, mark, units), unit=meaning, doubt=doubt)


def _written(query: Query, sample: str, column: str, mark: DecimalMark | None, units: list[str]) -> Numbers:
    bare = f"regexp_replace({column}, {quoting.text(_SIGNS)}, '', 'g')"  # whether it is a column of numbers
    read = _without_signs(column, units)
    fits = [
        f"regexp_full_match({value}, {quoting.text(pattern)})"
        for value in (column, bare, read)
        for pattern in (_PLAIN, _COMMA, _THOUSANDS, _GROUPS)
    ]
    asked = [
        f"length(regexp_replace({column}, '[^\\p{{L}}]', '', 'g')) > 3",
        f"contains({column}, ',')",
        f"{column} <> {read}",
        f"contains({bare}, '.')",
        f"contains({bare}, '.') and regexp_full_match({bare}, {quoting.text(_PLAIN)}) and {fits[7]}",
        *fits,
    ]
    counts = ", ".join(f"count(*) filter ({condition})" for condition in asked)
    ((total, *found),) = query(f"select count({column}), {counts} from {sample}")  # noqa: S608 (names of ours)
    n, (texts, with_comma, with_signs, with_point, either, *counted) = int(str(total)), [int(str(one)) for one in found]
    plain, bare_plain, bare_comma, bare_thousands, bare_groups = counted[0], *counted[4:8]
    read_plain, read_comma, read_thousands, read_groups = counted[8:]
    if not n:
        return Numbers(1.0)
    if texts > n / 2:
        return Numbers(0.0, unread=n)
    value = _without_signs("{}", units) if with_signs else "{}"
    shown = f"with {' or '.join(f'`{unit}`' for unit in units) or 'blanks'} (removed)" if with_signs else ""
    if not with_comma:
        is_open = 0 < with_point == either
        if bare_groups > bare_plain or (is_open and mark == "comma"):
            why = " and ".join(filter(None, (_POINTS, shown)))
            return Numbers(bare_groups / n, _without(value, "."), why, "", n - read_groups)
        why, other = (_DECIMAL_POINT, _POINTS) if is_open and mark is None else ("", "")
        if plain >= bare_plain:
            return Numbers(plain / n, why=why, other=other, unread=n - plain)
        why = " and ".join(filter(None, (why, shown)))
        return Numbers(bare_plain / n, value, why, other, n - read_plain)
    if bare_comma > bare_thousands or (bare_comma == bare_thousands and mark == "comma"):
        sql = f"replace({_without(value, '.')}, ',', '.')"
        why = " and ".join(filter(None, (_DECIMAL_COMMA, shown)))
        return Numbers(bare_comma / n, sql, why, "", n - read_comma)
    why = " and ".join(filter(None, ("with commas between thousands", shown)))
    other = _DECIMAL_COMMA if bare_comma == bare_thousands and mark is None else ""
    return Numbers(bare_thousands / n, _without(value, ","), why, other, n - read_thousands)


def _without_signs(value: str, units: list[str]) -> str:
    """SQL of a number without its unit and blanks. `12€50` stays, because the unit stands for the decimal mark."""
    if units:
        value = f"regexp_replace({value}, {quoting.text('|'.join(map(_beside_a_number, units)))}, '', 'g')"
    return f"regexp_replace({value}, {quoting.text(_NEUTRAL_BLANKS)}, '\\1', 'g')"


def _beside_a_number(unit: str) -> str:
    """A regular expression for a unit before or after a number, not between digits."""
    before, after = (r"\b" if one.isascii() and one.isalnum() else r"\B" for one in (unit[0], unit[-1]))
    text = _any_case(unit)
    return rf"{before}{text}\.?|{text}{after}\.?"


def _without(value: str, mark: str) -> str:
    """SQL of a number without a mark between thousands. A number in another form stays, so that staging rejects it."""
    return rf"regexp_replace({value}, '[{mark}](\d{{3}})\b', '\1', 'g')"


def _units(query: Query, sample: str, column: str) -> tuple[list[str], str, str]:
    """The ways in which the one unit of a column is written, what it means, and why other letters are left in place."""
    unit = f"upper(regexp_replace({column}, {quoting.text(_NO_UNIT)}, '', 'g'))"
    found = query(
        f"select {unit} as unit, count(*) from {sample}"  # noqa: S608 (names of ours)
        f" where regexp_matches({column}, '\\d') and {unit} <> '' group by all order by 2 desc, 1 limit 50"
    )
    counts = {str(unit): int(str(n)) for unit, n in found}
    meanings = {unit: unit if _CODE.fullmatch(unit) else _UNITS.get(unit) for unit in counts}
    known = {unit: meaning for unit, meaning in meanings.items() if meaning}
    if len(known) == len(counts) and len(set(known.values())) <= 1:
        return sorted(known, key=len, reverse=True), next(iter(known.values()), ""), ""
    listed = ", ".join(f"`{unit}` ({n:,})" for unit, n in list(counts.items())[:_LISTED])
    more = f" and {len(counts) - _LISTED} more" if len(counts) > _LISTED else ""
    meaning = "may be different units" if len(known) == len(counts) else "may change the numbers"
    return (
        [],
        "",
        (
            f"letters or signs beside the numbers {meaning}: {listed}{more}. The draft does not remove them, so their"
            " rows will be quarantined. Write an expression that reads them, or map a column that has the currency"
        ),
    )


def _any_case(unit: str) -> str:
    """A regular expression for a unit in capital or small letters, whatever the case of the text."""
    return "".join(f"[{one}{one.lower()}]" if one != one.lower() else f"[{one}]" for one in unit)
