"""The meaning of an order's or order line's status: whether it is a sale.

The known statuses are in dbt_project/seeds/order_statuses.csv. A mapping adds its own under `order_statuses`. This
module defines how statuses are compared, what a mapping can declare, and the file with which the build reads the
declarations. The build classifies in SQL (int_order_status). `class_of` gives the same result for `loyalty check`,
which runs before any build.
"""

import csv
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Self

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from pipelines.base.durable import write_durably
from pipelines.config.settings import project_root

CLASSES = ("sale", "pending", "cancelled", "test")
UNKNOWN = "unknown"
FILE = "order_statuses.parquet"

# Letters with accents and full-width letters and digits, their replacements, and the characters that are left out.
# The macro status_word has the same.
ACCENTED = "àáâãäåçèéêëìíîïñòóôõöùúûüýÿßςａｂｃｄｅｆｇｈｉｊｋｌｍｎｏｐｑｒｓｔｕｖｗｘｙｚ０１２３４５６７８９"
PLAIN = "aaaaaaceeeeiiiinooooouuuuyysσabcdefghijklmnopqrstuvwxyz0123456789"
LEFT_OUT = (
    " \u00a0\u202f\u3000-\u2010\u2011\u2013\u2014\uff0d_\uff3f.\uff0e,:;\uff1b/\uff0f|\uff5c()"
    "\uff0c\u3001\uff1a\uff08\uff09"
    "\u0300\u0301\u0302\u0303\u0307\u0308\u030a\u0327"
)
_TABLE = str.maketrans(ACCENTED, PLAIN, LEFT_OUT)

Declared = tuple[str, str, str]
"""A source, a status in lower case, and its class."""


def status_word(status: str) -> str:
    """The form in which statuses and channels are compared: lower case, without accents, full-width letters and
    separators. `On-Hold` = `on_hold`.
    """
    return status.lower().translate(_TABLE)


def _texts(value: Any) -> Any:
    """A single status or a list of statuses, as a tuple of lower-case texts; also YAML numbers and booleans."""
    listed = value if isinstance(value, list | tuple) else [value]
    return tuple(str(one).lower().strip() if isinstance(one, str | int | float) else one for one in listed)


Words = Annotated[tuple[str, ...], BeforeValidator(_texts)]


class OrderStatuses(BaseModel):
    """The statuses that a mapping declares for its source. They override the built-in ones.

    Attributes:
        sale: Statuses of orders that count as purchases.
        pending: Statuses of orders that do not count until their status changes.
        cancelled: Statuses of orders that are not sales.
        test: Statuses of test orders.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sale: Words = ()
    pending: Words = ()
    cancelled: Words = ()
    test: Words = ()

    @model_validator(mode="after")
    def _each_word_has_one_class(self) -> Self:
        found: dict[str, tuple[str, str]] = {}
        for status, status_class in self.items():
            word = status_word(status)
            if not word:
                raise ValueError(f"`{status}` under `{status_class}` has no letter or digit")
            before, its_class = found.setdefault(word, (status, status_class))
            if its_class != status_class:
                raise ValueError(
                    f"`{before}` under `{its_class}` and `{status}` under `{status_class}` are the same status:"
                    " keep it under one class only"
                )
        return self

    def items(self) -> tuple[tuple[str, str], ...]:
        """Every declared status with its class."""
        return tuple((status, one) for one in CLASSES for status in getattr(self, one))


@cache
def built_in() -> dict[str, str]:
    """The class of each status that is known without a mapping."""
    path = project_root() / "dbt_project" / "seeds" / "order_statuses.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        return {status_word(row["status"]): row["status_class"] for row in csv.DictReader(lines)}


def class_of(status: str, declared: OrderStatuses) -> str:
    """The class of a source's status, or `unknown`."""
    word = status_word(status)
    own = {status_word(one): status_class for one, status_class in declared.items()}
    return own.get(word) or built_in().get(word, UNKNOWN)


def write_order_statuses(exchange: Path, declared: Iterable[Declared]) -> None:
    """Write `order_statuses.parquet` (source, status, status_class) into the folder that a build reads."""
    names = ("source", "status", "status_class")
    rows = [dict(zip(names, row, strict=True)) for row in sorted(declared)]
    table = pa.Table.from_pylist(rows, schema=pa.schema([(name, pa.string()) for name in names]))
    write_durably(exchange / FILE, lambda path: pq.write_table(table, path, compression="zstd"))
