"""The files of the value step: it reads cells and writes scores.

Here: names, schemas, validation of what was read, and writing.
Not here: the meaning of the numbers.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipelines.base.durable import write_durably
from pipelines.base.errors import BuildError
from pipelines.base.text import counted

AMOUNT = pa.decimal128(18, 2)
# The constructs of the macro driver_constructs, in its order.
DRIVER_CONSTRUCTS = (
    "csat",
    "ces",
    "review",
    "product_quality",
    "service",
    "after_sales",
    "brand",
    "awareness",
    "price",
    "value_for_money",
    "relationship",
    "personalisation",
    "emotional_bond",
    "belonging",
    "values_fit",
    "trust",
    "knowledge",
)
_PURCHASE_CELLS = pa.schema(
    [("n_repeat_days", pa.int32()), ("recency_days", pa.int32()), ("age_days", pa.int32()), ("n_customers", pa.int64())]
)
_SPEND_CELLS = pa.schema([("n_repeat_days", pa.int32()), ("mean_repeat_amount", AMOUNT), ("n_customers", pa.int64())])
_HOLDOUT_CELLS = pa.schema(
    [
        ("window_name", pa.string()),
        ("cut_on", pa.date32()),
        ("holdout_days", pa.int32()),
        ("n_repeat_days", pa.int32()),
        ("recency_days", pa.int32()),
        ("age_days", pa.int32()),
        ("n_holdout_days", pa.int32()),
        ("n_customers", pa.int64()),
    ]
)
_HOLDOUT_WEEKS = pa.schema([("cut_on", pa.date32()), ("week_number", pa.int32()), ("n_purchase_days", pa.int64())])
_RETURN_CELLS = pa.schema(
    [
        ("curve_on", pa.date32()),
        ("horizon_days", pa.int32()),
        ("n_month_ends", pa.int32()),
        ("n_season_years", pa.int32()),
        ("row_name", pa.string()),
        ("band", pa.int32()),
        ("lower_gaps", pa.decimal128(9, 2)),
        ("n_customers", pa.int64()),
        ("n_returned", pa.int64()),
        ("n_season_customers", pa.int64()),
        ("n_season_returned", pa.int64()),
    ]
)
_CONTRACT_CELLS = pa.schema(
    [
        ("contract_kind", pa.string()),
        ("period_months", pa.int32()),
        ("cohort_on", pa.date32()),
        ("period_number", pa.int32()),
        ("n_started", pa.int64()),
        ("n_reached", pa.int64()),
        ("n_due", pa.int64()),
        ("n_renewed", pa.int64()),
    ]
)
_SUITABILITY_CELLS = pa.schema(
    [
        ("n_customers", pa.int64()),
        ("n_repeat_customers", pa.int64()),
        ("n_regularity_tested", pa.int64()),
        ("n_regular", pa.int64()),
        ("observed_days", pa.int32()),
        ("unobserved_days", pa.int32()),
        ("orders_period_days", pa.int32()),
    ]
)
_DRIVER_CELLS = pa.schema(
    [
        ("outcome", pa.string()),
        ("source", pa.string()),
        ("survey_id", pa.string()),
        ("outcome_score", pa.decimal128(9, 4)),
        ("n_responses", pa.int64()),
        *((construct, pa.decimal128(9, 4)) for construct in DRIVER_CONSTRUCTS),
    ]
)


def _of_days(cells: pa.Schema) -> pa.Schema:
    """The schema of cells at several days, with the number of all customers on each day."""
    return pa.schema([("observed_on", pa.date32()), *cells, ("n_population", pa.int64())])


#: The schema of each file of cells; suitability_cells has one row.
CELLS = {
    "purchase_cells": _PURCHASE_CELLS,
    "purchase_fit_cells": _of_days(_PURCHASE_CELLS),
    "spend_fit_cells": _of_days(_SPEND_CELLS),
    "holdout_cells": _HOLDOUT_CELLS,
    "holdout_week_cells": _HOLDOUT_WEEKS,
    "return_cells": _RETURN_CELLS,
    "contract_cells": _CONTRACT_CELLS,
    "suitability_cells": _SUITABILITY_CELLS,
    "driver_cells": _DRIVER_CELLS,
}
_HINT = "The cells are exported from the models int_*_cell: run the core models again."


def read_cells(exchange: Path, name: str) -> pa.Table:
    """`<name>.parquet` with its declared types; `name` is one of CELLS. A construct that was not answered is NULL.

    Raises:
        BuildError: The file is missing or unreadable, or a column is missing, has another type, or has NULLs.
    """
    return _read(exchange / f"{name}.parquet", CELLS[name], optional=DRIVER_CONSTRUCTS)


def cents(amounts: pa.ChunkedArray) -> NDArray[np.int64]:
    """DECIMAL(18,2) as whole cents, exactly."""
    whole = pc.multiply(amounts, pa.scalar(Decimal(100), pa.decimal128(3, 0)))
    return np.asarray(pc.cast(whole, pa.int64()).to_numpy(), dtype=np.int64)


def write(folder: Path, name: str, parts: Iterable[pa.Table]) -> int:
    """Write `<name>.parquet` from at least one part, atomically; only the owner can read it.

    Returns:
        The number of rows written.
    """
    rows = 0

    def write_parts(path: Path) -> None:
        nonlocal rows
        waiting = iter(parts)
        first = next(waiting)
        with pq.ParquetWriter(path, first.schema, compression="zstd") as writer:
            for part in chain((first,), waiting):
                writer.write_table(part)
                rows += part.num_rows

    write_durably(folder / f"{name}.parquet", write_parts, mode=0o600)
    return rows


def _read(path: Path, schema: pa.Schema, optional: Sequence[str] = ()) -> pa.Table:
    if not path.is_file():
        raise BuildError(f"{path} is missing", hint=_HINT)
    try:
        with pq.ParquetFile(path) as file:
            missing = [name for name in schema.names if name not in file.schema_arrow.names]
            if missing:
                raise BuildError(f"{path} lacks the columns {', '.join(missing)}", hint=_HINT)
            table = file.read(columns=schema.names)
    except pa.ArrowInvalid as error:
        raise BuildError(f"{path} cannot be read: {error}", hint=_HINT) from error
    try:
        table = table.select(schema.names).cast(schema)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
        raise BuildError(f"{path} contains values of another type: {error}", hint=_HINT) from error
    for name in schema.names:
        nulls = table.column(name).null_count
        if nulls and name not in optional:
            raise BuildError(f"{path} has {counted(nulls, 'row')} without {name}", hint=_HINT)
    return table
