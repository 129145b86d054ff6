"""Builds the dbt project on one local Spark session from a home's landed Parquet, with the Python steps between.

Run as `python -m tests.parity.spark_build --config C --as-of DAY --out O`, because a Spark session belongs to a
process. Marts are left as Parquet under `<out>/spark/warehouse/marts.db/`, what staging says of the rows beside it,
dbt's artifacts of the unit tests under `<out>/target/`.
"""

import argparse
import json
import os
import shutil
import sys
from datetime import date
from pathlib import Path

import duckdb
from dbt.cli.main import dbtRunner, dbtRunnerResult

from pipelines.config.secret_key import load_key
from pipelines.config.settings import load_settings, project_root
from pipelines.identity.decided import pseudonymised
from pipelines.identity.decisions import read_decisions
from pipelines.identity.history import write_history
from pipelines.identity.links import LINKS
from pipelines.identity.resolve import Limits, write_identity
from pipelines.runs.dbt_vars import compiled_vars, vars_text
from pipelines.runs.links import LINK_MODELS
from pipelines.runs.warehouse import CELLS
from pipelines.value import estimate, write_drivers
from tests.parity.relations import mart_views, staged_views


def _dbt(command: list[str], out: Path, variables: str) -> dbtRunnerResult:
    project = str(project_root() / "dbt_project")
    # fmt: off
    return dbtRunner().invoke([
        *command, "--target", "spark", "--vars", variables, "--project-dir", project, "--profiles-dir", project,
        "--target-path", str(out / "target"), "--log-path", str(out / "logs"),
    ])
    # fmt: on


def _build(tag: str, out: Path, variables: str) -> None:
    untested = [word for kind in ("test", "unit_test") for word in ("--exclude-resource-type", kind)]
    result = _dbt(["build", "--select", f"tag:{tag}", *untested, "--full-refresh"], out, variables)
    if not result.success:
        raise SystemExit(f"dbt build tag:{tag} failed on Spark: {result.exception or ''}")


def _export_links(out: Path) -> None:
    """From Spark's tables to the exchange, as a daily run does from the warehouse."""
    for file, model in LINK_MODELS.items():
        rows = out / "spark" / "warehouse" / "intermediate.db" / model / "*.parquet"
        duckdb.sql(f"copy (select * from read_parquet('{rows}')) to '{out / 'exchange' / file}' (format parquet)")


def _export_cells(out: Path) -> None:
    """From Spark's tables to the exchange, as a daily run does from the warehouse."""
    tables = out / "spark" / "warehouse" / "intermediate.db"
    for cells in (f"{kind}_cells" for kind in CELLS):
        source = tables / f"int_{cells.removesuffix('s')}" / "*.parquet"
        duckdb.sql(
            f"copy (select * from read_parquet('{source}') order by all) "
            f"to '{out / 'exchange' / cells}.parquet' (format parquet)"
        )


def main() -> None:
    """Parse the arguments and build."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    out: Path = options.out.resolve()
    settings = load_settings(options.config)
    exchange = out / "exchange"
    exchange.mkdir(parents=True)
    for name in ("identifiers", "pseudonyms", "accounts", "order_statuses", "channels", "settings"):
        shutil.copy(settings.paths.exchange / f"{name}.parquet", exchange)
    os.environ["LOYALTY_SPARK_DIR"] = str(out / "spark")
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    os.environ["SPARK_CONF_DIR"] = str(Path(__file__).with_name("spark_conf"))
    # Every query runs once, on few rows: Java's quick compiler and simple collector need half the processor time.
    # Its cache of compiled code has room for all queries: with less, Java cleans it all the time.
    os.environ["JAVA_TOOL_OPTIONS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ReservedCodeCacheSize=256m"
    # The worker's Python must be the driver's.
    os.environ["PYSPARK_PYTHON"] = sys.executable
    # Spark does not run in the folder of the warehouse
    folders = {"landing_dir": str(settings.paths.landing), "exchange_dir": str(exchange)}
    variables = vars_text({**compiled_vars(settings).all, "as_of": options.as_of.isoformat(), **folders})

    _build("ingest", out, variables)
    _build("identity", out, variables)
    key = load_key(settings.paths.key, settings.key_text)
    decisions = pseudonymised(read_decisions(settings.paths.decisions), key)
    _export_links(out)
    limits = Limits.of(settings.model.identity)
    write_identity(exchange / LINKS, exchange, decisions, limits)
    write_history(exchange, decisions, limits)
    _build("core", out, variables)
    _export_cells(out)
    estimate(exchange, options.as_of, settings.model)
    write_drivers(exchange)
    _build("marts", out, variables)
    # With the currency and the zone that they are written for, and not with the sample's. The results are read by the
    # tests: one that failed must not keep the marts from being compared.
    places = {
        "currency": "GBP",
        "timezone": "UTC",
        "landing_dir": str(settings.paths.landing),
        "exchange_dir": str(exchange),
    }
    _dbt(["test", "--select", "test_type:unit"], out, vars_text(places))

    from pyspark.sql import SparkSession  # here: importing it starts nothing, but only Spark's side needs it

    spark = SparkSession.builder.getOrCreate()
    manifest = json.loads((out / "target" / "manifest.json").read_text(encoding="utf-8"))
    for view in (*staged_views(manifest), *mart_views(manifest)):
        spark.sql(f"select * from {view}").coalesce(1).write.parquet(str(out / "views" / view))
    spark.stop()


if __name__ == "__main__":
    main()
