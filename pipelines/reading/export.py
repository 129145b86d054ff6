"""Writes a mart, or a part of it, to one file for people and their tools.

CSV and XLSX are opened in spreadsheets, so no text in them can run as a formula. Parquet and Arrow are read by
programs, so they have the rows as they are published.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.base import quoting
from pipelines.base.durable import write_durably
from pipelines.base.errors import ConfigError
from pipelines.base.spreadsheet import APOSTROPHE, FORMULA
from pipelines.publication import Reporting, parquet_options
from pipelines.reading.formats import Format
from pipelines.reading.selection import selected, table_named
from pipelines.reading.version import OpenVersion

_BATCH_ROWS = 100_000


@dataclass(frozen=True)
class Exported:
    """What a file has.

    Attributes:
        mart: The mart.
        version: The id of the version.
        rows: The number of rows.
        columns: The number of columns.
        formulas: How many texts look like a formula and were written so that no spreadsheet runs them.
        as_text: Columns of numbers or days that an Excel sheet would change, so they were written as text.
    """

    mart: str
    version: str
    rows: int
    columns: int
    formulas: int = 0
    as_text: tuple[str, ...] = ()


def export_mart(
    version: OpenVersion,
    mart: str,
    to: Path,
    kind: Format,
    *,
    columns: Sequence[str] | None = None,
    where: str | None = None,
) -> Exported:
    """Write rows of a mart, in the order of its key, to a file that only its owner can read.

    The file is written completely or not at all. An existing file is replaced.

    Args:
        version: The version to read.
        mart: The name of the mart.
        to: The file.
        kind: Its format. CSV is UTF-8 with a header; an unknown value is an empty field, an empty text is `""`.
        columns: The columns, in this order; None for all.
        where: A SQL condition on the columns of the mart; None for all rows.

    Raises:
        ConfigError: There is no such mart or column, the condition cannot be used, the format cannot hold the rows
            (nothing is written), or the file cannot be written.
        PublicationError: The version has been removed, or its files cannot be read.
    """
    table = table_named(version.manifest, mart)
    written: list[Exported] = []

    def write(staged: Path) -> None:
        with selected(version.folder, table, columns, where, writes_to=staged) as connection:
            kinds = {row[0]: row[1] for row in connection.execute("describe selected").fetchall()}
            rows = connection.view("selected").shape[0]
            formulas = 0
            as_text: tuple[str, ...] = ()
            if kind is Format.CSV:
                formulas = _write_csv(connection, kinds, staged)
            elif kind is Format.XLSX:
                from pipelines.reading.workbook import write_xlsx

                formulas, as_text = write_xlsx(connection, mart, kinds, rows, staged, version.manifest)
            elif kind is Format.PARQUET:
                options = parquet_options(version.reporting)
                connection.execute(f"copy selected to {quoting.path(staged)} ({options}, use_tmp_file false)")
            else:
                _write_arrow(connection, staged, version.reporting)
            written.append(Exported(mart, version.id, rows, len(kinds), formulas, as_text))

    try:
        write_durably(to, write, mode=0o600)
    except OSError as problem:
        raise ConfigError(f"{to} cannot be written: {problem.strerror}", hint="choose another file") from problem
    return written[0]


def _write_csv(connection: duckdb.DuckDBPyConnection, kinds: dict[str, str], staged: Path) -> int:
    """Write the view `selected` as CSV, and return how many texts got an apostrophe."""
    formulas = {
        name: f"regexp_matches({quoting.name(name)}, {quoting.text(FORMULA)})"
        for name, kind in kinds.items()
        if kind == "VARCHAR"
    }
    marked = ", ".join(
        f"case when {formula} then {quoting.text(APOSTROPHE)} || {quoting.name(name)} else {quoting.name(name)} end"
        f" as {quoting.name(name)}"
        for name, formula in formulas.items()
    )
    cells = f"* replace ({marked})" if marked else "*"
    # the temporary file of COPY would not have the permissions of ours
    connection.execute(
        f"copy (select {cells} from selected) to {quoting.path(staged)}"  # noqa: S608 (names are quoted)
        " (format csv, header, use_tmp_file false)"
    )
    if not formulas:
        return 0
    counts = " + ".join(f"count(*) filter ({formula})" for formula in formulas.values())
    ((found,),) = connection.execute(f"select {counts} from selected").fetchall()  # noqa: S608 (names are quoted)
    return int(found)


def _write_arrow(connection: duckdb.DuckDBPyConnection, staged: Path, reporting: Reporting | None) -> None:
    import pyarrow as pa

    reader = connection.view("selected").to_arrow_reader(_BATCH_ROWS)
    about = {"reporting_currency": reporting.currency, "timezone": reporting.timezone} if reporting else None
    with pa.OSFile(str(staged), "wb") as file, pa.ipc.new_file(file, reader.schema.with_metadata(about)) as writer:
        for batch in reader:
            writer.write_batch(batch)
