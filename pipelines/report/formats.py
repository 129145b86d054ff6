"""Shows values as people of a language write them: numbers, shares, amounts and dates (Babel).

The kind of a value follows from the name of its column, as everywhere in the marts: `_share` is a share of 1, `_amount`
is money, `_on` is a day, `n_` counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache

from babel import Locale
from babel.dates import format_date, format_skeleton
from babel.numbers import format_currency, format_decimal, format_percent, get_currency_precision

from pipelines.report.source import Value

LOCALES = {"en": "en_GB", "zh": "zh_Hans_CN"}
UNKNOWN = "–"
_BOUNDS = ("_low", "_high")
_MONTHS = {"month_on", "month_start_on", "cohort_month_on"}


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(LOCALES[language])


def kind_of(column: str) -> str:
    """The kind of a column's values: share, amount, quarter, year, month, day, count or number."""
    name = column
    for bound in _BOUNDS:
        name = name.removesuffix(bound)
    if name.startswith("n_"):
        return "count"
    if name == "share" or name.endswith("_share") or name.startswith("share_"):
        return "share"
    if name == "amount" or name.endswith("_amount"):
        return "amount"
    if name in _MONTHS:
        return "month"
    if name in ("quarter_on", "year_on"):
        return name.removesuffix("_on")
    if name.endswith("_on"):
        return "day"
    return "score" if name == "nps" or name.endswith(("_score", "_points")) else "number"


def _size(value: Decimal | float) -> Decimal | float:
    """The value without its sign."""
    return value if value >= 0 else -value


@dataclass(frozen=True)
class Formats:
    """The formats of one language.

    Attributes:
        language: en or zh.
        currency: The reporting currency, or empty if the version does not state it.
        words: The words for true and false.
    """

    language: str
    currency: str
    words: Mapping[bool, str]

    def show(self, column: str, value: Value) -> str:
        """A value as text."""
        if value is None:
            return UNKNOWN
        if isinstance(value, bool):
            return self.words[value]
        if isinstance(value, date):
            return self._date(column, value)
        if isinstance(value, str):
            return value
        return self._number(column, value)

    def short(self, column: str, value: Value) -> str:
        """A value as text for a chart, where space is scarce: months without days, shares without decimals."""
        if isinstance(value, date) and column.endswith("month_end_on"):
            return format_skeleton("yMMM", value, locale=_locale(self.language))
        if isinstance(value, Decimal | float) and kind_of(column) == "share":
            return format_percent(value, format="#,##0%", locale=_locale(self.language))
        return self.show(column, value)

    def points(self, value: Decimal | float) -> str:
        """A difference with its sign, one decimal."""
        return self._signed(format_decimal(_size(value), format="#,##0.0", locale=_locale(self.language)), value)

    def change(self, column: str, value: Decimal | float) -> str:
        """A difference with its sign, as the column shows its values."""
        return self._signed(self._number(column, _size(value)), value)

    def _signed(self, text: str, value: Decimal | float) -> str:
        return f"{'+' if value > 0 else '−' if value < 0 else '±'}{text}"

    def _number(self, column: str, value: Decimal | float) -> str:
        locale, kind = _locale(self.language), kind_of(column)
        if kind == "share":
            return format_percent(value, format="#,##0.0%", locale=locale)
        if kind == "amount":
            return self._amount(value)
        if kind == "count" or isinstance(value, int) or (kind == "number" and not value % 1):
            return format_decimal(value, format="#,##0", locale=locale)
        if kind == "score":
            return format_decimal(value, format="#,##0.0", locale=locale)
        return format_decimal(value, format="#,##0.00" if _size(value) < 10 else "#,##0.0", locale=locale)

    def _amount(self, value: Decimal | float) -> str:
        locale = _locale(self.language)
        whole = _size(value) >= 1000
        if not self.currency:
            return format_decimal(value, format="#,##0" if whole else "#,##0.00", locale=locale)
        digits = 0 if whole else get_currency_precision(self.currency)
        pattern = locale.currency_formats["standard"].pattern.partition(";")[0]
        pattern = pattern.replace(".00", f".{'0' * digits}" if digits else "")
        return format_currency(value, self.currency, format=pattern, locale=locale, currency_digits=False)

    def _date(self, column: str, value: date) -> str:
        locale, kind = _locale(self.language), kind_of(column)
        if kind == "quarter":
            return format_skeleton("yQQQ", value, locale=locale)
        if kind == "year":
            return format_skeleton("y", value, locale=locale)
        if kind == "month":
            return format_skeleton("yMMM", value, locale=locale)
        return format_date(value, "medium", locale=locale)
